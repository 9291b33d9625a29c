/** Reverse-mode differentiation: one rule per primitive (`rules`) and one walk (`gradients`). */
import { addDims, divDims, mulDims, sameDim, sameShape, showShape, sizeOf, subDims, type Dim } from "./dims.ts";
import { centredCodes, dequantized } from "./functional.ts";
import {
  add,
  broadcastTo,
  cast,
  concat,
  constant,
  conv2d,
  conv2dTranspose,
  cos,
  div,
  equal,
  exp,
  gather,
  gemm,
  less,
  matmul,
  mul,
  neg,
  pad,
  pick,
  place,
  reduceMean,
  reduceSum,
  reshape,
  rotatePairs,
  scatterAdd,
  sigmoid,
  sin,
  slice,
  sqrt,
  sub,
  transpose,
  where,
} from "./primitives.ts";
import {
  isOperation,
  topologicalOrder,
  type Conv2dAttributes,
  type OperationName,
  type Operations,
  type Tensor,
} from "./tensor.ts";

interface Rule<O extends OperationName> {
  /** Gradients for the operands; `needs(i)` says whether operand i's is wanted at all. */
  (
    y: Tensor,
    dy: Tensor,
    attributes: Operations[O],
    needs: (operand: number) => boolean,
  ): readonly (Tensor | undefined)[];
}

const none = (): readonly undefined[] => [];

