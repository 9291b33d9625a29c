import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createImage, type RgbImage } from "../core/image.ts";
import { resizeImage, resizePlanes, type ResizeFilter } from "./resize.ts";

interface Case {
  from: [number, number];
  to: [number, number];
  filter: ResizeFilter;
  bytes: string;
  floats?: number[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../tests/fixtures/resize/golden.json", import.meta.url), "utf8"),
) as { cases: Case[] };

/** The formula of make.py. */
function source(width: number, height: number): RgbImage {
  const image = createImage(width, height);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        const edge = (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 1 ? 255 : 0;
        image.data[i++] = (x * x * 7 + y * 13 + x * y * 5 + c * 85 + edge) % 256;
      }
  return image;
}

describe.each(golden.cases)("$filter $from → $to", ({ from, to, filter, bytes, floats }) => {
  const image = source(...from);

  test("bytes equal Pillow's", () => {
    const resized = resizeImage(image, ...to, filter);
    expect([resized.width, resized.height]).toEqual(to);
    expect(Buffer.from(resized.data).equals(Buffer.from(bytes, "base64"))).toBe(true);
  });

  test.skipIf(floats === undefined)("float planes equal Pillow's", () => {
    const pixels = from[0] * from[1];
    const planes = new Float32Array(2 * pixels);
    for (let i = 0; i < pixels; i++) {
      planes[i] = image.data[i * 3]! / 255;
      planes[pixels + i] = -planes[i]!; // a second plane must not mix with the first
    }
    const size = { width: to[0], height: to[1] };
    const resized = resizePlanes(planes, { width: from[0], height: from[1] }, size, filter);
    expect(resized.length).toBe(2 * floats!.length);
    for (let i = 0; i < floats!.length; i++) {
      expect(Math.abs(resized[i]! - floats![i]!)).toBeLessThan(2e-6);
      expect(Math.abs(resized[floats!.length + i]! + floats![i]!)).toBeLessThan(2e-6);
    }
  });
});

test("the same size copies; constants stay constant; the input is untouched", () => {
  const image = source(9, 4);
  const before = image.data.slice();
  const copy = resizeImage(image, 9, 4);
  expect(copy.data).toEqual(image.data);
  expect(copy.data).not.toBe(image.data);
  const grey = resizeImage({ width: 5, height: 5, data: new Uint8Array(75).fill(77) }, 17, 2);
  expect(grey.data.every((value) => value === 77)).toBe(true);
  resizeImage(image, 3, 3);
  expect(image.data).toEqual(before);
});

test("impossible sizes", () => {
  expect(() => resizeImage(source(2, 2), 0, 3)).toThrow("found 0×3");
  expect(() => resizeImage(source(2, 2), 1.5, 3)).toThrow(RangeError);
  expect(() => resizePlanes(new Float32Array(7), { width: 2, height: 2 }, { width: 1, height: 1 })).toThrow("7 values");
});
