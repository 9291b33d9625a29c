import { Philox } from "../core/random.ts";
import { sampleTime } from "../model/flow.ts";
import type { Sequence } from "../model/sequence.ts";

/** What a picture is corrupted with (Eq. 3). */
export interface Corruption {
  /** t. */
  readonly time: number;
  /** ε, as many numbers as the picture's latents. */
  readonly noise: Float32Array;
}

/**
 * Times and noise of a sequence's noisy copies, by image and copy. They do not depend on how sequences are packed, nor on what
 * else represents a picture: two models that differ in that are trained to undo the same noise.
 */
export function noisyCopies(
  { visual }: Sequence,
  random: Philox,
  { timeShift, length }: { readonly timeShift: number; readonly length: number },
): { of(image: number, copy: number): Corruption } {
  const drawn = new Map<string, Corruption>();
  const keyOf = (image: number, copy: number) => `${image}/${copy}`;
  for (const { kind, image, copy } of visual) {
    const key = keyOf(image, copy);
    if (kind !== "noisy" || drawn.has(key)) continue;
    const time = sampleTime(random, timeShift);
    drawn.set(key, { time, noise: random.fillNormal(new Float32Array(length)) });
  }
  return { of: (image, copy) => drawn.get(keyOf(image, copy))! };
}
