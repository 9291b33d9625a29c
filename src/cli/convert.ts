import { mkdir } from "node:fs/promises";
import { Command, Option } from "commander";
import { exportRun } from "../train/export-run.ts";
import { readFluxVae } from "../weights/families/flux-vae.ts";
import { saveVae } from "../weights/vae-files.ts";
import { checkpointPath, offlineHelp } from "./checkpoint-source.ts";
import type { CliContext } from "./context.ts";
import { setExamples } from "./help.ts";

interface ConvertOptions {
  readonly from: "run" | "flux-vae";
  readonly out: string;
  readonly name: string;
  readonly offline?: boolean;
  readonly json?: boolean;
}

/** `mogao convert --from KIND PATH --out DIR`: makes a model folder of a run, or stores a public checkpoint as ours. */
export function convertCommand(context: CliContext): Command {
  const command = new Command("convert")
    .description("make a model folder of a run, or store a public checkpoint as ours")
    .argument("<path>", "a run's folder; or a checkpoint: its folder, its file, or its name on the hub")
    .addOption(new Option("--from <kind>", "what it is").choices(["run", "flux-vae"]).default("run"))
    .requiredOption("--out <dir>", "the folder to write")
    .option("--name <name>", "the name of a run's model", "emoji-world")
    .option("--offline", offlineHelp)
    .option("--json", "print the result as one JSON object")
    .action(async (path: string, options: ConvertOptions) => {
      const { json, text } =
        options.from === "run"
          ? await fromRun(path, options)
          : await fromFluxVae(await checkpointPath(path, "vae", options, context), options);
      context.stdout.write(
        options.json ? `${JSON.stringify({ ...json, out: options.out })}\n` : `${options.out}: ${text}\n`,
      );
    });
  setExamples(command, [
    "mogao convert runs/emoji-nano --out models/emoji-world",
    "mogao convert --from flux-vae ae.safetensors --out flux-vae",
    "mogao convert --from flux-vae black-forest-labs/FLUX.1-schnell --out flux-vae",
  ]);
  return command;
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
