/** Rewrites a graph into a smaller one that computes the same: for finished graphs, on their way to ONNX. */
import { sameDim, sameShape, SymbolicDim, type Dim } from "./dims.ts";
import { interpret } from "./interpret.ts";
import { broadcastTo, constant, mul, reshape, sigmoid, transpose } from "./primitives.ts";
import { rebuild } from "./rebuild.ts";
import { isOperation, topologicalOrder, type DType, type OperationName, type Tensor } from "./tensor.ts";

const broadcasting = ["add", "sub", "mul", "div", "max", "min", "less", "equal", "and", "where"] as const;
const unary = [
  "neg",
  "exp",
  "log",
  "sqrt",
  "tanh",
  "erf",
  "sigmoid",
  "silu",
  "sin",
  "cos",
  "abs",
  "not",
  "cast",
] as const;
const isBroadcasting = setOf(...broadcasting);
const isElementWise = setOf(...broadcasting, ...unary);
const isCommutative = setOf("add", "mul", "max", "min", "equal", "and");
const isRearranging = setOf("reshape", "transpose", "slice");
/** Of which each row of the first operand, along its last axis, becomes a row of the result. */
const isRowWise = setOf("rmsNorm", "matmulNBits");

function setOf(...names: readonly OperationName[]): (tensor: Tensor) => boolean {
  const set = new Set(names);
  return ({ op }) => set.has(op);
}

/**
 * Tensors of the same values, shapes and kinds as `outputs`, in order. Equal sub-expressions become one node; constant
 * ones, their value. Detached tensors are taken for what they hold, so differentiate first. Values agree to rounding.
 */
export function simplify(outputs: readonly Tensor[]): Tensor[] {
  const known = new Map<string, Tensor>();
  /** The one node that stands for all nodes like this one, whose operands are such nodes already. */
  const canonical = (tensor: Tensor): Tensor => {
    let y = tensor;
    for (let next = rewrite(y, canonical); next; next = rewrite(y, canonical)) y = next;
    const key = keyOf(y);
    const twin = known.get(key);
    if (twin) return twin;
    known.set(key, y);
    return y;
  };
  const simple = new Map<Tensor, Tensor>();
  const order = topologicalOrder(outputs);
  const inSigmoid = new Set(order.flatMap(({ op, inputs }) => (op === "sigmoid" ? inputs : [])));
  for (const tensor of order) {
    const inputs = tensor.inputs.map((x) => simple.get(x)!);
    const isSame = inputs.every((x, i) => x === tensor.inputs[i]);
    const sharesSigmoid = tensor.op === "silu" && inSigmoid.has(tensor.inputs[0]!);
    const same = sharesSigmoid ? mul(inputs[0]!, canonical(sigmoid(inputs[0]!))) : rebuild(tensor, inputs);
    simple.set(tensor, canonical(isSame && !sharesSigmoid ? tensor : same));
  }
  return outputs.map((tensor) => simple.get(tensor)!);
}

function keyOf(tensor: Tensor): string {
  if (isOperation(tensor, "input")) return `#${tensor.id}`;
  if (isOperation(tensor, "constant")) {
    const { values } = tensor.attributes;
    if (values.length > 16) return `#${tensor.id}`;
    const list = Array.from(values, (value) => (Object.is(value, -0) ? "-0" : String(value)));
    return `constant ${tensor.dtype}[${tensor.shape}] ${list}`;
  }
  const attributes = JSON.stringify(tensor.attributes, (_, value: unknown) =>
    value instanceof SymbolicDim ? value.key : value,
  );
  const ids = tensor.inputs.map(({ id }) => id);
  return `${tensor.op} ${isCommutative(tensor) ? ids.sort((a, b) => a - b) : ids} ${attributes}`;
}

