/** Rectified flow (Eq. 3-5): times of training, schedules of sampling. t = 0 is noise, t = 1 is data. */
import type { Philox } from "../core/random.ts";

/** Moves times towards noise for s > 1: t ← t / (t + s(1 − t)). */
export function shiftTime(t: number, shift: number): number {
  return t / (t + shift * (1 - t));
}

/** A training time: logit-normal, then shifted. */
export function sampleTime(random: Philox, shift = 1): number {
  return shiftTime(1 / (1 + Math.exp(-random.normal())), shift);
}

/** steps + 1 times from 0 to 1, shifted so that with shift > 1 more of them lie near the noise. */
export function samplingTimes(steps: number, shift: number): number[] {
  return Array.from({ length: steps + 1 }, (_, i) => shiftTime(i / steps, shift));
}
