import { mkdir } from "node:fs/promises";
import { Command, Option } from "commander";
import { exportRun } from "../train/export-run.ts";
import { readFluxVae } from "../weights/families/flux-vae.ts";
import { saveVae } from "../weights/vae-files.ts";
import type { CliContext } from "./context.ts";

interface ConvertOptions {
  readonly from: "run" | "flux-vae";
  readonly out: string;
  readonly name: string;
  readonly json?: boolean;
}

/** `mogao convert --from KIND PATH --out DIR`: makes a model folder of a run, or stores a public checkpoint as ours. */
export function convertCommand(context: CliContext): Command {
  return new Command("convert")
    .description("make a model folder of a run, or store a public checkpoint as ours")
    .argument("<path>", "what to convert: a run's folder; FLUX's ae.safetensors or diffusers' folder of it")
    .addOption(new Option("--from <kind>", "what it is").choices(["run", "flux-vae"]).default("run"))
    .requiredOption("--out <dir>", "the folder to write")
    .option("--name <name>", "the name of a run's model", "emoji-world")
    .option("--json", "print the result as one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  mogao convert runs/emoji-nano --out models/emoji-world\n  mogao convert --from flux-vae ae.safetensors --out flux-vae",
    )
    .action(async (path: string, options: ConvertOptions) => {
      const { json, text } = options.from === "run" ? await fromRun(path, options) : await fromFluxVae(path, options);
      context.stdout.write(
        options.json ? `${JSON.stringify({ ...json, out: options.out })}\n` : `${options.out}: ${text}\n`,
      );
    });
}

async function fromRun(path: string, { out, name }: ConvertOptions) {
  const result = await exportRun(path, out, name);
  return { json: result, text: `${result.checkpoint}, ${result.step} steps, ${result.samples} samples` };
}

async function fromFluxVae(path: string, { out }: ConvertOptions) {
  const vae = await readFluxVae(path);
  await mkdir(out, { recursive: true });
  await saveVae(out, vae);
  const parameters = [...vae.weights.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    json: { parameters, config: vae.config },
    text: `an autoencoder of ${parameters.toLocaleString("en")} parameters`,
  };
}
