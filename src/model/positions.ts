/** Rotary positions in three dimensions: time, height and width (Sec. 3.1, Eq. 8-9, Fig. 4). */
import { constant, cos, matmul, sin } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { MogaoConfig } from "./config.ts";

export type RotaryAxis = "T" | "H" | "W";
type RotaryConfig = Pick<MogaoConfig, "headSize" | "rope" | "ropeSections">;
const axisNumber: Readonly<Record<RotaryAxis, number>> = { T: 0, H: 1, W: 2 };

/**
 * Which axis turns each of the headSize/2 channel pairs, from the highest frequency to the lowest.
 * IL-RoPE (Eq. 9): the first three quarters alternate T, H, W; the last quarter is T, for long sequences.
 * M-RoPE (Eq. 8): sections of T, then H, then W; a quarter, three eighths, three eighths unless told otherwise.
 */
export function rotaryAxes({ headSize, rope, ropeSections }: RotaryConfig): RotaryAxis[] {
  const pairs = headSize / 2;
  if (rope === "1d") return Array.from({ length: pairs }, () => "T");
  if (rope === "mrope") {
    const [time, height] = ropeSections ?? [pairs / 4, (pairs * 3) / 8];
    return Array.from({ length: pairs }, (_, i) => (i < time ? "T" : i < time + height ? "H" : "W"));
  }
  const interleaved = Math.floor((pairs * 3) / 4 / 3) * 3;
  return Array.from({ length: pairs }, (_, i) => (i < interleaved ? (["T", "H", "W"] as const)[i % 3]! : "T"));
}

/** Row-major [3, headSize/2]: the frequency of each pair, in the row of the axis that turns it; 0 elsewhere. */
export function rotaryFrequencies(config: RotaryConfig & Pick<MogaoConfig, "ropeTheta">): Float64Array {
  const axes = rotaryAxes(config);
  const frequencies = new Float64Array(3 * axes.length);
  axes.forEach((axis, i) => {
    frequencies[axisNumber[axis] * axes.length + i] = config.ropeTheta ** ((-2 * i) / config.headSize);
  });
  return frequencies;
}

/** Angles as the cosines and sines that rotate queries and keys, each [batch, tokens, 1, headSize/2]. */
export interface Rotary {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/** positions [batch, tokens, 1, 3] (T, H, W; fractions allowed) → rotations. */
export function rotary(positions: Tensor, config: MogaoConfig): Rotary {
  const angles = matmul(positions, constant(rotaryFrequencies(config), [3, config.headSize / 2]));
  return { cos: cos(angles), sin: sin(angles) };
}
