import { describe, expect, test } from "vitest";
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from "./half.ts";

const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The value of a float16 pattern by its definition. */
function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

describe("float16", () => {
  test("every pattern widens to its value and narrows back to itself", () => {
    const wide = float16ToFloat32(patterns);
    for (let i = 0; i < 65536; i++)
      if (!Object.is(wide[i], float16Value(i))) throw new Error(`pattern ${i}: ${wide[i]}`);
    expect(float32ToFloat16(wide)).toEqual(patterns);
  });

  test("rounds to nearest, ties to even, around every midpoint", () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      const low = float16Value(bits);
      const high = bits === 0x7bff ? 65536 : float16Value(bits + 1); // above the largest finite value: infinity
      const middle = (low + high) / 2; // exact in float32
      const even = bits % 2 === 0 ? bits : bits + 1;
      const around = new Float32Array([below(middle), middle, above(middle)]);
      const narrow = float32ToFloat16(around);
      if (narrow[0] !== bits || narrow[1] !== even || narrow[2] !== bits + 1)
        throw new Error(`around ${middle}: ${[...narrow].join(" ")}, expected ${bits} ${even} ${bits + 1}`);
      const negative = float32ToFloat16(around.map((x) => -x));
      expect(negative[1]! & 0x7fff).toBe(even);
      expect(negative[1]! >> 15).toBe(1);
    }
  });

  test("overflow, underflow, NaN", () => {
    const narrow = float32ToFloat16(new Float32Array([1e30, -1e30, 1e-30, -1e-30, NaN, Infinity]));
    expect([...narrow]).toEqual([0x7c00, 0xfc00, 0, 0x8000, 0x7e00, 0x7c00]);
    const payloadInLowBits = new Float32Array(new Uint32Array([0x7f800001]).buffer);
    expect(Number.isNaN(float16ToFloat32(float32ToFloat16(payloadInLowBits))[0])).toBe(true);
  });
});

describe("bfloat16", () => {
  test("every pattern is the upper half of its float32 and narrows back to itself", () => {
    const wide = bfloat16ToFloat32(patterns);
    expect(new Uint16Array(wide.buffer).filter((_, i) => i % 2 === 1)).toEqual(patterns);
    expect(float32ToBfloat16(wide)).toEqual(patterns);
  });

  test("rounds to nearest, ties to even, around every midpoint", () => {
    for (let bits = 0; bits < 0x7f80; bits++) {
      const words = new Uint32Array([(bits << 16) | 0x7fff, (bits << 16) | 0x8000, (bits << 16) | 0x8001]);
      const narrow = float32ToBfloat16(new Float32Array(words.buffer));
      if (narrow[0] !== bits || narrow[1] !== bits + (bits % 2) || narrow[2] !== bits + 1)
        throw new Error(`around ${bits}: ${[...narrow].join(" ")}`);
    }
    const payloadInLowBits = new Float32Array(new Uint32Array([0x7f800001]).buffer);
    expect(Number.isNaN(bfloat16ToFloat32(float32ToBfloat16(payloadInLowBits))[0])).toBe(true);
  });
});

test("an output of another length is refused", () => {
  expect(() => float16ToFloat32(new Uint16Array(3), new Float32Array(2))).toThrow("3 values");
});

function neighbour(value: number, step: number): number {
  const word = new Uint32Array(new Float32Array([value]).buffer);
  word[0]! += step;
  return new Float32Array(word.buffer)[0]!;
}
const below = (value: number): number => neighbour(value, -1);
const above = (value: number): number => neighbour(value, 1);
