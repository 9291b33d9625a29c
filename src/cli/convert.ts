import { Command, Option } from "commander";
import { exportRun } from "../train/export-run.ts";
import type { CliContext } from "./context.ts";

/** `mogao convert --from run DIR --out DIR`: makes a model folder. */
export function convertCommand(context: CliContext): Command {
  return new Command("convert")
    .description("make a model folder")
    .argument("<dir>", "what to convert: the folder of a run")
    .addOption(new Option("--from <kind>", "what it is").choices(["run"]).default("run"))
    .requiredOption("--out <dir>", "the model folder to write")
    .option("--name <name>", "the model's name", "emoji-world")
    .option("--json", "print the result as one JSON object")
    .addHelpText("after", "\nExample:\n  mogao convert --from run runs/emoji-nano --out models/emoji-world")
    .action(async (run: string, options: { out: string; name: string; json?: boolean }) => {
      const result = await exportRun(run, options.out, options.name);
      context.stdout.write(
        options.json
          ? `${JSON.stringify({ ...result, out: options.out })}\n`
          : `${options.out}: ${result.checkpoint}, ${result.step} steps, ${result.samples} samples\n`,
      );
    });
}
