import { join } from "node:path";
import { Command } from "commander";
import { expectInput } from "../core/errors.ts";
import type { Mogao } from "../generate/types.ts";
import type { Runtime } from "../runtime/types.ts";
import { Interrupted, type CliContext } from "./context.ts";
import { gracefulStop } from "./graceful-stop.ts";
import { setExamples } from "./help.ts";
import { choiceOption, integerOption } from "./option-values.ts";
import { Progress } from "./progress.ts";
import { trainProgress } from "./train-progress.ts";

const STUDY_NAMES = ["architecture", "teacher-forcing", "lambda", "dropout", "guidance"] as const;

interface AblateArguments {
  readonly out: string;
  readonly study: (typeof STUDY_NAMES)[number];
  readonly only?: string;
  readonly seeds: number;
  readonly steps?: number;
  readonly config: string;
  readonly limit: number;
  readonly model?: string;
  readonly threads?: number;
  readonly json?: true;
}

/** `mogao ablate`: trains models that differ in one thing, and compares them. */
export function ablateCommand(context: CliContext): Command {
  const command = new Command("ablate")
    .summary("train models that differ in one thing, and compare them")
    .description(
      "Trains the variants of a study on the same data, measures their losses on held-out samples and\n" +
        "grades them in Emoji World. Writes table.md, flow.svg (curves over seeds) and results.json after\n" +
        "each seed. Goes on where it was stopped, exactly.\n" +
        "architecture: A-D of Table 5. teacher-forcing: all drawn images, or the last. lambda: weight of\n" +
        "text. dropout: of conditions. guidance: no training, a grid of γ and γ_img for --model.",
    )
    .requiredOption("--out <DIR>", "folder of the study")
    .option("--study <NAME>", "which study", choiceOption("--study", STUDY_NAMES), "architecture")
    .option("--only <LIST>", "variants to train, with commas between (default: all)")
    .option("--seeds <N>", "runs of each variant", integerOption("--seeds", 1, 1000), 3)
    .option(
      "--steps <N>",
      "steps of each run (default: the config's); of denoising for guidance",
      integerOption("--steps", 1, 1e9),
    ) // prettier-ignore
    .option("--config <FILE>", "config that all variants change", join("configs", "emoji-ablation.ts"))
    .option("--limit <N>", "most items of a suite of Emoji World", integerOption("--limit", 1, 100_000), 100)
    .option("--model <DIR>", "for guidance: folder of the model (default: the one included)")
    .option("--threads <N>", "of the engine", integerOption("--threads", 1, 4096))
    .option("--json", "print the results as one JSON object")
    .action((values: AblateArguments) => ablate(values, context));
  setExamples(command, [
    "mogao ablate --out runs/table-5",
    "mogao ablate --out runs/ectf --study teacher-forcing",
    "mogao ablate --out runs/guidance --study guidance --limit 50",
  ]);
  return command;
}

async function ablate(values: AblateArguments, context: CliContext): Promise<void> {
  const stop = gracefulStop(context);
  try {
    const printed = values.study === "guidance" ? guidance(values, context, stop.signal) : trained(values, context, stop.signal); // prettier-ignore
    context.stdout.write(await printed);
  } catch (error) {
    throw stop.signal.aborted ? new Interrupted() : error;
  } finally {
    stop.release();
  }
}

async function trained(values: AblateArguments, context: CliContext, signal: AbortSignal): Promise<string> {
  // Loaded late: help and bad arguments should not wait for it.
  const { STUDIES } = await import("../eval/ablation/studies.ts");
  const { runStudy } = await import("../eval/ablation/run-study.ts");
  const { studyMarkdown } = await import("../eval/ablation/study-table.ts");
  const { openRuntime } = await import("../runtime/open-runtime.ts");
  const runtime: Runtime = await openRuntime({ ...(values.threads !== undefined && { threads: values.threads }) });
  const progress = new Progress(context.stderr);
  const only = values.only?.split(",").map((id) => id.trim());
  const result = await runStudy({
    study: STUDIES[values.study as keyof typeof STUDIES],
    ...(only && { only }),
    seeds: values.seeds,
    ...(values.steps !== undefined && { steps: values.steps }),
    config: values.config,
    limit: values.limit,
    out: values.out,
    runtime,
    load: (model): Promise<Mogao> => context.load({ model }),
    reporter: () => trainProgress(context.stderr),
    onEvaluation: ({ suite, items, results }) => progress.update(`${suite} ${results.length}/${items}`),
    signal,
  }).finally(() => progress.clear());
  return values.json ? `${JSON.stringify(result)}\n` : `${studyMarkdown(result)}\n${join(values.out, "flow.svg")}\n`;
}

async function guidance(values: AblateArguments, context: CliContext, signal: AbortSignal): Promise<string> {
  const { runGuidanceStudy, guidanceMarkdown } = await import("../eval/ablation/guidance-study.ts");
  const { defaultModelFolder } = await import("../generate/load-folder.ts");
  expectInput(values.only === undefined, "--only: expected no variants with --study guidance, which trains none");
  const modelFolder = values.model ?? defaultModelFolder;
  const progress = new Progress(context.stderr);
  const rows = await runGuidanceStudy({
    modelFolder,
    load: () => context.load({ model: modelFolder }),
    limit: values.limit,
    ...(values.steps !== undefined && { steps: values.steps }),
    out: values.out,
    onProgress: (cell, { suite, items, results }) =>
      progress.update(`γ ${cell.guidance}, γ_img ${cell.imageGuidance}: ${suite} ${results.length}/${items}`),
    signal,
  }).finally(() => progress.clear());
  return values.json ? `${JSON.stringify(rows)}\n` : guidanceMarkdown(rows);
}