/** One step towards something simpler, or undefined where there is none. */
function rewrite(y: Tensor, canonical: (tensor: Tensor) => Tensor): Tensor | undefined {
  const [x, other] = y.inputs;
  if (!x) return undefined;
  if (y.op === "detach") return x;
  const values = y.inputs.map(uniformValue);
  if (isElementWise(y) && values.every((value) => value !== undefined)) return folded(y, values, canonical);
  if (isRearranging(y) && values[0] !== undefined) return uniform(values[0], y.shape, y.dtype, canonical);

  if (isBroadcasting(y)) {
    const neutral = y.op === "mul" || y.op === "div" ? 1 : y.op === "add" || y.op === "sub" ? 0 : undefined;
    if (neutral !== undefined && values[1] === neutral && sameShape(x.shape, y.shape)) return x;
    if (neutral !== undefined && values[0] === neutral && isCommutative(y) && sameShape(other!.shape, y.shape))
      return other;
    for (let i = 0; i < y.inputs.length; i++) {
      // Repeating is what the operation does by itself.
      if (y.inputs[i]!.op !== "broadcastTo") continue;
      const direct = rebuild(y, y.inputs.with(i, y.inputs[i]!.inputs[0]!));
      if (sameShape(direct.shape, y.shape)) return direct;
    }
  }

  if (y.op === x.op && (y.op === "reshape" || y.op === "neg" || y.op === "broadcastTo")) {
    const source = x.inputs[0]!;
    return y.op === "neg" ? source : y.op === "reshape" ? reshape(source, y.shape) : broadcastTo(source, y.shape);
  }
  if (isOperation(y, "transpose") && isOperation(x, "transpose")) {
    const inner = x.attributes.permutation;
    return transpose(
      x.inputs[0]!,
      y.attributes.permutation.map((axis) => inner[axis]!),
    );
  }
  return flattened(y, canonical);
}

/**
 * The same of operands as they were before they got more axes, which the result gets instead. Products work on rows: what lies
 * between two of them then needs no reshape.
 */
function flattened(y: Tensor, canonical: (tensor: Tensor) => Tensor): Tensor | undefined {
  const sources = y.inputs.map(sourceOfFewerAxes);
  const [source] = sources;
  if (!source) return undefined;
  const isSameOfAll = y.inputs.every(({ shape }, i) => {
    const other = sources[i];
    return other !== undefined && sameShape(other.shape, source.shape) && sameShape(shape, y.shape);
  });
  if (isElementWise(y) && isSameOfAll) return reshape(canonical(rebuild(y, sources as Tensor[])), y.shape);
  const keepsRows = source.shape.length >= 2 && sameDim(source.shape.at(-1)!, y.inputs[0]!.shape.at(-1)!);
  if (isRowWise(y) && keepsRows) return reshape(canonical(rebuild(y, y.inputs.with(0, source))), y.shape);
  return undefined;
}

function sourceOfFewerAxes(x: Tensor): Tensor | undefined {
  const [source] = x.inputs;
  return x.op === "reshape" && source!.shape.length < x.shape.length ? source : undefined;
}

/** The one value of all elements, if a constant says so. */
function uniformValue(x: Tensor): number | undefined {
  if (isOperation(x, "broadcastTo")) return uniformValue(x.inputs[0]!);
  return isOperation(x, "constant") && x.attributes.values.length === 1 ? x.attributes.values[0] : undefined;
}

function uniform(value: number, shape: readonly Dim[], dtype: DType, canonical: (tensor: Tensor) => Tensor): Tensor {
  if (shape.every((dim) => dim === 1)) return constant([value], shape as readonly number[], dtype);
  return broadcastTo(canonical(constant(value, [], dtype)), shape);
}

/** The value of an operation on uniform operands; one that is not a number is left for the device to find. */
function folded(
  y: Tensor,
  values: readonly (number | undefined)[],
  canonical: (tensor: Tensor) => Tensor,
): Tensor | undefined {
  const scalars = y.inputs.map(({ dtype }, i) => constant(values[i]!, [], dtype));
  const value = interpret([rebuild(y, scalars)], {})[0]!.data[0]!;
  return Number.isNaN(value) ? undefined : uniform(value, y.shape, y.dtype, canonical);
}
