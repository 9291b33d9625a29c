import { expect, test } from "vitest";
import { resamplePremultiplied, scaleSprite, unpremultiplyInPlace } from "./resample.ts";

/** size × size pixels from a function of the position. */
function picture(size: number, at: (x: number, y: number) => readonly number[]): Uint8Array {
  return Uint8Array.from(Array.from({ length: size * size }, (_, i) => at(i % size, Math.floor(i / size))).flat());
}

const mean = (bytes: Uint8Array) => bytes.reduce((sum, value) => sum + value, 0) / bytes.length;

test.each([96, 61, 48, 31, 7])(
  "shrinking to %i averages areas: one-pixel stripes turn gray, the mean stays",
  (size) => {
    const stripes = picture(96, (x) => Array<number>(4).fill(x % 2 === 0 ? 0 : 200));
    const small = resamplePremultiplied(stripes, 96, 96, size);
    expect(small.length).toBe(size * size * 4);
    expect(Math.abs(mean(small) - 100)).toBeLessThan(1);
    if (size <= 48) expect(Math.max(...small) - Math.min(...small)).toBeLessThan(70);
  },
);

test("halving is the exact mean of four pixels", () => {
  const noise = picture(8, (x, y) => [(x * 37 + y * 91) % 256, (x * 11) % 256, (y * 53) % 256, 255]);
  const half = resamplePremultiplied(noise, 8, 8, 4);
  const source = (x: number, y: number) => noise[(y * 8 + x) * 4]!;
  for (let y = 0; y < 4; y++) {
    for (let x = 0; x < 4; x++) {
      const exact = (source(2 * x, 2 * y) + source(2 * x + 1, 2 * y) + source(2 * x, 2 * y + 1) + source(2 * x + 1, 2 * y + 1)) / 4; // prettier-ignore
      expect(Math.abs(half[(y * 4 + x) * 4]! - exact)).toBeLessThanOrEqual(0.51);
    }
  }
});

test("a window may reach over the edges, where all is transparent", () => {
  const white = picture(4, () => [255, 255, 255, 255]);
  const framed = resamplePremultiplied(white, 4, 4, 8, { x: -2, y: -2, side: 8 });
  expect([...framed.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
  expect([...framed.subarray((4 * 8 + 4) * 4, (4 * 8 + 4) * 4 + 4)]).toEqual([255, 255, 255, 255]);
  expect(mean(framed)).toBeCloseTo(255 / 4);
});

test("enlarging interpolates and keeps flat colours", () => {
  const flat = picture(5, () => [10, 20, 30, 40]);
  const large = resamplePremultiplied(flat, 5, 5, 13);
  const middle = (6 * 13 + 6) * 4;
  expect([...large.subarray(middle, middle + 4)]).toEqual([10, 20, 30, 40]);
  const step = picture(2, (x) => Array<number>(4).fill(x * 200));
  const fourthRow = resamplePremultiplied(step, 2, 2, 8).subarray(3 * 32, 4 * 32);
  // The last pixel mixes with the transparent outside.
  expect([...fourthRow].filter((_, i) => i % 4 === 0).slice(0, 7)).toEqual([0, 0, 25, 75, 125, 175, 175]);
});

test("transparent pixels lend no colour to their neighbours", () => {
  // A red square beside transparent green: averaging straight colours would make the edge muddy.
  const rgba = picture(4, (x) => (x < 1 ? [255, 0, 0, 255] : [0, 255, 0, 0]));
  const small = scaleSprite({ size: 4, rgba, premultiplied: false }, 2).rgba.slice();
  expect([...small.subarray(0, 4)]).toEqual([128, 0, 0, 128]);
  unpremultiplyInPlace(small);
  expect([...small.subarray(0, 4)]).toEqual([255, 0, 0, 128]);
});
