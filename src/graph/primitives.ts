/**
 * The primitive operations: each checks its operands and knows the shape of its result. Everything else is built from
 * these (functional.ts), differentiated by one rule each (gradients.ts), interpreted (interpret.ts) and lowered to
 * ONNX (src/onnx/lowering.ts).
 */
import { addDims, divDims, sameDim, sameShape, showShape, sizeOf, subDims, type Dim } from "./dims.ts";
import {
  createTensor,
  describe,
  type Conv2dAttributes,
  type DType,
  type OperationName,
  type Tensor,
} from "./tensor.ts";

function check(condition: boolean, op: OperationName, expected: string, ...operands: readonly Tensor[]): void {
  if (!condition) throw new Error(`${op}: expected ${expected}, found ${operands.map(describe).join(" and ")}`);
}

/** A negative axis counts from the last. */
function resolveAxis(axis: number, rank: number, op: string): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(resolved) || resolved < 0 || resolved >= rank)
    throw new Error(`${op}: axis ${axis} is outside a tensor of rank ${rank}`);
  return resolved;
}

/** Shape that two operands broadcast to; a symbolic size broadcasts only with itself or 1. */
export function broadcastShapes(a: readonly Dim[], b: readonly Dim[], op: string): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const da = a[i - rank + a.length] ?? 1;
    const db = b[i - rank + b.length] ?? 1;
    if (sameDim(da, db) || db === 1) return da;
    if (da === 1) return db;
    throw new Error(`${op}: ${showShape(a)} and ${showShape(b)} do not broadcast (axis ${i - rank})`);
  });
}

// --- leaves

export function input(name: string, shape: readonly Dim[], dtype: DType = "float"): Tensor {
  return createTensor("input", [], { name, role: "input" }, shape, dtype);
}

/** A trainable tensor; `name` is its checkpoint key. */
export function parameter(name: string, shape: readonly number[]): Tensor {
  return createTensor("input", [], { name, role: "parameter" }, shape, "float");
}

/** Values known when the graph is built; `shape` [] with one value is a scalar. */
export function constant(
  values: ArrayLike<number> | number,
  shape?: readonly number[],
  dtype: DType = "float",
): Tensor {
  const list = typeof values === "number" ? [values] : values;
  const dims = shape ?? (typeof values === "number" ? [] : [list.length]);
  if (list.length !== sizeOf(dims))
    throw new Error(`constant: ${list.length} values do not fill the shape ${showShape(dims)}`);
  return createTensor("constant", [], { values: list }, dims, dtype);
}

// --- element-wise

type FloatUnary = "neg" | "exp" | "log" | "sqrt" | "tanh" | "sigmoid" | "silu" | "sin" | "cos" | "abs";
function unary(op: FloatUnary): (x: Tensor) => Tensor {
  return (x) => {
    check(x.dtype === "float", op, "a float operand", x);
    return createTensor(op, [x], {}, x.shape, "float");
  };
}
export const neg = unary("neg");
export const exp = unary("exp");
export const log = unary("log");
export const sqrt = unary("sqrt");
export const tanh = unary("tanh");
export const sigmoid = unary("sigmoid");
export const silu = unary("silu");
export const sin = unary("sin");
export const cos = unary("cos");
export const abs = unary("abs");

export function not(x: Tensor): Tensor {
  check(x.dtype === "bool", "not", "a bool operand", x);
  return createTensor("not", [x], {}, x.shape, "bool");
}

/** Bool to 0/1, int to float and back (towards zero). */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : createTensor("cast", [x], { dtype }, x.shape, dtype);
}

export function detach(x: Tensor): Tensor {
  return createTensor("detach", [x], {}, x.shape, x.dtype);
}

type Operand = Tensor | number;
function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  const dtype = typeof a === "number" ? (typeof b === "number" ? "float" : b.dtype) : a.dtype;
  const lift = (x: Operand) => (typeof x === "number" ? constant(x, [], dtype) : x);
  return [lift(a), lift(b)];
}
type Arithmetic = "add" | "sub" | "mul" | "div" | "max" | "min";
function arithmetic(op: Arithmetic): (a: Operand, b: Operand) => Tensor {
  return (a, b) => {
    const [x, y] = operands(a, b);
    check(x.dtype === y.dtype && x.dtype !== "bool", op, "two operands of one numeric kind", x, y);
    return createTensor(op, [x, y], {}, broadcastShapes(x.shape, y.shape, op), x.dtype);
  };
}
export const add = arithmetic("add");
export const sub = arithmetic("sub");
export const mul = arithmetic("mul");
export const div = arithmetic("div");
export const max = arithmetic("max");
export const min = arithmetic("min");

