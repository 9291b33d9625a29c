import { Command, Option } from "commander";
import { InputError } from "../core/errors.ts";
import { summarize } from "../model/inspect.ts";
import { presets, type PresetName } from "../model/presets.ts";
import { loadModelConfig } from "../weights/model-folder.ts";
import type { CliContext } from "./context.ts";

/** `mogao inspect`: what a preset or a model folder is made of. */
export function inspectCommand(context: CliContext): Command {
  return new Command("inspect")
    .description("print the size of a preset or of a model")
    .addOption(new Option("--preset <name>", "a named configuration").choices(Object.keys(presets)))
    .option("--model <dir>", "a model folder")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  mogao inspect --preset mogao-7b\n  mogao inspect --model models/emoji-world --json",
    )
    .action(async (options: { preset?: PresetName; model?: string; json?: boolean }) => {
      if ((options.preset === undefined) === (options.model === undefined))
        throw new InputError("inspect: expected either --preset or --model");
      const config = options.preset ? presets[options.preset] : (await loadModelConfig(options.model!)).model;
      const { parameters, activePerToken, groups } = summarize(config);
      const name = options.preset ?? options.model!;
      if (options.json) {
        const result = { preset: name, parameters, active_per_token: activePerToken, groups };
        context.stdout.write(`${JSON.stringify(result)}\n`);
        return;
      }
      const line = (label: string, count: number) =>
        `  ${label.padEnd(18)}${count.toLocaleString("en").padStart(16)}\n`;
      context.stdout.write(`${name}\n${line("parameters", parameters)}${line("active per token", activePerToken)}`);
      for (const [group, count] of Object.entries(groups)) context.stdout.write(line(`· ${group}`, count));
    });
}
