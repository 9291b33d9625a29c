import { Command } from "commander";
import type { EvaluationState } from "../eval/world/evaluate.ts";
import { DEFAULT_JUDGE, JUDGES, type JudgeName } from "../eval/world/judge.ts";
import type { Device } from "../runtime/types.ts";
import { interruptible, type CliContext } from "./context.ts";
import { benchmarkCommands } from "./eval-benchmark.ts";
import { humanCommand } from "./eval-human.ts";
import { judgesCommand } from "./eval-judges.ts";
import { scoreCommand } from "./eval-score.ts";
import { tableCommand } from "./eval-table.ts";
import { checkFolders, loadOptions } from "./generation-options.ts";
import { setExamples } from "./help.ts";
import { choiceOption, integerOption, numberOption } from "./option-values.ts";
import { Progress } from "./progress.ts";

interface WorldArguments {
  readonly model?: string;
  readonly device?: Device;
  readonly suite?: string;
  readonly limit?: number;
  readonly concepts: "curated" | "all";
  readonly judge: JudgeName;
  readonly steps?: number;
  readonly guidance?: number;
  readonly imageGuidance?: number;
  readonly out?: string;
  readonly json?: true;
}

/** `mogao eval`: grades a model. */
export function evalCommand(context: CliContext): Command {
  const command = new Command("eval").summary("grade a model");
  const world = command
    .command("world")
    .summary("fixed prompts of Emoji World")
    .description(
      "Grades a model on fixed prompts of Emoji World. Goes on where an earlier run was stopped.\n" +
        "World-GenEval: single, two, counting, colour, relation, binding. Understanding: naming, pope, mme,\n" +
        "choice, vqa. Several pictures: edit, next, group, story. When to draw: draws-when-asked,\n" +
        "stops-after-drawing, does-not-draw-when-questioned. All with --concepts curated: about 10 minutes.",
    )
    .option("--model <DIR>", "folder of the model (default: the one included)")
    .option("--device <NAME>", "cpu, webgpu or cuda", choiceOption<Device>("--device", ["cpu", "webgpu", "cuda"]))
    .option("--suite <LIST>", "suites to run, with commas between (default: all)")
    .option("--limit <N>", "most items of a suite", integerOption("--limit", 1, 100_000))
    .option("--concepts <SET>", "what to ask for: curated, all", choiceOption("--concepts", ["curated", "all"]), "all")
    .option(
      "--judge <NAME>",
      `what looks at pictures: ${JUDGES.join(", ")}`,
      choiceOption("--judge", JUDGES),
      DEFAULT_JUDGE,
    )
    .option("--steps <N>", "denoising steps a picture", integerOption("--steps", 1, 1000))
    .option("--guidance <X>", "how strongly pictures follow the text", numberOption("--guidance", 0, 100))
    .option("--image-guidance <X>", "… follow earlier pictures", numberOption("--image-guidance", 0, 100))
    .option("--out <DIR>", "folder of results (default: runs/eval-world/WEIGHTS-SETTINGS)")
    .option("--json", "print the report as one JSON object")
    .action((values: WorldArguments) => evaluate(values, context));
  setExamples(world, [
    "mogao eval world",
    "mogao eval world --suite single,colour --limit 40",
    "mogao eval world --model runs/emoji-world/model --steps 20 --json",
  ]);
  for (const benchmark of benchmarkCommands(context)) command.addCommand(benchmark);
  command.addCommand(judgesCommand(context));
  command.addCommand(scoreCommand(context));
  command.addCommand(tableCommand(context));
  command.addCommand(humanCommand(context));
  return command;
}

async function evaluate(values: WorldArguments, context: CliContext): Promise<void> {
  // Loaded late: help and bad arguments should not wait for it.
  const { SUITES } = await import("../eval/world/item.ts");
  const { parseSuites } = await import("../eval/world/suites.ts");
  const { evaluateWorld } = await import("../eval/world/evaluate.ts");
  const { defaultModelFolder } = await import("../generate/load-folder.ts");
  const suites = values.suite === undefined ? SUITES : parseSuites(values.suite);
  await checkFolders({ ...values, out: values.out ?? "." });
  const progress = new Progress(context.stderr, { quiet: values.json === true });
  const { steps, guidance, imageGuidance, limit, out } = values;
  const outcome = await interruptible(context, (signal) =>
    evaluateWorld({
      suites,
      concepts: values.concepts,
      modelFolder: values.model ?? defaultModelFolder,
      load: () => {
        progress.update("loading the model");
        return context.load(loadOptions({ ...values, out: "" })).finally(() => progress.clear());
      },
      generate: {
        ...(steps !== undefined && { steps }),
        ...(guidance !== undefined && { guidance }),
        ...(imageGuidance !== undefined && { imageGuidance }),
      },
      ...(limit !== undefined && { limit }),
      judge: values.judge,
      ...(out !== undefined && { out }),
      signal,
      onProgress: (state) => progress.update(progressLine(state)),
    }).finally(() => progress.clear()),
  );
  const { report, markdown, folder, sheets, page } = outcome;
  if (values.json === true) context.stdout.write(`${JSON.stringify({ ...report, folder, sheets, page })}\n`);
  else context.stdout.write(`${markdown}\n${page}\n`);
}

function progressLine({ suite, items, results, reused }: EvaluationState): string {
  const done = results.length;
  const right = results.filter((result) => result.right).length;
  const each = results.reduce((sum, { seconds }) => sum + seconds, 0) / Math.max(1, done);
  const left = (items - Math.max(done, reused)) * each;
  const time = done === 0 ? "" : `  ${each.toFixed(1)} s an item  ${left.toFixed(0)} s left`;
  return `${suite} ${done}/${items}  right ${right}${time}`;
}
