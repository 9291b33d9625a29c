import { Command } from "commander";
import { expectInput } from "../core/errors.ts";
import type { Score } from "../eval/benchmarks/benchmark.ts";
import type { CliContext } from "./context.ts";
import { setExamples } from "./help.ts";

interface ScoreArguments {
  readonly answers: string;
  readonly questions?: string;
  readonly protocol?: string;
  readonly json?: true;
}

/** `mogao eval score`: files that any system wrote become the official scorer's numbers. */
export function scoreCommand(context: CliContext): Command {
  const command = new Command("score")
    .summary("official scores of answers that any system wrote")
    .description(
      "Scores answers or judgments that any system wrote, as the official scorer does.\n" +
        "Benchmarks: pope, mme, mmbench, seedbench, gqa, mmmu, geneval, dpgbench, genaibench.\n" +
        "docs/evaluation.md says which files each one reads and what the protocols change.",
    )
    .argument("<BENCHMARK>")
    .requiredOption("--answers <PATH>", "file or folder in the form that the official scorer reads")
    .option("--questions <PATH>", "the benchmark's own questions, where the answers lack them")
    .option("--protocol <NAME>", "official (default), fixed, vanilla, human, bagel, lmms_eval, vlmevalkit")
    .option("--json", "print one JSON object")
    .action((name: string, values: ScoreArguments) => score(name, values, context));
  setExamples(command, [
    "mogao eval score pope --answers answers/ --questions coco/",
    "mogao eval score mme --answers Your_Results --json",
    "mogao eval score gqa --answers merge.jsonl --questions testdev_balanced_questions.json",
  ]);
  return command;
}

async function score(name: string, values: ScoreArguments, context: CliContext): Promise<void> {
  // Loaded late: help and bad arguments should not wait for it.
  const { findBenchmark, scoreFiles } = await import("../eval/benchmarks/registry.ts");
  const { answers, questions, protocol = "official", json } = values;
  expectInput(answers !== "", "--answers: expected a file or a folder, found nothing");
  const { report, printed } = await scoreFiles(
    findBenchmark(name),
    { answers, ...(questions !== undefined && { questions }) },
    protocol,
  );
  if (json) {
    context.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const { items, missing, failed, scorer, notes } = report;
  context.stdout.write(printed ?? scoreLines(report.scores).join(""));
  context.stderr.write(`${scorer}, protocol ${protocol}: ${items} items, ${missing} missing, ${failed} failed\n`);
  for (const note of notes) context.stderr.write(`note: ${note}\n`);
}

/** One score a line: "overall  0.7667", scores within scores as "splits.random.f1". */
function scoreLines(scores: Readonly<Record<string, Score>>, prefix = ""): string[] {
  return Object.entries(scores).flatMap(([name, value]) =>
    typeof value === "object" && value !== null
      ? scoreLines(value, `${prefix}${name}.`)
      : [`${prefix}${name}\t${value ?? "undefined"}\n`],
  );
}
