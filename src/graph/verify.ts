/** Checks a finished graph before it is lowered: for graphs that something other than the primitives has put together. */
import { sameShape, showShape, SymbolicDim, type Dim } from "./dims.ts";
import { rebuild } from "./rebuild.ts";
import { describe, isOperation, topologicalOrder, type DType, type Tensor } from "./tensor.ts";

/**
 * Throws an Error naming the node (its number, operation, shape and operands) unless
 * - every shape and kind is what the operation's rule says of its operands, and attributes make sense;
 * - input names are not empty and belong to one node each: gradients of one of two equal inputs would be incomplete;
 * - every named size is an axis of its own of some input, from where its value can be learnt.
 */
export function verify(outputs: readonly Tensor[]): void {
  const order = topologicalOrder(outputs);
  const inputs = new Map<string, Tensor>();
  const named = new Set<string>();
  for (const tensor of order) {
    if (!isOperation(tensor, "input")) continue;
    const { name } = tensor.attributes;
    if (name === "") fail(tensor, "an input needs a name");
    const other = inputs.get(name);
    if (other) fail(tensor, `the input "${name}" is also node ${show(other)}`);
    inputs.set(name, tensor);
    for (const dim of tensor.shape) if (typeof dim !== "number") named.add(dim.key);
  }
  for (const tensor of order) {
    checkSizes(tensor, named);
    checkAttributes(tensor);
    checkRule(tensor);
  }
}

function show(tensor: Tensor): string {
  const operands = tensor.inputs.map(({ id }) => `#${id}`).join(", ");
  return `#${tensor.id} ${describe(tensor)}${operands && ` of ${operands}`}`;
}

function fail(tensor: Tensor, problem: string): never {
  throw new Error(`verify: ${show(tensor)}: ${problem}`);
}

function checkSizes(tensor: Tensor, named: ReadonlySet<string>): void {
  const inAttributes = Object.values(tensor.attributes as Readonly<Record<string, unknown>>).flat();
  const symbolic = [...tensor.shape, ...inAttributes].filter((dim) => dim instanceof SymbolicDim);
  for (const dim of symbolic)
    for (const name of [...dim.terms.keys()].flatMap((monomial) => (monomial ? monomial.split("·") : [])))
      if (!named.has(name)) fail(tensor, `no input has the size "${name}" of ${dim.key} as an axis of its own`);
  for (const dim of tensor.shape) if (typeof dim === "number" && !isCount(dim)) fail(tensor, `${dim} is no size`);
}

function checkRule(tensor: Tensor): void {
  let expected: Tensor;
  try {
    expected = rebuild(tensor, tensor.inputs);
  } catch (error) {
    fail(tensor, (error as Error).message);
  }
  if (expected.dtype !== tensor.dtype || !sameShape(expected.shape, tensor.shape))
    fail(tensor, `the rule of ${tensor.op} gives ${expected.dtype}${showShape(expected.shape)}`);
}

function checkAttributes(tensor: Tensor): void {
  if (isOperation(tensor, "input") && tensor.attributes.role === "parameter") {
    const isStored = tensor.dtype === "float" || tensor.dtype === "byte";
    if (!isStored || tensor.shape.some((dim: Dim) => typeof dim !== "number"))
      fail(tensor, "a parameter is float or byte and of a known shape");
  } else if (isOperation(tensor, "constant")) {
    const { values } = tensor.attributes;
    if (tensor.dtype === "byte" && values instanceof Uint8Array) return;
    for (let i = 0; i < values.length; i++)
      if (!isOfKind(values[i]!, tensor.dtype)) fail(tensor, `value ${i}, ${values[i]}, is no ${tensor.dtype}`);
  } else if (isOperation(tensor, "conv2d") || isOperation(tensor, "conv2dTranspose")) {
    const { stride, pads } = tensor.attributes;
    if (!isCount(stride) || stride === 0) fail(tensor, `expected a stride of 1 or more, found ${stride}`);
    if (pads.length !== 4 || !pads.every(isCount)) fail(tensor, `expected four paddings of 0 or more, found ${pads}`);
    const kernel = (tensor.inputs[1]?.shape.slice(2) ?? []) as number[];
    if (pads.some((padding, side) => padding >= kernel[side % 2]!))
      fail(tensor, `expected paddings (${pads}) below the kernel's sizes (${kernel})`);
  } else if (isOperation(tensor, "rmsNorm") || isOperation(tensor, "standardize")) {
    const { epsilon } = tensor.attributes;
    if (!(epsilon > 0 && epsilon < Infinity)) fail(tensor, `expected a positive epsilon, found ${epsilon}`);
  }
}

const isCount = (value: number) => Number.isInteger(value) && value >= 0;

function isOfKind(value: number, dtype: DType): boolean {
  if (dtype === "float") return !Number.isNaN(value);
  if (dtype === "byte") return isCount(value) && value <= 255;
  return dtype === "int" ? Number.isSafeInteger(value) : value === 0 || value === 1;
}
