/** Inputs, parameters and constants. */
import { showShape, sizeOf, type Dim } from "../dims.ts";
import { createTensor, type DType, type Tensor } from "../tensor.ts";

export function input(name: string, shape: readonly Dim[], dtype: DType = "float"): Tensor {
  return createTensor("input", [], { name, role: "input" }, shape, dtype);
}

/** A tensor of weights; `name` is its checkpoint key. Float ones can be trained, bytes are the codes of quantised ones. */
export function parameter(name: string, shape: readonly number[], dtype: "float" | "byte" = "float"): Tensor {
  return createTensor("input", [], { name, role: "parameter" }, shape, dtype);
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
