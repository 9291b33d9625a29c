/**
 * Quantised weights: a row of a matrix is cut into blocks of equal length, each weight is a code of few bits, and
 * weight = scale of its block · (code − 2^(bits−1)). The layout is that of ONNX Runtime's MatMulNBits.
 */
import type { CodeBits } from "../graph/tensor.ts";
import type { TensorPlace } from "../onnx/emit.ts";
import type { HostTensor } from "../runtime/types.ts";

export interface Quantization {
  readonly bits: CodeBits;
  /** Weights that share a scale; a power of two from {@link SMALLEST_BLOCK} on, and a divisor of the rows' length. */
  readonly block: number;
}

/** What ONNX Runtime's kernels demand of a block. */
export const SMALLEST_BLOCK = 16;

/** How the matrix of a parameter's name is stored; undefined: as floats. */
export type Storage = (name: string, shape: MatrixShape) => Quantization | undefined;

/** Rows (outputs) and columns (inputs). */
export type MatrixShape = readonly [rows: number, columns: number];

/** Weights that programs read from files by themselves, instead of being fed them. */
export interface StoredWeights {
  readonly folder: string;
  readonly storage: Storage;
  /** Undefined where programs are fed the parameter. */
  readonly place: (name: string) => TensorPlace | undefined;
  /** The same as views of the mapped file, for programs to share; undefined where files cannot be mapped. */
  readonly tensors?: ReadonlyMap<string, HostTensor> | undefined;
}

/** Names of the tensors that stand for a quantised one. */
export const codesName = (weight: string): string => `${weight}.codes`;
export const scalesName = (weight: string): string => `${weight}.scales`;

/** [rows, blocks, bytes]: one byte a code, or two codes a byte, the first in the low half. */
export function codesShape([rows, columns]: MatrixShape, { bits, block }: Quantization): [number, number, number] {
  return [rows, columns / block, (block * bits) / 8];
}

/** [rows, blocks] */
export function scalesShape([rows, columns]: MatrixShape, { block }: Quantization): [number, number] {
  return [rows, columns / block];
}
