import { Command, Option } from "commander";
import { presets, type PresetName } from "../model/presets.ts";
import type { CheckpointKind } from "../weights/hub-files.ts";
import { initModel } from "../weights/init-model.ts";
import { checkpointPath, offlineHelp } from "./checkpoint-source.ts";
import type { CliContext } from "./context.ts";
import { setExamples } from "./help.ts";
import { integerOption } from "./option-values.ts";

interface InitOptions {
  readonly llm: string;
  readonly vit: string;
  readonly vae: string;
  readonly out: string;
  readonly preset?: PresetName;
  readonly name: string;
  readonly seed: number;
  readonly offline?: boolean;
  readonly json?: boolean;
}

/** `mogao init`: a model that begins with the weights of public checkpoints. */
export function initCommand(context: CliContext): Command {
  const command = new Command("init")
    .summary("make a model to train from the weights of an LLM, a ViT and a VAE")
    .description(
      "make a model to train from the weights of an LLM, a ViT and a VAE:\n" +
        "folders, or names on the Hugging Face hub, from where they are downloaded",
    )
    .requiredOption("--llm <from>", "a Qwen2.5 checkpoint, or a VL one: the text branch, and the visual branch's start")
    .requiredOption("--vit <from>", "a Qwen2-VL or Qwen2.5-VL checkpoint, for its vision transformer")
    .requiredOption("--vae <from>", "FLUX's ae.safetensors, or diffusers' folder of it")
    .requiredOption("--out <dir>", "the model folder to write")
    .addOption(new Option("--preset <name>", "sizes that the LLM must have").choices(Object.keys(presets)))
    .option("--name <name>", "the model's name", "mogao")
    .option("--seed <n>", "of what starts fresh", integerOption("--seed", 0, Number.MAX_SAFE_INTEGER), 0)
    .option("--offline", offlineHelp)
    .option("--json", "print the result as one JSON object")
    .action(async (options: InitOptions) => {
      const from = (given: string, kind: CheckpointKind) => checkpointPath(given, kind, options, context);
      const llm = await from(options.llm, "model");
      const vit = await from(options.vit, "model");
      const vae = await from(options.vae, "vae");
      const result = await initModel({ ...options, llm, vit, vae });
      const share = ((100 * result.taken) / result.parameters).toFixed(1);
      context.stdout.write(
        options.json
          ? `${JSON.stringify({ ...result, out: options.out })}\n`
          : `${options.out}: ${result.parameters.toLocaleString("en")} parameters, ${share}% from the checkpoints, ${result.fresh.length} tensors fresh\n`,
      );
    });
  setExamples(command, [
    "mogao init --llm Qwen2.5-3B --vit Qwen2-VL-2B --vae ae.safetensors --out mogao-7b",
    "mogao init --preset mogao-7b --llm Qwen/Qwen2.5-3B --vit Qwen/Qwen2-VL-2B-Instruct \\",
    "    --vae black-forest-labs/FLUX.1-schnell --out mogao-7b",
  ]);
  return command;
}