function comparison(op: "less" | "equal"): (a: Operand, b: Operand) => Tensor {
  return (a, b) => {
    const [x, y] = operands(a, b);
    check(x.dtype === y.dtype && x.dtype !== "bool", op, "two operands of one numeric kind", x, y);
    return createTensor(op, [x, y], {}, broadcastShapes(x.shape, y.shape, op), "bool");
  };
}
export const less = comparison("less");
export const equal = comparison("equal");

export function and(a: Tensor, b: Tensor): Tensor {
  check(a.dtype === "bool" && b.dtype === "bool", "and", "two bool operands", a, b);
  return createTensor("and", [a, b], {}, broadcastShapes(a.shape, b.shape, "and"), "bool");
}

export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const [x, y] = operands(a, b);
  check(
    condition.dtype === "bool" && x.dtype === y.dtype,
    "where",
    "a bool condition and two operands of one kind",
    condition,
    x,
    y,
  );
  const shape = broadcastShapes(condition.shape, broadcastShapes(x.shape, y.shape, "where"), "where");
  return createTensor("where", [condition, x, y], {}, shape, x.dtype);
}

// --- products

export function matmul(a: Tensor, b: Tensor): Tensor {
  check(
    a.shape.length >= 2 && b.shape.length >= 2 && a.dtype === "float" && b.dtype === "float",
    "matmul",
    "two float operands of rank 2 or more",
    a,
    b,
  );
  check(sameDim(a.shape.at(-1)!, b.shape.at(-2)!), "matmul", "a's last axis to equal b's last but one", a, b);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), "matmul");
  return createTensor("matmul", [a, b], {}, [...batch, a.shape.at(-2)!, b.shape.at(-1)!], "float");
}

export function gemm(
  a: Tensor,
  b: Tensor,
  options: { transA?: boolean; transB?: boolean; c?: Tensor | undefined } = {},
): Tensor {
  const { transA = false, transB = false, c } = options;
  check(
    a.shape.length === 2 && b.shape.length === 2 && a.dtype === "float" && b.dtype === "float",
    "gemm",
    "two float matrices",
    a,
    b,
  );
  const [m, k] = transA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [k2, n] = transB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  check(sameDim(k, k2), "gemm", `equal inner sizes (transA ${transA}, transB ${transB})`, a, b);
  if (c)
    check(
      c.shape.length === 1 && sameDim(c.shape[0]!, n) && c.dtype === "float",
      "gemm",
      `a float row vector of size ${n}`,
      c,
    );
  return createTensor("gemm", c ? [a, b, c] : [a, b], { transA, transB }, [m, n], "float");
}

function convolvedSize(size: Dim, kernel: number, before: number, after: number, stride: number): Dim {
  const span = addDims(size, before + after - kernel);
  if (typeof span === "number") {
    if (span < 0)
      throw new Error(`conv2d: a kernel of ${kernel} does not fit a size of ${size} padded by ${before + after}`);
    return Math.floor(span / stride) + 1;
  }
  const steps = divDims(span, stride) ?? divDims(addDims(span, 1 - stride), stride);
  if (steps === undefined) throw new Error(`conv2d: size ${size} is not known to fit stride ${stride}`);
  return addDims(steps, 1);
}

function checkConvolution(op: "conv2d" | "conv2dTranspose", x: Tensor, weight: Tensor, expected: string): void {
  const kernelKnown = weight.shape.slice(2).every((dim) => typeof dim === "number");
  const isFloat = x.dtype === "float" && weight.dtype === "float";
  check(x.shape.length === 4 && weight.shape.length === 4 && kernelKnown && isFloat, op, expected, x, weight);
}

function convolvedShape(x: readonly Dim[], weight: readonly Dim[], { stride, pads }: Conv2dAttributes): Dim[] {
  const [n, , height, width] = x as [Dim, Dim, Dim, Dim];
  const [o, , kernelHeight, kernelWidth] = weight as [Dim, Dim, number, number];
  const [top, left, bottom, right] = pads;
  return [
    n,
    o,
    convolvedSize(height, kernelHeight, top, bottom, stride),
    convolvedSize(width, kernelWidth, left, right, stride),
  ];
}

/** x [n, c, h, w], weight [o, c, kh, kw] → [n, o, h', w']. */
export function conv2d(x: Tensor, weight: Tensor, { stride, pads }: Conv2dAttributes): Tensor {
  checkConvolution("conv2d", x, weight, "float x [n, c, h, w] and weight [o, c, kh, kw] with a known kernel");
  check(sameDim(x.shape[1]!, weight.shape[1]!), "conv2d", "equal channel counts", x, weight);
  const shape = convolvedShape(x.shape, weight.shape, { stride, pads });
  return createTensor("conv2d", [x, weight], { stride, pads }, shape, "float");
}

