/** The same elements in another shape or order, or some of them. */
import { addDims, divDims, sameDim, sameShape, showShape, sizeOf, subDims, type Dim } from "../dims.ts";
import { createTensor, type Tensor } from "../tensor.ts";
import { broadcastShapes, check, resolveAxis } from "./checks.ts";

/** One size may be −1: what is left over. */
export function reshape(x: Tensor, shape: readonly Dim[]): Tensor {
  let target = shape;
  const open = shape.indexOf(-1);
  if (open >= 0) {
    if (shape.indexOf(-1, open + 1) >= 0)
      throw new Error(`reshape: only one size may be left over, found ${showShape(shape)}`);
    const rest = divDims(sizeOf(x.shape), sizeOf(shape.filter((_, i) => i !== open)));
    if (rest === undefined) throw new Error(`reshape: ${showShape(x.shape)} cannot become ${showShape(shape)}`);
    target = shape.map((dim, i) => (i === open ? rest : dim));
  }
  if (sameShape(target, x.shape)) return x;
  if (!sameDim(sizeOf(target), sizeOf(x.shape)))
    throw new Error(`reshape: ${showShape(x.shape)} has not as many elements as ${showShape(target)}`);
  return createTensor("reshape", [x], { shape: target }, target, x.dtype);
}

export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  const sorted = [...permutation].sort((a, b) => a - b);
  check(
    sorted.length === x.shape.length && sorted.every((axis, i) => axis === i),
    "transpose",
    `a permutation of the axes, not (${permutation})`,
    x,
  );
  if (permutation.every((axis, i) => axis === i)) return x;
  return createTensor(
    "transpose",
    [x],
    { permutation },
    permutation.map((axis) => x.shape[axis]!),
    x.dtype,
  );
}

export function broadcastTo(x: Tensor, shape: readonly Dim[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes(x.shape, shape, "broadcastTo"), shape))
    throw new Error(`broadcastTo: ${showShape(x.shape)} does not broadcast to ${showShape(shape)}`);
  return createTensor("broadcastTo", [x], { shape }, shape, x.dtype);
}

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0];
  if (!first) throw new Error("concat: expected at least one operand, found none");
  if (parts.length === 1) return first;
  const at = resolveAxis(axis, first.shape.length, "concat");
  for (const part of parts)
    check(
      part.dtype === first.dtype &&
        part.shape.length === first.shape.length &&
        part.shape.every((dim, i) => i === at || sameDim(dim, first.shape[i]!)),
      "concat",
      `operands equal but for axis ${at}`,
      first,
      part,
    );
  const total = parts.map((part) => part.shape[at]!).reduce(addDims);
  return createTensor(
    "concat",
    parts,
    { axis: at },
    first.shape.map((dim, i) => (i === at ? total : dim)),
    first.dtype,
  );
}

/** Elements start … end (exclusive) of one axis, every `step`-th. Numbers count from 0; end defaults to the size. */
export function slice(x: Tensor, axis: number, start: Dim, end?: Dim, step = 1): Tensor {
  const at = resolveAxis(axis, x.shape.length, "slice");
  const size = x.shape[at]!;
  if (!Number.isInteger(step) || step === 0)
    throw new Error(`slice: expected a whole step other than 0, found ${step}`);
  const stop = end ?? (step > 0 ? size : -1);
  const span = step > 0 ? subDims(stop, start) : subDims(start, stop);
  const count =
    typeof span === "number"
      ? Math.ceil(span / Math.abs(step))
      : (divDims(span, Math.abs(step)) ?? divDims(addDims(span, Math.abs(step) - 1), Math.abs(step)));
  if (count === undefined) throw new Error(`slice: the number of elements of ${start}:${stop}:${step} is not known`);
  // From 0 to the size, or from the last element to −1; a symbolic bound is taken on trust.
  const [lowest, highest] = step > 0 ? [0, size] : [-1, subDims(size, 1)];
  const within = (bound: Dim) =>
    typeof bound !== "number" || (bound >= lowest && (typeof highest !== "number" || bound <= highest));
  check(
    within(start) && within(stop) && !(typeof span === "number" && span < 0),
    "slice",
    `bounds inside axis ${at}, not ${start}:${stop}:${step}`,
    x,
  );
  if (step === 1 && start === 0 && sameDim(stop, size)) return x;
  return createTensor(
    "slice",
    [x],
    { axis: at, start, end: stop, step },
    x.shape.map((dim, i) => (i === at ? count : dim)),
    x.dtype,
  );
}

export function pad(x: Tensor, axis: number, before: Dim, after: Dim): Tensor {
  const at = resolveAxis(axis, x.shape.length, "pad");
  const canAdd = (amount: Dim) => typeof amount !== "number" || (Number.isInteger(amount) && amount >= 0);
  check(canAdd(before) && canAdd(after), "pad", `amounts of 0 or more, not ${before} and ${after}`, x);
  if (before === 0 && after === 0) return x;
  return createTensor(
    "pad",
    [x],
    { axis: at, before, after },
    x.shape.map((dim, i) => (i === at ? addDims(addDims(dim, before), after) : dim)),
    x.dtype,
  );
}
