/**
 * The reference interpreter: every operation in float64, written from its definition. Slow on purpose; it is what the
 * gradients, the simplifier and the ONNX lowering are tested against.
 */
import { bindShape, evaluateShape, showShape } from "./dims.ts";
import { elementwise } from "./interpret/elementwise.ts";
import { products } from "./interpret/products.ts";
import { rows } from "./interpret/rows.ts";
import { shapes } from "./interpret/shapes.ts";
import { elementCount, type Kernel, type Kernels, type Value } from "./interpret/value.ts";
import { describe, isOperation, topologicalOrder, type DType, type OperationName, type Tensor } from "./tensor.ts";

export type { Value } from "./interpret/value.ts";

/** Data for an input, row-major; integers as whole numbers, bools as 0 and 1. */
export interface Feed {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

const kernels: Kernels<Exclude<OperationName, "input" | "constant">> = {
  ...elementwise,
  ...products,
  ...shapes,
  ...rows,
};

/**
 * Values of `outputs`. Named sizes take their values from the shapes of the feeds; feeds that no output needs are
 * ignored. Throws an Error that names the input which is missing or of the wrong shape or kind, or the operation whose
 * operands break its definition.
 */
export function interpret(outputs: readonly Tensor[], feeds: Readonly<Record<string, Feed>>): Value[] {
  const order = topologicalOrder(outputs);
  const values = new Map<Tensor, Value>();
  const sizes = new Map<string, number>();
  const inputs = order.filter((tensor) => isOperation(tensor, "input"));
  for (const tensor of inputs) values.set(tensor, fedValue(tensor, feeds, sizes));
  // Sizes with a formula can be checked only when all names are bound.
  for (const tensor of inputs) expectShape(tensor, values.get(tensor)!, sizes);

  for (const tensor of order) {
    if (isOperation(tensor, "input")) continue;
    let value: Value;
    if (isOperation(tensor, "constant")) {
      value = { shape: [...(tensor.shape as number[])], data: Float64Array.from(tensor.attributes.values) };
    } else {
      const kernel = kernels[tensor.op as keyof typeof kernels] as Kernel<OperationName>;
      try {
        const operands = tensor.inputs.map((x) => values.get(x)!);
        value = kernel(operands, tensor.attributes, { dtype: tensor.dtype, sizes });
      } catch (error) {
        throw new Error(`interpret: ${describe(tensor)}: ${(error as Error).message}`, { cause: error });
      }
    }
    expectShape(tensor, value, sizes);
    values.set(tensor, value);
  }
  return outputs.map((tensor) => {
    const { shape, data } = values.get(tensor)!;
    return { shape: [...shape], data: data.slice() };
  });
}

function fedValue(tensor: Tensor<"input">, feeds: Readonly<Record<string, Feed>>, sizes: Map<string, number>): Value {
  const { name } = tensor.attributes;
  const feed = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
  if (!feed) {
    const given = Object.keys(feeds);
    throw new Error(
      `interpret: input "${name}" (${tensor.dtype}${showShape(tensor.shape)}) is not fed; ` +
        (given.length > 0 ? `fed are ${given.map((key) => `"${key}"`).join(", ")}` : "nothing is fed"),
    );
  }
  bindShape(tensor.shape, feed.shape, sizes, `interpret: input "${name}"`);
  if (feed.data.length !== elementCount(feed.shape))
    throw new Error(`interpret: input "${name}": ${feed.data.length} values do not fill the shape [${feed.shape}]`);
  const data = Float64Array.from(feed.data);
  const wrong = data.findIndex((element) => !isOfKind(element, tensor.dtype));
  if (wrong >= 0)
    throw new Error(`interpret: input "${name}": expected ${tensor.dtype} values, found ${data[wrong]} at ${wrong}`);
  return { shape: [...feed.shape], data };
}

function isOfKind(element: number, dtype: DType): boolean {
  if (dtype === "bool") return element === 0 || element === 1;
  if (dtype === "byte") return Number.isInteger(element) && element >= 0 && element <= 255;
  return dtype === "float" || Number.isSafeInteger(element);
}

/** The shape rule of an operation and the actual result must agree. */
function expectShape(tensor: Tensor, value: Value, sizes: ReadonlyMap<string, number>): void {
  const expected = evaluateShape(tensor.shape, sizes);
  if (String(expected) !== String(value.shape) || expected.length !== value.shape.length) {
    const name = isOperation(tensor, "input") ? `input "${tensor.attributes.name}"` : describe(tensor);
    throw new Error(`interpret: ${name}: expected shape ${showShape(tensor.shape)}, found [${value.shape}]`);
  }
}
