import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { InputError } from "../core/errors.ts";

/** ONNX `TensorProto.DataType` numbers (onnx.proto). */
export const onnxElementType = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
  uint4: 21,
  int4: 22,
} as const;

/** One of the numbers of {@link onnxElementType}. */
export type OnnxElementType = number;

export type OnnxAttribute =
  | { readonly kind: "int"; readonly value: number | bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "tensor"; readonly value: OnnxTensor };

/** A constant. `raw` is little endian, row-major; it is left out of the model when `external` says where it lies. */
export interface OnnxTensor {
  readonly name?: string;
  readonly elementType: OnnxElementType;
  readonly dims: readonly number[];
  readonly raw: Uint8Array;
  readonly external?: { readonly location: string; readonly offset: number; readonly length: number };
}

/** One operator call. An empty name in `inputs` stands for an optional input that is absent. */
export interface OnnxNode {
  readonly opType: string;
  readonly domain?: string;
  readonly name?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** A graph input or output. A string in `shape` is a symbolic dimension. */
export interface OnnxValue {
  readonly name: string;
  readonly elementType: OnnxElementType;
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly (OnnxTensor & { readonly name: string })[];
}

/** IR version 10 belongs to opset 21 (onnx/docs/Versioning.md). */
const irVersion = 10;
const defaultOpsets: Readonly<Record<string, number>> = { "": 21, "com.microsoft": 1 };

/** The largest message that protobuf readers accept; larger weights belong in external data or in graph inputs. */
const largestModelBytes = 2 ** 31 - 1;

/** `AttributeProto.AttributeType`. */
const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 } as const;

/**
 * The bytes of an ONNX `ModelProto`.
 *
 * @param opsets operator-set version of each domain; the default operators are the domain `""`
 * @throws InputError when the model would exceed protobuf's 2 GB
 */
export function encodeModel(graph: OnnxGraph, opsets: Readonly<Record<string, number>> = defaultOpsets): Uint8Array {
  const constantBytes = graph.initializers.reduce((sum, tensor) => sum + (tensor.external ? 0 : tensor.raw.length), 0);
  if (constantBytes > largestModelBytes) {
    throw new InputError(
      `Graph "${graph.name}" carries ${constantBytes} bytes of constants; an ONNX file holds at most ${largestModelBytes}. Pass large weights as graph inputs or external data.`,
    );
  }
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(irVersion);
  writer.tag(2, WireType.LengthDelimited).string("mogao");
  message(writer, 7, () => writeGraph(writer, graph));
  for (const [domain, version] of Object.entries(opsets)) {
    message(writer, 8, () => {
      if (domain !== "") writer.tag(1, WireType.LengthDelimited).string(domain);
      writer.tag(2, WireType.Varint).int64(version);
    });
  }
  return writer.finish();
}

function message(writer: BinaryWriter, field: number, body: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  body();
  writer.join();
}

function writeGraph(writer: BinaryWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) message(writer, 1, () => writeNode(writer, node));
  writer.tag(2, WireType.LengthDelimited).string(graph.name);
  for (const tensor of graph.initializers) message(writer, 5, () => writeTensor(writer, tensor));
  for (const value of graph.inputs) message(writer, 11, () => writeValue(writer, value));
  for (const value of graph.outputs) message(writer, 12, () => writeValue(writer, value));
}

function writeNode(writer: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) writer.tag(1, WireType.LengthDelimited).string(input);
  for (const output of node.outputs) writer.tag(2, WireType.LengthDelimited).string(output);
  if (node.name) writer.tag(3, WireType.LengthDelimited).string(node.name);
  writer.tag(4, WireType.LengthDelimited).string(node.opType);
  for (const [name, attribute] of Object.entries(node.attributes ?? {})) {
    message(writer, 5, () => writeAttribute(writer, name, attribute));
  }
  if (node.domain) writer.tag(7, WireType.LengthDelimited).string(node.domain);
}

function writeAttribute(writer: BinaryWriter, name: string, attribute: OnnxAttribute): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  switch (attribute.kind) {
    case "float":
      writer.tag(2, WireType.Bit32).float(attribute.value);
      break;
    case "int":
      writer.tag(3, WireType.Varint).int64(attribute.value);
      break;
    case "string":
      writer.tag(4, WireType.LengthDelimited).string(attribute.value);
      break;
    case "tensor":
      message(writer, 5, () => writeTensor(writer, attribute.value));
      break;
    case "floats":
      message(writer, 7, () => attribute.value.forEach((value) => writer.float(value)));
      break;
    case "ints":
      message(writer, 8, () => attribute.value.forEach((value) => writer.int64(value)));
      break;
  }
  writer.tag(20, WireType.Varint).int32(attributeTypes[attribute.kind]);
}

function writeTensor(writer: BinaryWriter, tensor: OnnxTensor): void {
  if (tensor.dims.length > 0) {
    message(writer, 1, () => tensor.dims.forEach((dim) => writer.int64(dim)));
  }
  writer.tag(2, WireType.Varint).int32(tensor.elementType);
  if (tensor.name) writer.tag(8, WireType.LengthDelimited).string(tensor.name);
  if (!tensor.external) {
    writer.tag(9, WireType.LengthDelimited).bytes(tensor.raw);
    return;
  }
  for (const key of ["location", "offset", "length"] as const) {
    message(writer, 13, () => {
      writer.tag(1, WireType.LengthDelimited).string(key);
      writer.tag(2, WireType.LengthDelimited).string(String(tensor.external?.[key]));
    });
  }
  writer.tag(14, WireType.Varint).int32(1);
}

function writeValue(writer: BinaryWriter, value: OnnxValue): void {
  writer.tag(1, WireType.LengthDelimited).string(value.name);
  message(writer, 2, () => {
    message(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(value.elementType);
      message(writer, 2, () => {
        for (const dim of value.shape) {
          message(writer, 1, () => {
            if (typeof dim === "number") writer.tag(1, WireType.Varint).int64(dim);
            else writer.tag(2, WireType.LengthDelimited).string(dim);
          });
        }
      });
    });
  });
}
