import type { HostTensor } from "../runtime/types.ts";

/** A feed over the given memory. */
export function feedTensor(shape: readonly number[], data: Float32Array | BigInt64Array): HostTensor {
  return { type: data instanceof Float32Array ? "float32" : "int64", shape, data };
}

/** Zeros in memory of their own, whose address native code may hold. */
export function floats(length: number): Float32Array {
  return new Float32Array(new ArrayBuffer(4 * length));
}
