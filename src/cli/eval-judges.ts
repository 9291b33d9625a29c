import { Command } from "commander";
import { join } from "node:path";
import { interruptible, type CliContext } from "./context.ts";
import { checkFolders } from "./generation-options.ts";
import { setExamples } from "./help.ts";
import { choiceOption, integerOption } from "./option-values.ts";
import { Progress } from "./progress.ts";

interface JudgesArguments {
  readonly model?: string;
  readonly limit: number;
  readonly concepts: "curated" | "all";
  readonly results?: string;
  readonly out: string;
  readonly json?: true;
}

const DEFAULT_LIMIT = 48;

/** `mogao eval judges`: how good the judges of Emoji World are. */
export function judgesCommand(context: CliContext): Command {
  const command = new Command("judges")
    .summary("the judges of Emoji World, beside each other")
    .description(
      "Measures the judges of `mogao eval world`: on right pictures, sharp, blurred, noisy and after the\n" +
        "autoencoder; on impostors, which have a thing's colours and are none; and with --results on what\n" +
        "a model drew, with a page of the drawings on which they differ.",
    )
    .option("--model <DIR>", "folder of the autoencoder's model (default: the one included)")
    .option("--limit <N>", "most items of a suite and of a kind", integerOption("--limit", 1, 100_000), DEFAULT_LIMIT)
    .option("--concepts <SET>", "curated or all", choiceOption("--concepts", ["curated", "all"]), "curated")
    .option("--results <DIR>", "results of mogao eval world, whose drawings are judged")
    .option("--out <DIR>", "folder for judges.md, .json and .html", join("runs", "eval-judges"))
    .option("--json", "print one JSON object")
    .action((values: JudgesArguments) => compare(values, context));
  setExamples(command, ["mogao eval judges", "mogao eval judges --limit 200 --results runs/eval-world/first"]);
  return command;
}

async function compare(values: JudgesArguments, context: CliContext): Promise<void> {
  // Loaded late: help and bad arguments should not wait for it.
  const { compareJudges } = await import("../eval/world/judges/compare.ts");
  const { defaultModelFolder } = await import("../generate/load-folder.ts");
  await checkFolders(values);
  const progress = new Progress(context.stderr, { quiet: values.json === true });
  const { markdown, ...found } = await interruptible(context, (signal) =>
    compareJudges({
      ...values,
      modelFolder: values.model ?? defaultModelFolder,
      signal,
      onProgress: (what) => progress.update(what),
    }).finally(() => progress.clear()),
  );
  context.stdout.write(values.json === true ? `${JSON.stringify(found)}\n` : `${markdown}\n`);
}