const rules: { readonly [O in OperationName]: Rule<O> } = {
  input: none,
  constant: none,
  neg: (_, dy) => [neg(dy)],
  exp: (y, dy) => [mul(dy, y)],
  log: (y, dy) => [div(dy, y.inputs[0]!)],
  sqrt: (y, dy) => [scaled(div(dy, y), 0.5)],
  erf: (y, dy) => [mul(dy, mul(2 / Math.sqrt(Math.PI), exp(neg(mul(y.inputs[0]!, y.inputs[0]!)))))],
  tanh: (y, dy) => [mul(dy, sub(1, mul(y, y)))],
  sigmoid: (y, dy) => [mul(dy, mul(y, sub(1, y)))],
  // sigmoid(x)·(1 + x − y): few passes, and nothing is kept but x and y.
  silu: (y, dy) => {
    const x = y.inputs[0]!;
    return [mul(dy, mul(sigmoid(x), add(sub(x, y), 1)))];
  },
  sin: (y, dy) => [mul(dy, cos(y.inputs[0]!))],
  cos: (y, dy) => [neg(mul(dy, sin(y.inputs[0]!)))],
  abs: (y, dy) => [where(less(y.inputs[0]!, 0), neg(dy), dy)],
  not: none,
  cast: none,
  detach: none,
  add: (y, dy) => y.inputs.map((x) => sumTo(dy, x.shape)),
  sub: (y, dy, _, needs) => [sumTo(dy, y.inputs[0]!.shape), needs(1) ? neg(sumTo(dy, y.inputs[1]!.shape)) : undefined],
  mul: (y, dy, _, needs) => {
    const [a, b] = y.inputs as [Tensor, Tensor];
    if (a === b) return [times(dy, a, 2)];
    return [1, 0].map((other, i) => (needs(i) ? sumTo(times(dy, y.inputs[other]!), y.inputs[i]!.shape) : undefined));
  },
  div: (y, dy, _, needs) => {
    const [a, b] = y.inputs as [Tensor, Tensor];
    const da = div(dy, b);
    return [sumTo(da, a.shape), needs(1) ? neg(sumTo(mul(da, y), b.shape)) : undefined];
  },
  max: (y, dy) => chosen(y, dy, less(y.inputs[0]!, y.inputs[1]!)),
  min: (y, dy) => chosen(y, dy, less(y.inputs[1]!, y.inputs[0]!)),
  less: none,
  equal: none,
  and: none,
  where: (y, dy) => {
    const [condition, a, b] = y.inputs as [Tensor, Tensor, Tensor];
    return [undefined, sumTo(where(condition, dy, 0), a.shape), sumTo(where(condition, 0, dy), b.shape)];
  },
  matmul: (y, dy, _, needs) => {
    const [a, b] = y.inputs as [Tensor, Tensor];
    return [
      needs(0) ? sumTo(matmul(dy, swapLast(b)), a.shape) : undefined,
      needs(1) ? sumTo(matmul(swapLast(a), dy), b.shape) : undefined,
    ];
  },
  gemm: (y, dy, { transA, transB }, needs) => {
    const [a, b, c] = y.inputs as [Tensor, Tensor, Tensor | undefined];
    const da = () => (transA ? gemm(b, dy, { transA: transB, transB: true }) : gemm(dy, b, { transB: !transB }));
    const db = () => (transB ? gemm(dy, a, { transA: true, transB: transA }) : gemm(a, dy, { transA: !transA }));
    return [needs(0) ? da() : undefined, needs(1) ? db() : undefined, c && needs(2) ? sumTo(dy, c.shape) : undefined];
  },
  matmulNBits: (y, dy, { bits }, needs) => {
    const [x, codes, scales, c] = y.inputs as [Tensor, Tensor, Tensor, Tensor | undefined];
    const rows = (tensor: Tensor) => reshape(tensor, [-1, tensor.shape.at(-1)!]);
    const dScales = () => {
      const units = centredCodes(codes, bits);
      const dWeight = reshape(gemm(rows(dy), rows(x), { transA: true }), units.shape);
      return reshape(reduceSum(mul(dWeight, units), [-1]), scales.shape);
    };
    return [
      needs(0) ? reshape(gemm(rows(dy), dequantized(codes, scales, bits)), x.shape) : undefined,
      undefined,
      needs(2) ? dScales() : undefined,
      c && needs(3) ? sumTo(dy, c.shape) : undefined,
    ];
  },
  conv2d: (y, dy, attributes, needs) => {
    const [x, weight] = y.inputs as [Tensor, Tensor];
    return [
      needs(0) ? conv2dTranspose(dy, weight, { ...attributes, height: x.shape[2]!, width: x.shape[3]! }) : undefined,
      needs(1) ? convolutionWeightGradient(x, dy, weight.shape, attributes) : undefined,
    ];
  },
  conv2dTranspose: (y, dy, attributes, needs) => {
    const [x, weight] = y.inputs as [Tensor, Tensor];
    return [
      needs(0) ? conv2d(dy, weight, attributes) : undefined,
      needs(1) ? convolutionWeightGradient(dy, x, weight.shape, attributes) : undefined,
    ];
  },
  reduceSum: (y, dy) => [broadcastTo(dy, y.inputs[0]!.shape)],
  reduceMean: (y, dy, { axes }) => {
    const x = y.inputs[0]!;
    return [broadcastTo(scaled(dy, inverseCount(x.shape, axes)), x.shape)];
  },
  reduceMax: (y, dy, { axes }) => {
    const isMax = cast(equal(y.inputs[0]!, y), "float");
    return [mul(div(dy, reduceSum(isMax, axes, true)), isMax)];
  },
  reshape: (y, dy) => [reshape(dy, y.inputs[0]!.shape)],
  transpose: (_, dy, { permutation }) => [
    transpose(
      dy,
      permutation.map((__, axis) => permutation.indexOf(axis)),
    ),
  ],
  broadcastTo: (y, dy) => [sumTo(dy, y.inputs[0]!.shape)],
  concat: (y, dy, { axis }) => {
    let start: Dim = 0;
    return y.inputs.map((x) => {
      const end: Dim = addDims(start, x.shape[axis]!);
      const part = slice(dy, axis, start, end);
      start = end;
      return part;
    });
  },
  slice: (y, dy, { axis, start, end, step }) => {
    const size = y.inputs[0]!.shape[axis]!;
    if (step === 1) return [pad(dy, axis, start, subDims(size, end))];
    return [spread(dy, axis, start, step, size)];
  },
  pad: (y, dy, { axis, before }) => [slice(dy, axis, before, addDims(before, y.inputs[0]!.shape[axis]!))],
  gather: (y, dy) => [scatterAdd(y.inputs[1]!, dy, y.inputs[0]!.shape[0]!)],
  scatterAdd: (y, dy) => [undefined, gather(dy, y.inputs[0]!)],
  pick: (y, dy) => [place(y.inputs[1]!, dy, y.inputs[0]!.shape.at(-1)!)],
  place: (y, dy) => [undefined, pick(dy, y.inputs[0]!)],
  softmax: (y, dy) => {
    const weighted = mul(dy, y);
    return [sub(weighted, mul(y, reduceSum(weighted, [-1], true)))];
  },
  rmsNorm: (y, dy, { epsilon }, needs) => {
    const [x, weight] = y.inputs as [Tensor, Tensor];
    const d = weight.shape[0]!;
    const rows = divDims(sizeOf(x.shape), d)!;
    const power = add(reduceMean(mul(x, x), [-1], true), epsilon);
    const inverse = div(1, sqrt(power));
    // One product serves both gradients; sums over its rows and columns are products with vectors.
    const product = reshape(mul(dy, x), [rows, d]);
    const dx = () => {
      const along = reshape(gemm(product, reshape(mul(weight, inverseCount([d], [0])), [d, 1])), power.shape);
      return mul(inverse, sub(mul(dy, weight), mul(x, div(along, power))));
    };
    const dWeight = () => reshape(gemm(reshape(inverse, [1, rows]), product), [d]);
    return [needs(0) ? dx() : undefined, needs(1) ? dWeight() : undefined];
  },
  standardize: (y, dy, { epsilon }) => {
    const x = y.inputs[0]!;
    const centred = sub(x, reduceMean(x, [-1], true));
    const inverse = div(1, sqrt(add(reduceMean(mul(centred, centred), [-1], true), epsilon)));
    const along = reduceMean(mul(dy, y), [-1], true);
    return [mul(inverse, sub(sub(dy, reduceMean(dy, [-1], true)), mul(y, along)))];
  },
  rotatePairs: (y, dy, { heads }, needs) => {
    const [x, cosines, sines] = y.inputs as [Tensor, Tensor, Tensor];
    const [tokens, half] = cosines.shape as [Dim, number];
    const halves = (whole: Tensor) => {
      const split = reshape(whole, [-1, tokens, heads, 2 * half]);
      return [slice(split, 3, 0, half), slice(split, 3, half)] as const;
    };
    const [x1, x2] = halves(x);
    const [dy1, dy2] = halves(dy);
    const ofAngles = (all: Tensor) => reshape(reduceSum(all, [0, 2]), cosines.shape);
    return [
      needs(0) ? rotatePairs(dy, cosines, neg(sines), heads) : undefined,
      needs(1) ? ofAngles(add(mul(dy1, x1), mul(dy2, x2))) : undefined,
      needs(2) ? ofAngles(sub(mul(dy2, x1), mul(dy1, x2))) : undefined,
    ];
  },
};

