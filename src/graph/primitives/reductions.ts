/** Sums, means and maxima over axes. */
import { createTensor, type Tensor } from "../tensor.ts";
import { check, resolveAxis } from "./checks.ts";
import { reshape } from "./shapes.ts";

type Reduction = "reduceSum" | "reduceMean" | "reduceMax";
function reduction(op: Reduction): (x: Tensor, axes?: readonly number[], keepDims?: boolean) => Tensor {
  return (x, axes, keepDims = false) => {
    check(x.dtype === "float", op, "a float operand", x);
    const resolved = (axes ?? x.shape.map((_, i) => i))
      .map((axis) => resolveAxis(axis, x.shape.length, op))
      .sort((a, b) => a - b);
    if (new Set(resolved).size < resolved.length) throw new Error(`${op}: an axis is named twice in (${axes})`);
    if (resolved.length === 0) return x;
    const reduced = createTensor(
      op,
      [x],
      { axes: resolved },
      x.shape.map((dim, i) => (resolved.includes(i) ? 1 : dim)),
      "float",
    );
    return keepDims
      ? reduced
      : reshape(
          reduced,
          x.shape.filter((_, i) => !resolved.includes(i)),
        );
  };
}
/** Sum over `axes` (all by default). */
export const reduceSum = reduction("reduceSum");
export const reduceMean = reduction("reduceMean");
export const reduceMax = reduction("reduceMax");
