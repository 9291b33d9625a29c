import { describe, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { checkFeeds, checkInto, resolveShape, type DeclaredValue } from "./signature.ts";
import type { HostTensor } from "./types.ts";

const matrix = (rows: number, columns: number): HostTensor => ({
  type: "float32",
  shape: [rows, columns],
  data: new Float32Array(rows * columns),
});
const inputs: DeclaredValue[] = [
  { name: "a", type: "float32", shape: ["rows", 2] },
  { name: "b", type: "float32", shape: ["rows", "columns"] },
];

describe("checkFeeds", () => {
  test("binds symbolic dimensions", () => {
    const bindings = checkFeeds(inputs, { a: matrix(3, 2), b: matrix(3, 5) });
    expect([...bindings]).toEqual([
      ["rows", { length: 3, from: "a" }],
      ["columns", { length: 5, from: "b" }],
    ]);
  });

  test("takes any shape where none is declared", () => {
    const open: DeclaredValue[] = [
      { name: "x", type: "bool", shape: undefined },
      { name: "y", type: "bool", shape: [undefined, 1] },
    ];
    const flags = (...shape: number[]): HostTensor => ({ type: "bool", shape, data: new Uint8Array(4) });
    expect(checkFeeds(open, { x: flags(2, 2), y: flags(4, 1) }).size).toBe(0);
  });

  test.each([
    ["a missing feed", { a: matrix(1, 2) }, 'Missing feed "b": expected float32 [rows, columns].'],
    ["an unknown feed", { a: matrix(1, 2), b: matrix(1, 2), c: matrix(1, 1) }, 'Unknown feed "c": the graph has a, b.'],
    [
      "another element type",
      { a: { type: "int64", shape: [1, 2], data: new BigInt64Array(2) }, b: matrix(1, 2) },
      'Feed "a": expected float32 [rows, 2], found int64 [1, 2].',
    ],
    [
      "another rank",
      { a: { type: "float32", shape: [2], data: new Float32Array(2) }, b: matrix(1, 2) },
      'Feed "a": expected float32 [rows, 2], found float32 [2].',
    ],
    [
      "another length",
      { a: matrix(1, 3), b: matrix(1, 2) },
      'Feed "a": expected float32 [rows, 2], found float32 [1, 3] (axis 1).',
    ],
    [
      "symbolic lengths that disagree",
      { a: matrix(1, 2), b: matrix(2, 2) },
      'Feed "b": dimension "rows" (axis 0) is 2, but "a" set it to 1.',
    ],
    [
      "too little data",
      { a: { type: "float32", shape: [1, 2], data: new Float32Array(1) }, b: matrix(1, 2) },
      'Feed "a": shape [1, 2] holds 2 elements, its data holds 1.',
    ],
    [
      "negative lengths",
      { a: { type: "float32", shape: [-1, -2], data: new Float32Array(2) }, b: matrix(1, 2) },
      'Feed "a": a shape is made of non-negative integers, found [-1, -2].',
    ],
    [
      "fractional lengths",
      { a: { type: "float32", shape: [0.5, 2], data: new Float32Array(1) }, b: matrix(1, 2) },
      'Feed "a": a shape is made of non-negative integers, found [0.5, 2].',
    ],
    [
      "another typed array",
      { a: { type: "float32", shape: [1, 2], data: new Float64Array(2) }, b: matrix(1, 2) },
      'Feed "a": float32 is carried by Float32Array, found Float64Array.',
    ],
  ] as [string, Record<string, HostTensor>, string][])("rejects %s", (_, feeds, message) => {
    expect(() => checkFeeds(inputs, feeds)).toThrow(new InputError(message));
  });
});

describe("outputs", () => {
  const output: DeclaredValue = { name: "y", type: "float32", shape: ["rows", "columns"] };

  test("get their shape from the feeds, where it follows from them", () => {
    const bindings = checkFeeds(inputs, { a: matrix(3, 2), b: matrix(3, 5) });
    expect(resolveShape(output, bindings)).toEqual([3, 5]);
    expect(resolveShape({ ...output, shape: [] }, bindings)).toEqual([]);
    expect(resolveShape({ ...output, shape: ["rows", "found"] }, bindings)).toBeUndefined();
    expect(resolveShape({ ...output, shape: [undefined] }, bindings)).toBeUndefined();
    expect(resolveShape({ ...output, shape: undefined }, bindings)).toBeUndefined();
  });

  test("given must fit", () => {
    const bindings = checkFeeds(inputs, { a: matrix(3, 2), b: matrix(3, 5) });
    expect(() => checkInto([output], { y: matrix(3, 5) }, bindings)).not.toThrow();
    expect(() => checkInto([output], { z: matrix(3, 5) }, bindings)).toThrow(
      new InputError('Unknown output "z": the graph has y.'),
    );
    expect(() => checkInto([output], { y: matrix(3, 4) }, bindings)).toThrow(
      new InputError('Output "y": dimension "columns" (axis 1) is 4, but "b" set it to 5.'),
    );
  });
});
