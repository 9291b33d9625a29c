import type { HostTensor } from "../../runtime/types.ts";

/** A stretch of a flat buffer, where it lies. */
export function vector(data: Float32Array): HostTensor {
  return { type: "float32", shape: [data.length], data };
}

export function scalar(value: number): HostTensor {
  const data = new Float32Array(new ArrayBuffer(4));
  data[0] = value;
  return { type: "float32", shape: [], data };
}
