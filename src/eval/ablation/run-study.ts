import { join } from "node:path";
import { writeBytesAtomic, writeJsonAtomic } from "../../core/atomic-file.ts";
import { InputError } from "../../core/errors.ts";
import { readJsonIfPresent } from "../../core/json-file.ts";
import type { Mogao } from "../../generate/types.ts";
import { summarize, type ModelSummary } from "../../model/inspect.ts";
import type { Runtime } from "../../runtime/types.ts";
import { latestCheckpoint, readProgress } from "../../train/checkpoint.ts";
import { loadTrainingConfig, type ResolvedTraining } from "../../train/config.ts";
import { exportRun } from "../../train/export-run.ts";
import { train } from "../../train/loop.ts";
import type { Reporter } from "../../train/reporter.ts";
import type { WorldTaskSettings } from "../../train/world-task.ts";
import { claimFolder } from "../results-folder.ts";
import { evaluateWorld, type EvaluationState } from "../world/evaluate.ts";
import { openWorldEye, STUDY_JUDGE, type WorldEye } from "../world/world-eye.ts";
import type { Report } from "../world/report.ts";
import { curveChart } from "./curve-chart.ts";
import { bandOf, flowLosses, lossesBelow, type Band } from "./curves.ts";
import { heldOutLosses, type HeldOutLosses } from "./held-out-loss.ts";
import type { Study, Variant } from "./studies.ts";
import { studyMarkdown, studyRows, type StudyRow } from "./study-table.ts";

export interface StudyOptions {
  readonly study: Study;
  /** Ids of variants; default: all. */
  readonly only?: readonly string[];
  /** Runs of each variant, with the seeds 0, 1, … */
  readonly seeds: number;
  /** File of the config that all variants change. */
  readonly config: string;
  /** Default: the config's. */
  readonly steps?: number;
  /** Most items of a suite. */
  readonly limit: number;
  readonly out: string;
  readonly runtime: Runtime;
  readonly load: (folder: string) => Promise<Mogao>;
  /** A new one for each run. */
  readonly reporter?: () => Reporter;
  readonly onEvaluation?: (state: EvaluationState) => void;
  readonly signal: AbortSignal;
}

/** What one training run gave. */
export interface StudyRun {
  readonly variant: string;
  readonly seed: number;
  readonly samples: number;
  /** Of training. */
  readonly seconds: number;
  /** Of the averaged weights at the end. */
  readonly losses: HeldOutLosses;
  readonly report: Report;
}

export interface StudyResult {
  readonly title: string;
  readonly note: string;
  readonly steps: number;
  readonly seeds: number;
  readonly rows: readonly StudyRow[];
  readonly runs: readonly StudyRun[];
  readonly curves: readonly VariantCurve[];
  /** The source of samples whose steps the curves are of: the config's first. */
  readonly curveSource: string;
}

export interface VariantCurve {
  readonly variant: string;
  readonly label: string;
  readonly band: Band;
  /** How much less than the first variant, paired by seed and step; null of the first itself. */
  readonly gain: Band | null;
}

/**
 * Trains every variant with every seed, measures and grades it. After each seed `results.json`, `table.md`, `flow.svg` and
 * `flow.json` in the folder are those of all seeds so far: a seed comes to all variants before the next one, so that a study that
 * is stopped early compares. What was done is kept: runs go on from their checkpoints, gradings from their items.
 * @throws InputError for unknown variants, and where the folder holds another study
 */
export async function runStudy(options: StudyOptions): Promise<StudyResult> {
  const { study, seeds, out, signal } = options;
  const variants = chosenVariants(study, options.only);
  const configs = new Map<string, ResolvedTraining>();
  for (const variant of variants) configs.set(variant.id, await variantConfig(variant, 0, options));
  const { train: first, task } = configs.get(variants[0]!.id)!;
  const { steps } = first;
  const curveSource = (task as WorldTaskSettings).sources[0]!.name;
  await claimFolder(out, { study: study.title, config: options.config, steps, limit: options.limit });
  const eye = await openWorldEye(STUDY_JUDGE);
  const models = new Map<string, ModelSummary>(
    variants.map(({ id }) => [id, summarize((configs.get(id)!.task as WorldTaskSettings).model)]),
  );
  const runs: StudyRun[] = [];
  let result: StudyResult | undefined;
  for (let seed = 0; seed < seeds; seed++) {
    for (const variant of variants) {
      signal.throwIfAborted();
      runs.push(await runVariant(variant, seed, options, eye));
    }
    const { title, note } = study;
    const rows = studyRows(variants, runs, models);
    const curves = await curvesOf(variants, seed + 1, steps, out, curveSource);
    result = { title, note, steps, seeds: seed + 1, rows, runs, curves, curveSource };
    await writeResult(out, result);
  }
  return result!;
}

