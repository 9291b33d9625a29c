import { join } from "node:path";
import { readJsonLines } from "../../core/json-lines.ts";
import type { StepRecord } from "../../train/reporter.ts";

/** Flow loss of a step. Every batch is new to the model, so that this is as good as a loss on held-out samples. */
export interface StepLoss {
  readonly step: number;
  readonly flow: number;
}

/** A curve with its spread over seeds; the lists are equally long. */
export interface Band {
  /** Last step of each stretch. */
  readonly step: readonly number[];
  /** Over the stretch and the seeds. */
  readonly mean: readonly number[];
  /** Lowest and highest of the seeds' means over the stretch. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Points of a curve: few enough that each is a mean over several steps of one source, even in a short run. */
const STRETCHES = 25;
/** The flow losses that a run wrote down of the steps of one source, without those that drew nothing or were skipped. */
export async function flowLosses(runFolder: string, source: string): Promise<StepLoss[]> {
  const records = (await readJsonLines(join(runFolder, "metrics.jsonl"))) as StepRecord[];
  return records.flatMap(({ step, metrics, source: own }) => {
    const flow = metrics["flow"];
    return own === source && typeof flow === "number" && flow > 0 ? [{ step, flow }] : [];
  });
}

/** How much less than `other`, at each step that both have: batches are the same, so that what is hard about one cancels. */
export function lossesBelow(own: readonly StepLoss[], other: readonly StepLoss[]): StepLoss[] {
  const others = new Map(other.map(({ step, flow }) => [step, flow]));
  return own.flatMap(({ step, flow }) => {
    const there = others.get(step);
    return there === undefined ? [] : [{ step, flow: there - flow }];
  });
}

/** The losses of several seeds, averaged over stretches of steps; a stretch that one of the seeds lacks is left out. */
export function bandOf(seeds: readonly (readonly StepLoss[])[], steps: number): Band {
  const stretch = Math.max(1, Math.ceil(steps / STRETCHES));
  const points = Array.from({ length: Math.ceil(steps / stretch) }, (_, i) => {
    const means = seeds.map((losses) =>
      mean(losses.filter(({ step }) => step > i * stretch && step <= (i + 1) * stretch).map(({ flow }) => flow)),
    );
    return { step: Math.min(steps, (i + 1) * stretch), means };
  }).filter(({ means }) => means.length > 0 && !means.some(Number.isNaN));
  return {
    step: points.map(({ step }) => step),
    mean: points.map(({ means }) => mean(means)),
    low: points.map(({ means }) => Math.min(...means)),
    high: points.map(({ means }) => Math.max(...means)),
  };
}

/** NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
