import { evaluateDim, type Dim } from "../dims.ts";
import type { DType, OperationName, Operations } from "../tensor.ts";

/** An actual tensor, row-major. Integers are whole numbers (exact within 2^53), bools 0 or 1. */
export interface Value {
  readonly shape: number[];
  readonly data: Float64Array;
}

/** What an operation's definition may use besides its operands and attributes. */
export interface Call {
  /** Kind of the result. */
  readonly dtype: DType;
  /** Values of the named sizes. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** The definition of one operation on actual values. */
export type Kernel<O extends OperationName> = (x: readonly Value[], attributes: Operations[O], call: Call) => Value;
export type Kernels<O extends OperationName> = { readonly [K in O]: Kernel<K> };

export function evaluate(dim: Dim, call: Call): number {
  return evaluateDim(dim, call.sizes);
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A value given element by element; `index` is reused between the calls. */
export function generate(shape: readonly number[], element: (index: readonly number[]) => number): Value {
  const data = new Float64Array(elementCount(shape));
  const index = shape.map(() => 0);
  for (let flat = 0; flat < data.length; flat++) {
    data[flat] = element(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return { shape: [...shape], data };
}

/** Place of `index` in the data of a tensor of `shape`. */
export function offsetOf(shape: readonly number[], index: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) offset = offset * shape[axis]! + index[axis]!;
  return offset;
}

export function at(x: Value, index: readonly number[]): number {
  return x.data[offsetOf(x.shape, index)]!;
}

/** The element that `index` of a larger shape reads: axes count from the last, those of size 1 are repeated. */
export function atBroadcast(x: Value, index: readonly number[]): number {
  let offset = 0;
  const lead = index.length - x.shape.length;
  for (let axis = 0; axis < x.shape.length; axis++) {
    const size = x.shape[axis]!;
    offset = offset * size + (size === 1 ? 0 : index[lead + axis]!);
  }
  return x.data[offset]!;
}

/** The shape that actual shapes broadcast to. */
export function broadcast(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = new Set(shapes.map((shape) => shape[i - rank + shape.length] ?? 1).filter((size) => size !== 1));
    if (sizes.size > 1) throw new Error(`${shapes.map((shape) => `[${shape}]`).join(" and ")} do not broadcast`);
    return [...sizes][0] ?? 1;
  });
}

/** `index` with the entry of `axis` replaced. */
export function withAxis(index: readonly number[], axis: number, entry: number): number[] {
  return index.map((old, i) => (i === axis ? entry : old));
}
