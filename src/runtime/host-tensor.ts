import { onnxElementType, type OnnxElementType } from "../onnx/model-proto.ts";
import type { ElementType, HostTensor, TensorData } from "./types.ts";

interface TensorDataConstructor {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): TensorData;
}

interface ElementStorage {
  readonly code: OnnxElementType;
  readonly array: TensorDataConstructor;
}

/** How each element type is numbered in ONNX and which typed array carries it. */
export const elementStorage: Readonly<Record<ElementType, ElementStorage>> = {
  float32: { code: onnxElementType.float, array: Float32Array },
  float64: { code: onnxElementType.double, array: Float64Array },
  int64: { code: onnxElementType.int64, array: BigInt64Array },
  int32: { code: onnxElementType.int32, array: Int32Array },
  bool: { code: onnxElementType.bool, array: Uint8Array },
  uint8: { code: onnxElementType.uint8, array: Uint8Array },
  int8: { code: onnxElementType.int8, array: Int8Array },
  float16: { code: onnxElementType.float16, array: Uint16Array },
};

const typesByCode = new Map(
  Object.entries(elementStorage).map(([type, storage]) => [storage.code, type as ElementType]),
);

/** The element type with this ONNX number, if host tensors can carry it. */
export function elementTypeOfCode(code: OnnxElementType): ElementType | undefined {
  return typesByCode.get(code);
}

export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dim of shape) count *= dim;
  return count;
}

/** A tensor of zeros in its own `ArrayBuffer` (never a shared pool: native code holds its address). */
export function allocateTensor(type: ElementType, shape: readonly number[]): HostTensor {
  const { array } = elementStorage[type];
  return { type, shape, data: new array(new ArrayBuffer(elementCount(shape) * array.BYTES_PER_ELEMENT)) };
}
