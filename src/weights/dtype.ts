import { bfloat16ToFloat32, float16ToFloat32 } from "../core/half.ts";

/** Element types of safetensors files and their sizes in bytes. */
export const dtypeBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

export type Dtype = keyof typeof dtypeBytes;

/** F16, BF16 and U16 are carried as 16-bit patterns, BOOL and 8-bit floats as bytes. */
export type DtypeArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array;

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(dtypeBytes, name);
}

/** Sees little-endian bytes, as long as a whole number of elements, as an array of the type; copies only if misaligned. */
export function viewBytes(dtype: Dtype, bytes: Uint8Array): DtypeArray {
  const { buffer, byteOffset } = bytes.byteOffset % dtypeBytes[dtype] === 0 ? bytes : bytes.slice();
  const length = bytes.byteLength / dtypeBytes[dtype];
  switch (dtype) {
    case "BOOL":
    case "U8":
    case "F8_E4M3":
    case "F8_E5M2":
      return new Uint8Array(buffer, byteOffset, length);
    case "I8":
      return new Int8Array(buffer, byteOffset, length);
    case "U16":
    case "F16":
    case "BF16":
      return new Uint16Array(buffer, byteOffset, length);
    case "I16":
      return new Int16Array(buffer, byteOffset, length);
    case "U32":
      return new Uint32Array(buffer, byteOffset, length);
    case "I32":
      return new Int32Array(buffer, byteOffset, length);
    case "F32":
      return new Float32Array(buffer, byteOffset, length);
    case "U64":
      return new BigUint64Array(buffer, byteOffset, length);
    case "I64":
      return new BigInt64Array(buffer, byteOffset, length);
    case "F64":
      return new Float64Array(buffer, byteOffset, length);
  }
}

/** Whether {@link convertToFloat32} knows the type: all but the 8-bit floats. */
export function convertsToFloat32(dtype: Dtype): boolean {
  return dtype !== "F8_E4M3" && dtype !== "F8_E5M2";
}

/** Writes elements as float32 into `out`: half floats exactly, wider types rounded to nearest. */
export function convertToFloat32(dtype: Dtype, data: DtypeArray, out: Float32Array): void {
  if (dtype === "F16") float16ToFloat32(data as Uint16Array, out);
  else if (dtype === "BF16") bfloat16ToFloat32(data as Uint16Array, out);
  else if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < data.length; i++) out[i] = Number(data[i]!);
  } else out.set(data);
}
