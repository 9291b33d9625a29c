import { join } from "node:path";
import { InputError, MogaoError } from "../core/errors.ts";
import { initializeParameters, type ParameterValues } from "../nn/parameters.ts";
import type { Runtime } from "../runtime/types.ts";
import {
  latestCheckpoint,
  loadCheckpoint,
  readProgress,
  requireSameIdentity,
  saveCheckpoint,
  type RunProgress,
} from "./checkpoint.ts";
import { flatViews } from "./flat-buffers.ts";
import { GradientProgram } from "./gradient-program.ts";
import { initializeFrom } from "./init-from.ts";
import { MetricsLog } from "./metrics-log.ts";
import { Observation } from "./observation.ts";
import { Optimizer } from "./optimizer/optimizer.ts";
import type { OptimizerOptions, OptimizerPlan } from "./optimizer/plan.ts";
import type { Reporter } from "./reporter.ts";
import { checkSchedule, learningRate, type Schedule } from "./schedule.ts";
import type { TrainingBatch, TrainingTask } from "./task.ts";

export interface TrainOptions {
  readonly runtime: Runtime;
  /** Folder of the run: checkpoints, metrics.jsonl, reports. */
  readonly outDir: string;
  /** Steps in all, those before a resumption included. */
  readonly steps: number;
  /** Of the fresh weights. */
  readonly seed: number;
  readonly schedule: Schedule;
  readonly optimizer?: OptimizerOptions | undefined;
  /** Minutes between checkpoints; default 10. One more is written at the end and when `signal` aborts. */
  readonly checkpointMinutes?: number | undefined;
  /** Checkpoints to keep; default 2. */
  readonly keepCheckpoints?: number | undefined;
  /** Minutes between calls of the task's `report`; default 30. One more is made at the end. */
  readonly reportMinutes?: number | undefined;
  /** Steps between lines of metrics.jsonl; default 1. */
  readonly logEvery?: number | undefined;
  /** Steps with a loss or gradient that is not finite, in a row, that end the run; default 20. */
  readonly maxSkipped?: number | undefined;
  /** Continue from the newest checkpoint in `outDir`, if there is one; without it an `outDir` in use is an error. */
  readonly resume?: boolean | undefined;
  /** When resuming: keep weights and step, forget the optimizer's moments. */
  readonly resetOptimizer?: boolean | undefined;
  /** Start from another model's weights where names and shapes match: a run, a checkpoint or a safetensors file. */
  readonly initFrom?: string | undefined;
  /** JSON that a resumed run must share with the run it continues (settings of the task). */
  readonly identity?: unknown;
  readonly reporter?: Reporter | undefined;
  /** Aborting ends the run after the step in progress, with a checkpoint. */
  readonly signal?: AbortSignal | undefined;
}

export interface TrainResult {
  /** Steps made in all. */
  readonly step: number;
  /** False where `signal` ended the run. */
  readonly finished: boolean;
  readonly loss: number | undefined;
  readonly skipped: number;
  readonly checkpoint: string;
  /** Trained weights, and their moving averages: views of the buffers that were trained. */
  readonly weights: ParameterValues;
  readonly averages: ParameterValues;
}

/**
 * Trains a task: batch n + 1 is made while n computes; checkpoints allow continuing bit for bit.
 * @throws InputError for impossible options or a checkpoint of another configuration; MogaoError where training diverges
 */
export async function train(task: TrainingTask, options: TrainOptions): Promise<TrainResult> {
  try {
    checkSchedule(options.schedule, options.steps);
    const optimizer = await Optimizer.open(options.runtime, task.parameters, options.optimizer ?? {});
    try {
      const start = await startingPoint(task, options, optimizer);
      const program = await GradientProgram.open(options.runtime, task, optimizer);
      try {
        return await runSteps(task, options, optimizer, program, start);
      } finally {
        program.dispose();
      }
    } finally {
      optimizer.dispose();
    }
  } finally {
    await task.close?.();
  }
}

/** Weights, moments and progress to go on from: a checkpoint's, or fresh ones. */
async function startingPoint(task: TrainingTask, options: TrainOptions, optimizer: Optimizer): Promise<RunProgress> {
  const { plan, state } = optimizer;
  const { outDir, seed, reporter } = options;
  const identity = JSON.parse(
    JSON.stringify({ task: task.name, seed, settings: options.identity ?? null, parameters: describeParameters(plan) }),
  ) as RunProgress["identity"];
  const newest = await latestCheckpoint(outDir);
  if (newest !== undefined) {
    if (!options.resume)
      throw new InputError(`${outDir} holds a run already (${newest}): resume it or choose another folder`);
    const progress = await readProgress(newest);
    requireSameIdentity(newest, progress.identity, identity);
    await loadCheckpoint(newest, plan, state, { moments: !options.resetOptimizer });
    reporter?.note?.(`resumed from ${newest}${options.resetOptimizer ? " without the optimizer's moments" : ""}`);
    return options.resetOptimizer ? { ...progress, updates: 0 } : progress;
  }
  const values = initializeParameters(task.parameters, seed, flatViews(plan.layout, state.weights));
  for (const [name, start] of task.start ?? []) {
    const value = values.get(name);
    if (value?.length !== start.length)
      throw new InputError(
        `task "${task.name}" starts parameter "${name}" with ${start.length} values, expected ${value?.length ?? "none: it is not trained"}`,
      );
    value.set(start);
  }
  if (options.initFrom !== undefined) {
    const { path, loaded, fresh, seed: theirs } = await initializeFrom(options.initFrom, task.parameters, values);
    const rest =
      fresh.length > 0
        ? `; ${fresh.length} start afresh: ${fresh.slice(0, 5).join(", ")}${fresh.length > 5 ? ", …" : ""}`
        : "";
    reporter?.note?.(`${loaded.length} parameters from ${path}${rest}`);
    if (theirs === seed)
      reporter?.note?.(
        `that run had seed ${seed} too: its first samples and their noise come again; another train.seed gives new ones`,
      );
  }
  state.averages.set(state.weights);
  return { format: 1, step: 0, updates: 0, seed, samples: 0, seconds: 0, identity };
}