/** Flow losses of the steps of one source. */
async function curvesOf(
  variants: readonly Variant[],
  seeds: number,
  steps: number,
  out: string,
  source: string,
): Promise<VariantCurve[]> {
  const losses = await Promise.all(
    variants.map(({ id }) =>
      Promise.all(Array.from({ length: seeds }, (_, seed) => flowLosses(runFolder(out, id, seed), source))),
    ),
  );
  const [first] = losses;
  return variants.map(({ id, label }, i) => {
    const own = losses[i]!;
    const below = own.map((seed, number) => lossesBelow(seed, first![number]!));
    return { variant: id, label, band: bandOf(own, steps), gain: i === 0 ? null : bandOf(below, steps) };
  });
}

async function writeResult(out: string, result: StudyResult): Promise<void> {
  const { title, steps, curves, curveSource } = result;
  const named = curves.map(({ variant, label, ...curve }) => ({ ...curve, label: `${variant}: ${label}` }));
  await writeJsonAtomic(join(out, "results.json"), result);
  await writeBytesAtomic(join(out, "table.md"), studyMarkdown(result));
  await writeJsonAtomic(join(out, "flow.json"), curves);
  await writeBytesAtomic(
    join(out, "flow.svg"),
    curveChart(title, steps, [
      { axis: `flow loss, "${curveSource}"`, curves: named },
      {
        axis: `flow loss below that of ${curves[0]!.variant}`,
        curves: named.flatMap(({ label, gain }) => (gain ? [{ label, band: gain }] : [])),
      },
    ]),
  );
}

function chosenVariants(study: Study, only: readonly string[] | undefined): readonly Variant[] {
  if (!only) return study.variants;
  const ids = study.variants.map(({ id }) => id);
  const unknown = only.find((id) => !ids.includes(id));
  if (unknown !== undefined)
    throw new InputError(`--only: expected names among ${ids.join(", ")}, found ${JSON.stringify(unknown)}`);
  return study.variants.filter(({ id }) => only.includes(id));
}

function variantConfig(variant: Variant, seed: number, { config, steps }: StudyOptions): Promise<ResolvedTraining> {
  return loadTrainingConfig(config, [
    ...variant.settings,
    `train.seed=${seed}`,
    ...(steps === undefined ? [] : [`train.steps=${steps}`]),
  ]);
}

function runFolder(out: string, variant: string, seed: number): string {
  return join(out, variant, `seed-${seed}`);
}

async function runVariant(variant: Variant, seed: number, options: StudyOptions, eye: WorldEye): Promise<StudyRun> {
  const { study, out, runtime, signal } = options;
  const reporter = options.reporter?.();
  const config = await variantConfig(variant, seed, options);
  const folder = runFolder(out, variant.id, seed);
  reporter?.note?.(`${variant.id} (${variant.label}), seed ${seed}, in ${folder}`);
  const { steps } = config.train;
  const newest = await latestCheckpoint(folder);
  if (newest === undefined || (await readProgress(newest)).step < steps) {
    const task = await config.createTask({ runtime, seed, outDir: folder });
    const { finished } = await train(task, {
      ...config.train,
      runtime,
      outDir: folder,
      resume: true,
      identity: config.task,
      ...(reporter && { reporter }),
      signal,
    });
    if (!finished) signal.throwIfAborted();
  }
  const progress = await readProgress((await latestCheckpoint(folder))!);
  const settings = config.task as WorldTaskSettings;
  const losses = await measuredLosses(folder, () => heldOutLosses(runtime, settings, folder, signal));
  const modelFolder = join(folder, "model");
  await exportRun(folder, modelFolder, `${study.title}: ${variant.id}, seed ${seed}`);
  const { concepts, styles } = settings.sources[0]!.world;
  const { report } = await evaluateWorld({
    suites: study.suites,
    limit: options.limit,
    concepts: concepts ?? "all",
    ...(styles && { styles }),
    imageSize: settings.imageSide,
    modelFolder,
    load: () => options.load(modelFolder),
    generate: {},
    eye,
    out: join(folder, "world"),
    signal,
    ...(options.onEvaluation && { onProgress: options.onEvaluation }),
  });
  return {
    variant: variant.id,
    seed,
    samples: progress.samples,
    seconds: Math.round(progress.seconds),
    losses,
    report,
  };
}

/** Measured once, then read. */
async function measuredLosses(folder: string, measure: () => Promise<HeldOutLosses>): Promise<HeldOutLosses> {
  const path = join(folder, "held-out.json");
  const known = (await readJsonIfPresent(path)) as HeldOutLosses | undefined;
  if (known) return known;
  const losses = await measure();
  await writeJsonAtomic(path, losses);
  return losses;
}
