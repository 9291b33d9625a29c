import { InputError } from "../core/errors.ts";

/** Learning rate by step: a linear warm-up, then one of three shapes. */
export type Schedule = {
  /** The highest learning rate. */
  readonly peak: number;
  /** Steps of the linear rise from 0; default 0. */
  readonly warmup?: number | undefined;
} & (
  | { readonly kind: "constant" }
  /** Half a cosine down to `floor`·peak at the last step. */
  | { readonly kind: "cosine"; readonly floor?: number | undefined }
  /** Warm-up, stable, decay: constant until the last `decay` steps, then linear to `floor`·peak. */
  | { readonly kind: "wsd"; readonly decay: number; readonly floor?: number | undefined }
);

/**
 * The learning rate of update `step` (0-based) in a run of `steps`. A pure function: a run resumed with more steps simply
 * continues on the longer curve, and a constant or WSD run has then lost nothing but its decay.
 */
export function learningRate(schedule: Schedule, step: number, steps: number): number {
  const { peak, warmup = 0 } = schedule;
  if (step < warmup) return (peak * (step + 1)) / (warmup + 1);
  if (schedule.kind === "constant") return peak;
  const { floor = 0 } = schedule;
  const span = schedule.kind === "cosine" ? steps - warmup : schedule.decay;
  const left = Math.min(1, Math.max(0, (steps - step) / Math.max(1, span)));
  const share = schedule.kind === "cosine" ? 0.5 * (1 - Math.cos(Math.PI * left)) : left;
  return peak * (floor + (1 - floor) * share);
}

/** @throws InputError when a WSD schedule's parts do not fit into `steps`; a run may well end within its warm-up */
export function checkSchedule(schedule: Schedule, steps: number): void {
  if (schedule.kind !== "wsd") return;
  const taken = (schedule.warmup ?? 0) + schedule.decay;
  if (taken > steps)
    throw new InputError(`schedule: warm-up and decay take ${taken} steps, but the run has ${steps} in all`);
}