async function runSteps(
  task: TrainingTask,
  options: TrainOptions,
  optimizer: Optimizer,
  program: GradientProgram,
  start: RunProgress,
): Promise<TrainResult> {
  const { outDir, steps, schedule, reporter, signal, logEvery = 1, maxSkipped = 20 } = options;
  const { checkpointMinutes = 10, keepCheckpoints = 2, reportMinutes = 30 } = options;
  const { plan, state } = optimizer;
  const averages = flatViews(plan.layout, state.averages);
  let { step, updates, samples, seconds } = start;
  let loss: number | undefined;
  let skipped = 0;
  let skippedInARow = 0;
  const save = async () => {
    const progress = { ...start, step, updates, samples, seconds };
    const path = await saveCheckpoint(outDir, progress, plan, state, keepCheckpoints);
    reporter?.note?.(`checkpoint ${path}`);
    return path;
  };
  const observation = new Observation(options.runtime, task);
  let latest: TrainingBatch | undefined;
  const report = async () => {
    await task.report?.(step, averages, outDir);
    if (latest) await observation.write(outDir, step, averages, latest.feeds);
  };
  const checkpointDue = timer(checkpointMinutes);
  const reportDue = timer(reportMinutes);

  let next: Promise<TrainingBatch> | undefined;
  const log = await MetricsLog.open(join(outDir, "metrics.jsonl"), step);
  try {
    const parameters = plan.layout.slots.reduce((sum, { length }) => sum + length, 0);
    reporter?.start?.({ name: task.name, parameters, step, steps });
    while (step < steps && !signal?.aborted) {
      const began = performance.now();
      const batch = await (next ?? task.batch(step));
      latest = batch;
      const waited = (performance.now() - began) / 1000;
      const running = handled(program.run(batch.feeds));
      // The run starts within this turn of the event loop; whatever the next batch computes here then overlaps it.
      await new Promise(setImmediate);
      next = step + 1 < steps ? handled(task.batch(step + 1)) : undefined;
      const values = await running;
      const rate = learningRate(schedule, step, steps);
      const { gradientNorm, applied } = Number.isFinite(values.loss)
        ? await optimizer.update(rate, updates)
        : { gradientNorm: NaN, applied: false };
      const taken = (performance.now() - began) / 1000;
      step++;
      samples += batch.samples;
      seconds += taken;
      loss = values.loss;
      if (applied) {
        updates++;
        skippedInARow = 0;
      } else {
        skipped++;
        skippedInARow++;
        reporter?.note?.(`step ${step} skipped: loss ${values.loss}, gradient norm ${gradientNorm}`);
      }
      const record = {
        step,
        loss: values.loss,
        metrics: values.metrics,
        ...(batch.source !== undefined && { source: batch.source }),
        learningRate: rate,
        gradientNorm,
        skipped: !applied,
        samples,
        samplesPerSecond: batch.samples / taken,
        gflopsPerSecond: batch.flops / taken / 1e9,
        seconds,
        waited,
      };
      if (step % logEvery === 0 || step === steps || !applied) log.write(record);
      reporter?.step?.(record, steps);
      if (skippedInARow >= maxSkipped)
        throw new MogaoError(
          `training diverged: loss or gradients were not finite for ${skippedInARow} steps in a row, up to step ${step} ` +
            `(loss ${values.loss}); the newest checkpoint is ${(await latestCheckpoint(outDir)) ?? "none"}. Lower the learning rate, or clip more`,
        );
      if (step < steps && checkpointDue()) await save();
      if (step < steps && reportDue()) await report();
    }
    const checkpoint = await save();
    const finished = step >= steps;
    if (finished) await report();
    return { step, finished, loss, skipped, checkpoint, weights: flatViews(plan.layout, state.weights), averages };
  } finally {
    observation.dispose();
    log.close();
    await next?.catch(() => {}); // The task is closed next, which it need not survive in the middle of a batch.
  }
}

/** What each parameter is and how it is updated; not where it lies, so that regrouping does not end a run. */
function describeParameters({ layout, adamwSize }: OptimizerPlan): Record<string, string> {
  return Object.fromEntries(
    layout.slots.map(({ info, offset }) => [
      info.name,
      `${offset < adamwSize ? "adamw" : "muon"} [${info.shape.join(", ")}]`,
    ]),
  );
}

/** Answers whether `minutes` have passed since it last answered yes. */
function timer(minutes: number): () => boolean {
  let last = performance.now();
  return () => {
    if (performance.now() - last < minutes * 60_000) return false;
    last = performance.now();
    return true;
  };
}

/** Its failure is thrown where it is awaited, not as an unhandled rejection before that. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
