import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Command, Option } from "commander";
import { InputError } from "../core/errors.ts";
import { exportRun } from "../train/export-run.ts";
import { convertModel, publicModels, type PublicFamily } from "../weights/convert-model.ts";
import { readFluxVae } from "../weights/families/flux-vae.ts";
import { parseQuantization, type ModelQuantization } from "../weights/quantization.ts";
import { quantizeModel, type QuantizationErrors } from "../weights/quantize-model.ts";
import { readWanVae } from "../weights/families/wan-vae.ts";
import { saveVae, type StoredVae } from "../weights/vae-files.ts";
import { convertVit } from "../weights/vit-files.ts";
import { checkpointPath, offlineHelp } from "./checkpoint-source.ts";
import { interruptible, type CliContext } from "./context.ts";
import { errorTable, outputErrorTable } from "./error-table.ts";
import { setExamples } from "./help.ts";
import { Progress } from "./progress.ts";

/** Autoencoders that stand alone. */
const autoencoders = { "flux-vae": readFluxVae, "wan2.2-vae": readWanVae };

interface ConvertOptions {
  readonly from?: "run" | "model" | "qwen2-vl" | PublicFamily | keyof typeof autoencoders;
  readonly quantize?: string;
  readonly out: string;
  readonly name?: string;
  readonly offline?: boolean;
  readonly json?: boolean;
}

/**
 * `mogao convert --from KIND PATH --out DIR`: makes a model folder of a run, stores a public checkpoint as ours, or quantises a
 * model, in its folder or its checkpoint.
 */
export function convertCommand(context: CliContext): Command {
  const command = new Command("convert")
    .summary("make a model folder of a run or a checkpoint, or quantise a model")
    .description("make a model folder of a run, store a public checkpoint as ours, or quantise a model")
    .argument("<path>", "the folder of a run or a model; or a checkpoint: its folder, its file, or its name on the hub")
    .addOption(
      new Option("--from <kind>", "what it is; default: run, or model to quantise").choices([
        "run",
        ...Object.keys(publicModels),
        "model",
        "qwen2-vl",
        ...Object.keys(autoencoders),
      ]),
    )
    .option("--quantize <formats>", "int8, int4 or float; by part and block: int4,visual=int8,text=int4:128")
    .requiredOption("--out <dir>", "the folder to write")
    .option("--name <name>", "the model's name (default: emoji-world of a run, else the family's)")
    .option("--offline", offlineHelp)
    .option("--json", "print the result as one JSON object")
    .action(async (path: string, options: ConvertOptions) => {
      const { json, text } = await convert(context, path, options);
      context.stdout.write(
        options.json ? `${JSON.stringify({ ...json, out: options.out })}\n` : `${options.out}: ${text}\n`,
      );
    });
  setExamples(command, [
    "mogao convert runs/emoji-nano --out models/emoji-world",
    "mogao convert --from bagel BAGEL-7B-MoT --out bagel",
    "mogao convert --from lance Lance --out lance",
    "mogao convert --from qwen2.5 Qwen/Qwen2.5-0.5B-Instruct --out qwen2.5-0.5b",
    "mogao convert --from flux-vae black-forest-labs/FLUX.1-schnell --out flux-vae",
    "mogao convert --quantize int4,visual=int8 my-model --out my-model-4bit",
    "mogao convert --from bagel BAGEL-7B-MoT --quantize int4,visual=int8 --out bagel-4bit",
  ]);
  return command;
}

async function convert(context: CliContext, path: string, options: ConvertOptions) {
  const { quantize } = options;
  const from = options.from ?? (quantize === undefined ? "run" : "model");
  // Before a download that takes long.
  const quantization = quantize === undefined ? undefined : parseQuantization(quantize);
  if (from === "model") {
    if (!quantization) throw new InputError("convert: --from model: expected --quantize, found none");
    return fromModel(context, path, options.out, quantization);
  }
  if (quantization && !(from in publicModels))
    throw new InputError(
      `convert: --quantize takes a model folder or --from ${Object.keys(publicModels).join(", ")}, no ${from}: convert it first, without it`,
    );
  if (from === "run") return fromRun(path, options);
  if (from in publicModels) {
    const family = from as PublicFamily;
    return fromPublicModel(
      context,
      family,
      await checkpointPath(path, "model", options, context),
      options,
      quantization,
    );
  }
  if (from === "qwen2-vl") return fromQwen2Vl(await checkpointPath(path, "model", options, context), options);
  const read = autoencoders[from as keyof typeof autoencoders];
  return fromAutoencoder(await checkpointPath(path, "vae", options, context), options, read);
}

async function fromPublicModel(
  context: CliContext,
  family: PublicFamily,
  folder: string,
  { out, name = family }: ConvertOptions,
  quantization: ModelQuantization | undefined,
) {
  const progress = new Progress(context.stderr);
  const onTensor = (done: number, total: number, tensor: string) =>
    progress.update(`${done} of ${total} tensors: ${tensor}`);
  const result = await interruptible(context, (signal) =>
    convertModel({ family, folder, out, name, quantization, onTensor, onPart: comparing(progress), signal }),
  ).finally(() => progress.clear());
  const { parameters, errors } = result;
  const count = `${parameters.toLocaleString("en")} parameters`;
  if (!errors) return { json: { parameters }, text: count };
  const { json, text } = await quantized(out, errors);
  return { json: { parameters, ...json }, text: `${count}, ${text}` };
}

async function fromModel(context: CliContext, path: string, out: string, quantization: ModelQuantization) {
  const progress = new Progress(context.stderr);
  const errors = await interruptible(context, (signal) =>
    quantizeModel({
      model: path,
      out,
      quantization,
      onTensor: (done, total, name) => progress.update(`${done} of ${total} tensors: ${name}`),
      onPart: comparing(progress),
      signal,
    }),
  ).finally(() => progress.clear());
  return quantized(out, errors);
}

const comparing = (progress: Progress) => (done: number, total: number) =>
  progress.update(`comparing with the floats: part ${done + 1} of ${total}`);

/** What is told of a folder with quantised weights. */
async function quantized(out: string, errors: QuantizationErrors) {
  const bytes = (await stat(join(out, "model.safetensors"))).size;
  const tables = [errorTable(errors.matrices), outputErrorTable(errors.outputs)];
  return { json: { bytes, ...errors }, text: `${(bytes / 1e6).toFixed(1)} MB of weights\n${tables.join("\n\n")}` };
}

async function fromRun(path: string, { out, name = "emoji-world" }: ConvertOptions) {
  const result = await exportRun(path, out, name);
  return { json: result, text: `${result.checkpoint}, ${result.step} steps, ${result.samples} samples` };
}

/** Of a Qwen2-VL or Qwen2.5-VL checkpoint its vision transformer: a model of ours always has an autoencoder, too. */
async function fromQwen2Vl(path: string, { out }: ConvertOptions) {
  const result = await convertVit(path, out);
  const count = result.parameters.toLocaleString("en");
  return {
    json: result,
    text: `a vision transformer of ${count} parameters; the language model of the checkpoint is not taken`,
  };
}

async function fromAutoencoder(path: string, { out }: ConvertOptions, read: (path: string) => Promise<StoredVae>) {
  const vae = await read(path);
  await mkdir(out, { recursive: true });
  await saveVae(out, vae);
  const parameters = [...vae.weights.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    json: { parameters, config: vae.config },
    text: `an autoencoder of ${parameters.toLocaleString("en")} parameters`,
  };
}
