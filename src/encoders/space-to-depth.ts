import { divDims, mulDims, type Dim } from "../graph/dims.ts";
import { reshape, transpose } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Which offset within a square is the slower one among the channels that it becomes. */
export type SquareOrder = "rows" | "columns";

/** Squares of side × side places become channels of one: [n, c, h, w] → [n, c·side², h/side, w/side]. */
export function spaceToDepth(x: Tensor, side: number, order: SquareOrder = "rows"): Tensor {
  if (side === 1) return x;
  const [n, c, h, w] = x.shape as [Dim, number, Dim, Dim];
  const [rows, columns] = [divDims(h, side), divDims(w, side)];
  if (rows === undefined || columns === undefined)
    throw new Error(`spaceToDepth: expected sides that are multiples of ${side}, found ${h}×${w}`);
  const offsets = order === "rows" ? [3, 5] : [5, 3];
  const split = transpose(reshape(x, [n, c, rows, side, columns, side]), [0, 1, ...offsets, 2, 4]);
  return reshape(split, [n, c * side * side, rows, columns]);
}

/** The inverse: [n, c·side², h, w] → [n, c, h·side, w·side]. */
export function depthToSpace(x: Tensor, side: number, order: SquareOrder = "rows"): Tensor {
  if (side === 1) return x;
  const [n, channels, h, w] = x.shape as [Dim, number, Dim, Dim];
  const c = channels / side ** 2;
  const split = reshape(x, [n, c, side, side, h, w]);
  const joined = transpose(split, order === "rows" ? [0, 1, 4, 2, 5, 3] : [0, 1, 4, 3, 5, 2]);
  return reshape(joined, [n, c, mulDims(h, side), mulDims(w, side)]);
}
