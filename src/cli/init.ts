import { Command, Option } from "commander";
import { presets, type PresetName } from "../model/presets.ts";
import { initModel } from "../weights/init-model.ts";
import type { CliContext } from "./context.ts";
import { integerOption } from "./option-values.ts";

interface InitOptions {
  readonly llm: string;
  readonly vit: string;
  readonly vae: string;
  readonly out: string;
  readonly preset?: PresetName;
  readonly name: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** `mogao init`: a model that begins with the weights of public checkpoints. */
export function initCommand(context: CliContext): Command {
  return new Command("init")
    .description("make a model to train from the weights of an LLM, a ViT and a VAE")
    .requiredOption("--llm <dir>", "a Qwen2.5 checkpoint: the text branch, and the visual branch's start")
    .requiredOption("--vit <dir>", "a Qwen2-VL checkpoint, for its vision transformer")
    .requiredOption("--vae <path>", "FLUX's ae.safetensors, or diffusers' folder of it")
    .requiredOption("--out <dir>", "the model folder to write")
    .addOption(new Option("--preset <name>", "sizes that the LLM must have").choices(Object.keys(presets)))
    .option("--name <name>", "the model's name", "mogao")
    .option("--seed <n>", "of what starts fresh", integerOption("--seed", 0, Number.MAX_SAFE_INTEGER), 0)
    .option("--json", "print the result as one JSON object")
    .addHelpText(
      "after",
      "\nExample:\n  mogao init --preset mogao-7b --llm Qwen2.5-3B --vit Qwen2-VL-2B --vae ae.safetensors --out mogao-7b",
    )
    .action(async (options: InitOptions) => {
      const result = await initModel(options);
      const share = ((100 * result.taken) / result.parameters).toFixed(1);
      context.stdout.write(
        options.json
          ? `${JSON.stringify({ ...result, out: options.out })}\n`
          : `${options.out}: ${result.parameters.toLocaleString("en")} parameters, ${share}% from the checkpoints, ${result.fresh.length} tensors fresh\n`,
      );
    });
}
