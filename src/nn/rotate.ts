import { add, concat, mul, slice, sub } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";

/**
 * Rotates channel pairs (i, i + d/2) of x [..., d] by angles given as cosines and sines that broadcast to [..., d/2]
 * (the half-split convention of Qwen and LLaMA).
 */
export function rotatePairs(x: Tensor, cosines: Tensor, sines: Tensor): Tensor {
  const half = (x.shape.at(-1) as number) / 2;
  const first = slice(x, -1, 0, half);
  const second = slice(x, -1, half);
  return concat(
    [sub(mul(first, cosines), mul(second, sines)), add(mul(second, cosines), mul(first, sines))],
    x.shape.length - 1,
  );
}
