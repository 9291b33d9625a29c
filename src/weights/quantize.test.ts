import { describe, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { Philox } from "../core/random.ts";
import { dequantized } from "../graph/functional.ts";
import { interpret } from "../graph/interpret.ts";
import { constant } from "../graph/primitives.ts";
import { codesShape, scalesShape, type MatrixShape, type Quantization } from "../nn/quantization.ts";
import { parseQuantization, storageOf } from "./quantization.ts";
import { quantize } from "./quantize.ts";

const shape: MatrixShape = [6, 128];
const random = () => new Philox(4).fillNormal(new Float32Array(6 * 128));

function restored(values: Float32Array, quantization: Quantization): Float64Array {
  const { codes, scales } = quantize(values, shape, quantization);
  const tensors = [
    constant(codes, codesShape(shape, quantization), "byte"),
    constant(scales, scalesShape(shape, quantization)),
  ] as const;
  return interpret([dequantized(...tensors, quantization.bits)], {})[0]!.data as Float64Array;
}

describe("quantize", () => {
  // For normal weights: a 4-bit step of about max/8 over √12, with max ≈ 2.1 deviations in 32 weights and 2.6 in 128.
  test.each([
    { bits: 8, block: 128, least: 0.004, most: 0.007 },
    { bits: 8, block: 32, least: 0.003, most: 0.006 },
    { bits: 4, block: 32, least: 0.06, most: 0.09 },
    { bits: 4, block: 128, least: 0.07, most: 0.11 },
  ] as const)(
    "$bits bits in blocks of $block: the error it reports is that of the graph",
    ({ least, most, ...rest }) => {
      const values = random();
      const { error } = quantize(values, shape, rest);
      const found = restored(values, rest);
      const norm = (array: ArrayLike<number>) => Math.hypot(...Array.from(array));
      expect(norm(found.map((value, i) => value - values[i]!)) / norm(values)).toBeCloseTo(error, 6);
      expect(error).toBeGreaterThan(least);
      expect(error).toBeLessThan(most);
    },
  );

  test("keeps what fits exactly: zeros, one number, all units of a scale", () => {
    const values = Float32Array.from({ length: 6 * 128 }, (_, i) => (i < 128 ? 0 : 0.25 * ((i % 16) - 8)));
    const { error, scales } = quantize(values, shape, { bits: 4, block: 32 });
    expect(error).toBe(0);
    expect([...scales.subarray(0, 8)]).toEqual([0, 0, 0, 0, 0.25, 0.25, 0.25, 0.25]);
    expect([...restored(values, { bits: 4, block: 32 })]).toEqual([...values]);
    expect(quantize(new Float32Array(6 * 128), shape, { bits: 8, block: 64 }).error).toBe(0);
  });

  test("the extreme of either sign is kept", () => {
    for (const sign of [1, -1]) {
      const values = new Float32Array(6 * 128).fill(0.01);
      values[5] = sign * 3;
      expect(restored(values, { bits: 8, block: 128 })[5]).toBeCloseTo(sign * 3, 1);
    }
  });
});

describe("what is quantised", () => {
  const int8 = { bits: 8, block: 128 };
  const int4 = { bits: 4, block: 32 };

  test.each([
    ["int8", { text: int8, visual: int8, vit: int8, embeddings: int8, modulation: int8 }],
    ["int4", { text: int4, visual: int4, vit: int8, embeddings: int8, modulation: int8 }],
    ["int4,visual=int8,modulation=float", { text: int4, visual: int8, vit: int8, embeddings: int8 }],
    ["text=int4", { text: int4 }],
    [
      "int4:128,vit=float",
      { text: { ...int4, block: 128 }, visual: { ...int4, block: 128 }, embeddings: int8, modulation: int8 },
    ],
    ["float", {}],
  ])("%s", (text, expected) => expect(parseQuantization(text)).toEqual(expected));

  test.each([
    "",
    "int5",
    "text",
    "text=",
    "text=int4,int8",
    "head=int8",
    "int4:48",
    "int4:",
    "int8:512",
    "text=int4=int8x",
    "constructor=int8",
  ])("refuses %j", (text) => expect(() => parseQuantization(text)).toThrow(InputError));

  test("follows from the name and the rows' length", () => {
    const storage = storageOf({ text: { bits: 4, block: 32 }, embeddings: { bits: 8, block: 128 } });
    expect(storage("mogao.layers.3.text.mlp.up_proj.weight", [512, 256])).toEqual(int4);
    expect(storage("mogao.embed_tokens.weight", [2048, 256])).toEqual(int8);
    expect(storage("mogao.embed_tokens.weight", [2048, 192])).toBeUndefined();
    expect(storage("mogao.layers.3.visual.mlp.up_proj.weight", [512, 256])).toBeUndefined();
    expect(storage("mogao.velocity.weight", [32, 256])).toBeUndefined();
    expect(storageOf(undefined)("mogao.embed_tokens.weight", [2048, 256])).toBeUndefined();
  });
});