/** The adjoint of conv2d in x; `height` and `width` are those of x. */
export function conv2dTranspose(
  y: Tensor,
  weight: Tensor,
  attributes: Conv2dAttributes & { height: Dim; width: Dim },
): Tensor {
  const { stride, pads, height, width } = attributes;
  checkConvolution("conv2dTranspose", y, weight, "float y [n, o, h, w] and weight [o, c, kh, kw] with a known kernel");
  const shape = [y.shape[0]!, weight.shape[1]!, height, width];
  const convolved = convolvedShape(shape, weight.shape, { stride, pads });
  check(
    sameShape(y.shape, convolved),
    "conv2dTranspose",
    `y of the shape ${showShape(convolved)} that x ${showShape(shape)} is convolved to`,
    y,
    weight,
  );
  return createTensor("conv2dTranspose", [y, weight], { stride, pads, height, width }, shape, "float");
}

// --- reductions

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

// --- shape

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

// --- look-ups

/** table [n, …], ids of any shape → [ids…, …]. */
export function gather(table: Tensor, ids: Tensor): Tensor {
  check(ids.dtype === "int" && table.shape.length >= 1, "gather", "a table and integer ids", table, ids);
  return createTensor("gather", [table, ids], {}, [...ids.shape, ...table.shape.slice(1)], table.dtype);
}

export function scatterAdd(ids: Tensor, updates: Tensor, rows: Dim): Tensor {
  check(
    ids.dtype === "int" && updates.dtype === "float" && sameShape(updates.shape.slice(0, ids.shape.length), ids.shape),
    "scatterAdd",
    "integer ids and float updates that begin with the shape of ids",
    ids,
    updates,
  );
  return createTensor(
    "scatterAdd",
    [ids, updates],
    { rows },
    [rows, ...updates.shape.slice(ids.shape.length)],
    "float",
  );
}

/** x [..., n], index [..., 1] → [..., 1]. */
export function pick(x: Tensor, index: Tensor): Tensor {
  check(
    index.dtype === "int" && x.shape.length >= 1 && sameShape(index.shape, [...x.shape.slice(0, -1), 1]),
    "pick",
    "an integer index with a last axis of 1",
    x,
    index,
  );
  return createTensor("pick", [x, index], {}, index.shape, x.dtype);
}

export function place(index: Tensor, values: Tensor, size: Dim): Tensor {
  check(
    index.dtype === "int" &&
      values.dtype === "float" &&
      sameShape(index.shape, values.shape) &&
      values.shape.at(-1) === 1,
    "place",
    "an integer index and float values, both [..., 1]",
    index,
    values,
  );
  return createTensor("place", [index, values], { size }, [...values.shape.slice(0, -1), size], "float");
}

// --- fused

export function softmax(x: Tensor): Tensor {
  check(x.dtype === "float" && x.shape.length >= 1, "softmax", "a float operand", x);
  return createTensor("softmax", [x], {}, x.shape, "float");
}

/** x [..., d], weight [d]. */
export function rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
  check(
    x.dtype === "float" &&
      weight.dtype === "float" &&
      x.shape.length >= 1 &&
      sameShape(weight.shape, x.shape.slice(-1)),
    "rmsNorm",
    "float operands, the weight as wide as x",
    x,
    weight,
  );
  return createTensor("rmsNorm", [x, weight], { epsilon }, x.shape, "float");
}

export function standardize(x: Tensor, epsilon: number): Tensor {
  check(x.dtype === "float" && x.shape.length >= 1, "standardize", "a float operand", x);
  return createTensor("standardize", [x], { epsilon }, x.shape, "float");
}

/**
 * Rotates channel pairs (i, i + d/2) of x [batch, tokens, heads, d], the half-split convention of Qwen and LLaMA;
 * cosines and sines [batch or 1, tokens, 1, d/2].
 */
export function rotatePairs(x: Tensor, cosines: Tensor, sines: Tensor): Tensor {
  const [batch, tokens, , d] = x.shape;
  const fits =
    x.shape.length === 4 &&
    typeof d === "number" &&
    [batch!, 1].some((lead) => sameShape(cosines.shape, [lead, tokens!, 1, d / 2]));
  check(
    fits && sameShape(sines.shape, cosines.shape) && [x, cosines, sines].every(({ dtype }) => dtype === "float"),
    "rotatePairs",
    "x [batch, tokens, heads, d], cosines and sines [batch or 1, tokens, 1, d/2]",
    x,
    cosines,
    sines,
  );
  return createTensor("rotatePairs", [x, cosines, sines], {}, x.shape, "float");
}
