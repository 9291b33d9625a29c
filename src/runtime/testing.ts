/** Tiny ONNX models and tensors for tests of programs. */
import { encodeModel, onnxElementType as onnx, type OnnxGraph, type OnnxNode } from "../onnx/model-proto.ts";
import type { HostTensor } from "./types.ts";

export const value = (name: string, shape: (number | string)[], elementType: number = onnx.float) => ({
  name,
  elementType,
  shape,
});
export const node = (
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: NonNullable<OnnxNode["attributes"]> = {},
): OnnxNode => ({ opType, inputs, outputs, attributes });
export const float = (shape: number[], ...values: number[]): HostTensor & { data: Float32Array } => ({
  type: "float32",
  shape,
  data: Float32Array.from(values),
});
export const int64 = (shape: number[], ...values: number[]): HostTensor => ({
  type: "int64",
  shape,
  data: BigInt64Array.from(values, BigInt),
});
export const constant = (name: string, tensor: HostTensor, elementType: number) => ({
  name,
  elementType,
  dims: tensor.shape,
  raw: new Uint8Array(tensor.data.buffer),
});
export const model = (graph: Partial<OnnxGraph> & Pick<OnnxGraph, "nodes" | "inputs" | "outputs">) =>
  encodeModel({ name: "test", initializers: [], ...graph });

export const doubling = model({
  nodes: [node("Add", ["x", "x"], ["y"])],
  inputs: [value("x", ["n"])],
  outputs: [value("y", ["n"])],
});
export const sumAndDifference = model({
  nodes: [node("Add", ["a", "b"], ["sum"]), node("Sub", ["a", "b"], ["difference"])],
  inputs: [value("a", ["rows", 2]), value("b", ["rows", 2])],
  outputs: [value("sum", ["rows", 2]), value("difference", ["rows", 2])],
});
export const product = model({
  nodes: [node("MatMul", ["a", "b"], ["y"])],
  inputs: [value("a", ["m", "k"]), value("b", ["k", "n"])],
  outputs: [value("y", ["m", "n"])],
});