/** dy·x·factor. A gradient that was only spread over more elements is multiplied before that. */
function times(dy: Tensor, x: Tensor, factor = 1): Tensor {
  const narrow = isOperation(dy, "broadcastTo") ? dy.inputs[0]! : dy;
  return broadcastTo(mul(scaled(narrow, factor), x), dy.shape);
}

/** x·factor; factors that follow each other become one, or none. */
function scaled(x: Tensor, factor: Tensor | number): Tensor {
  if (factor === 1) return x;
  const [inner, last] = x.inputs;
  if (typeof factor === "number" && x.op === "mul" && isOperation(last!, "constant") && last.shape.length === 0)
    return scaled(inner!, factor * last.attributes.values[0]!);
  return mul(x, factor);
}

/** Sums the axes along which a tensor of `shape` was broadcast. */
function sumTo(x: Tensor, shape: readonly Dim[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const [rows, columns] = x.shape;
  // On CPU a product with ones sums columns several times as fast as a reduction.
  if (x.shape.length === 2 && shape.length === 1 && sameDim(shape[0]!, columns!))
    return reshape(gemm(broadcastTo(constant(1), [1, rows!]), x), shape);
  const lead = x.shape.length - shape.length;
  const axes = x.shape.map((_, i) => i).filter((i) => i < lead || (shape[i - lead] === 1 && x.shape[i] !== 1));
  return reshape(reduceSum(x, axes, true), shape);
}

function swapLast(x: Tensor): Tensor {
  const axes = x.shape.map((_, i) => i);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

/** Gradient of max or min; ties go to the first operand. */
function chosen(y: Tensor, dy: Tensor, second: Tensor): Tensor[] {
  return [sumTo(where(second, 0, dy), y.inputs[0]!.shape), sumTo(where(second, dy, 0), y.inputs[1]!.shape)];
}

/** 1 / the number of elements along `axes`. */
function inverseCount(shape: readonly Dim[], axes: readonly number[]): Tensor | number {
  const count = sizeOf(axes.map((axis) => shape[axis]!));
  return typeof count === "number" ? 1 / count : div(1, reduceSum(broadcastTo(constant(1), shape), axes, true));
}

/** The adjoint of a slice with a step: element i of `x` goes to start + i·step of `size` zeros. */
function spread(x: Tensor, axis: number, start: Dim, step: number, size: Dim): Tensor {
  const count = x.shape[axis]!;
  const last = subDims(count, 1);
  const ordered = step > 0 ? x : slice(x, axis, last, -1, -1);
  const first = step > 0 ? start : addDims(start, mulDims(last, step));
  const width = Math.abs(step);
  // Each element becomes a block of `width`, of which the last may reach past the end.
  const open = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
  const blocks = mulDims(count, width);
  const merged = x.shape.map((dim, i) => (i === axis ? blocks : dim));
  const spaced = reshape(pad(reshape(ordered, open), axis + 1, 0, width - 1), merged);
  const after = subDims(addDims(size, width), addDims(first, blocks));
  return slice(pad(spaced, axis, first, after), axis, 0, size);
}

/** One batched product for each of the kernel's positions: far faster on CPU than a convolution over the batch axis. */
function convolutionWeightGradient(
  x: Tensor,
  dy: Tensor,
  weightShape: readonly Dim[],
  { stride, pads }: Conv2dAttributes,
): Tensor {
  const [n, o, height, width] = dy.shape as [Dim, Dim, Dim, Dim];
  const [, c, kernelHeight, kernelWidth] = weightShape as [number, number, number, number];
  const padded = pad(pad(x, 2, pads[0], pads[2]), 3, pads[1], pads[3]);
  const places = mulDims(height, width);
  const columns = reshape(dy, [n, o, places]);
  const window = (from: Tensor, axis: number, first: number, count: Dim) =>
    slice(from, axis, first, addDims(mulDims(count, stride), first + 1 - stride), stride);
  const positions: Tensor[] = [];
  for (let row = 0; row < kernelHeight; row++)
    for (let column = 0; column < kernelWidth; column++) {
      const read = window(window(padded, 2, row, height), 3, column, width);
      const product = matmul(columns, transpose(reshape(read, [n, c, places]), [0, 2, 1]));
      positions.push(reshape(reduceSum(product, [0]), [o, c, 1]));
    }
  return reshape(concat(positions, 2), weightShape);
}

/**
 * Gradients of a scalar `loss` with respect to each of `wrt` (same shapes; zeros where the loss does not depend on it).
 * Builds new nodes; nothing runs.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0 || loss.dtype !== "float")
    throw new Error(`gradients: expected a scalar float loss, found ${loss.dtype}${showShape(loss.shape)}`);
  const order = topologicalOrder([loss]);
  const wanted = new Set<Tensor>(wrt);
  const active = new Set<Tensor>();
  for (const tensor of order)
    if (
      wanted.has(tensor) ||
      (tensor.op !== "detach" && tensor.inputs.some((x) => active.has(x) && x.dtype === "float"))
    )
      active.add(tensor);
  const parts = new Map<Tensor, Tensor[]>([[loss, [constant(1)]]]);
  const found = new Map<Tensor, Tensor>();
  for (const y of order.toReversed()) {
    const contributions = parts.get(y);
    if (!contributions || !active.has(y)) continue;
    const dy = sumOf(contributions);
    parts.delete(y);
    if (wanted.has(y)) found.set(y, dy);
    const rule = rules[y.op] as Rule<OperationName>;
    const needs = (operand: number) => active.has(y.inputs[operand]!);
    rule(y, dy, y.attributes, needs).forEach((dx, i) => {
      const x = y.inputs[i]!;
      if (!dx || !active.has(x)) return;
      if (!sameShape(dx.shape, x.shape))
        throw new Error(
          `gradient of ${y.op}: operand ${i} is ${showShape(x.shape)}, its gradient ${showShape(dx.shape)}`,
        );
      const others = parts.get(x);
      if (others) others.push(dx);
      else parts.set(x, [dx]);
    });
  }
  return wrt.map((x) => found.get(x) ?? broadcastTo(constant(0), x.shape));
}

/** Sum of gradients. Slices that together make up a tensor leave one concatenation instead of sums of padded parts. */
function sumOf(contributions: readonly Tensor[]): Tensor {
  const pads = contributions.filter((part) => isOperation(part, "pad"));
  const first = pads.find(({ attributes }) => attributes.before === 0);
  if (first) {
    const { axis } = first.attributes;
    const chain = [first];
    for (let last = first; !sameDim(last.attributes.after, 0);) {
      const end = addDims(last.attributes.before, last.inputs[0]!.shape[axis]!);
      const next = pads.find(
        (part) => part.attributes.axis === axis && sameDim(part.attributes.before, end) && !chain.includes(part),
      );
      if (!next) break;
      chain.push((last = next));
    }
    if (chain.at(-1)!.attributes.after === 0) {
      const whole = concat(
        chain.map((part) => part.inputs[0]!),
        axis,
      );
      return sumOf([whole, ...contributions.filter((part) => !(chain as readonly Tensor[]).includes(part))]);
    }
  }
  return contributions.reduce((sum, part) => add(sum, part));
}
