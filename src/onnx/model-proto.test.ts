import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { encodeModel, onnxElementType as onnx, type OnnxGraph } from "./model-proto.ts";

const empty: OnnxGraph = { name: "test", nodes: [], inputs: [], outputs: [], initializers: [] };

/** The fields of a message in order; numbers for varints, bytes for the rest. */
function fields(bytes: Uint8Array): { field: number; value: bigint | Uint8Array }[] {
  const reader = new BinaryReader(bytes);
  const found: { field: number; value: bigint | Uint8Array }[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.Varint) found.push({ field, value: BigInt(reader.int64()) });
    else if (type === WireType.LengthDelimited) found.push({ field, value: reader.bytes() });
    else throw new Error(`unexpected wire type ${type}`);
  }
  return found;
}
const all = (bytes: Uint8Array, field: number) =>
  fields(bytes)
    .filter((entry) => entry.field === field)
    .map((entry) => entry.value);
const bytesOf = (bytes: Uint8Array, field: number) => all(bytes, field)[0] as Uint8Array;
const text = (bytes: bigint | Uint8Array | undefined) => new TextDecoder().decode(bytes as Uint8Array);

describe("encodeModel", () => {
  test("states the IR version and the operator sets", () => {
    const model = encodeModel(empty);
    expect(all(model, 1)).toEqual([10n]);
    const opsets = all(model, 8).map((opset) => [text(all(opset as Uint8Array, 1)[0]), all(opset as Uint8Array, 2)[0]]);
    expect(opsets).toEqual([
      ["", 21n],
      ["com.microsoft", 1n],
    ]);
    expect(all(bytesOf(encodeModel(empty, { "": 17 }), 8), 2)).toEqual([17n]);
  });

  test("writes integers beyond 32 bits and below zero", () => {
    const attribute = (value: number | bigint) =>
      encodeModel({
        ...empty,
        nodes: [{ opType: "Op", inputs: [], outputs: [], attributes: { at: { kind: "int", value } } }],
      });
    const read = (model: Uint8Array) => all(bytesOf(bytesOf(bytesOf(model, 7), 1), 5), 3);
    expect(read(attribute(-1))).toEqual([-1n]);
    expect(read(attribute(2n ** 62n))).toEqual([2n ** 62n]);
  });

  test("leaves external data outside and says where it lies", () => {
    const raw = new Uint8Array(16).fill(7);
    const tensor = { name: "w", elementType: onnx.float, dims: [4], raw };
    const written = (external?: { location: string; offset: number; length: number }) =>
      bytesOf(bytesOf(encodeModel({ ...empty, initializers: [external ? { ...tensor, external } : tensor] }), 7), 5);
    expect(all(written(), 9)).toEqual([raw]);
    expect(all(written(), 14)).toEqual([]);
    const outside = written({ location: "weights.bin", offset: 4096, length: 16 });
    expect(all(outside, 9)).toEqual([]);
    expect(all(outside, 14)).toEqual([1n]);
    const entries = all(outside, 13).map((entry) => [1, 2].map((field) => text(bytesOf(entry as Uint8Array, field))));
    expect(entries).toEqual([
      ["location", "weights.bin"],
      ["offset", "4096"],
      ["length", "16"],
    ]);
  });

  test("rejects more constants than a file can hold", () => {
    const huge = { byteLength: 2 ** 31, length: 2 ** 31 } as Uint8Array;
    const tensor = { name: "w", elementType: onnx.uint8, dims: [2 ** 31], raw: huge };
    expect(() => encodeModel({ ...empty, initializers: [tensor] })).toThrow(InputError);
  });
});
