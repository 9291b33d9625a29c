import fc from "fast-check";
import { expect, test } from "vitest";
import { createImage } from "../core/image.ts";
import { gridSize, imageToPlanes, planesToImage, toGrid } from "./preprocessing.ts";

test("sizes snap to the grid and keep their aspect", () => {
  const grid = { multiple: 16, maxPixels: 96 * 96 };
  expect(gridSize({ width: 96, height: 96 }, grid)).toEqual({ width: 96, height: 96 });
  expect(gridSize({ width: 70, height: 50 }, grid)).toEqual({ width: 64, height: 48 });
  expect(gridSize({ width: 3, height: 5 }, grid)).toEqual({ width: 16, height: 16 });
  expect(gridSize({ width: 4000, height: 2000 }, grid)).toEqual({ width: 128, height: 64 });
  expect(gridSize({ width: 1600, height: 10 }, grid)).toEqual({ width: 576, height: 16 });
  expect(gridSize({ width: 10, height: 8 }, { ...grid, minPixels: 64 * 64 })).toEqual({ width: 80, height: 64 });
});

test("Qwen2-VL's own sizes (its processor's defaults, multiples of 28)", () => {
  const qwen = { multiple: 28, maxPixels: 14 * 14 * 4 * 1280, minPixels: 56 * 56 };
  expect(gridSize({ width: 640, height: 480 }, qwen)).toEqual({ width: 644, height: 476 });
  expect(gridSize({ width: 4032, height: 3024 }, qwen)).toEqual({ width: 1148, height: 840 });
  expect(gridSize({ width: 20, height: 30 }, qwen)).toEqual({ width: 56, height: 84 });
});

test("any picture fits: multiples of the grid, area in bounds, aspect near", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.constantFrom(8, 16, 28),
      (width, height, multiple) => {
        fc.pre(Math.max(width, height) <= 200 * Math.min(width, height));
        const grid = { multiple, maxPixels: 512 * 512, minPixels: 64 * 64 };
        const size = gridSize({ width, height }, grid);
        expect(size.width % multiple).toBe(0);
        expect(size.height % multiple).toBe(0);
        expect(Math.min(size.width, size.height)).toBeGreaterThanOrEqual(multiple);
        expect(size.width * size.height).toBeLessThanOrEqual(grid.maxPixels);
        expect(size.width * size.height).toBeGreaterThanOrEqual(grid.minPixels);
        // The aspect ratio is off by no more than rounding each side by one token.
        if (Math.min(size.width, size.height) === multiple) return;
        const ratio = size.width / size.height / (width / height);
        const slack = (size.width / (size.width - multiple)) * (size.height / (size.height - multiple));
        expect(Math.max(ratio, 1 / ratio)).toBeLessThanOrEqual(slack);
      },
    ),
    { numRuns: 5000, seed: 3 },
  );
});

test("impossible pictures and grids", () => {
  expect(() => gridSize({ width: 4000, height: 10 }, { multiple: 16, maxPixels: 1e6 })).toThrow("image of 4000×10");
  expect(() => gridSize({ width: 100, height: 100 }, { multiple: 16, maxPixels: 200 })).toThrow("not even one token");
});

test("toGrid resizes", () => {
  const image = createImage(40, 30);
  image.data.fill(9);
  const resized = toGrid(image, { multiple: 16, maxPixels: 1e6 });
  expect([resized.width, resized.height, resized.data.length, resized.data[100]]).toEqual([32, 32, 32 * 32 * 3, 9]);
});

test("planes are channel first, normalised, and go back to the same bytes", () => {
  const image = { width: 16, height: 16, data: Uint8Array.from({ length: 768 }, (_, i) => (i * 7) % 256) };
  const mean = [0.5, 0.4, 0.3] as const;
  const std = [0.5, 0.25, 0.2] as const;
  const planes = imageToPlanes(image, mean, std);
  expect(planes[256 + 5]).toBeCloseTo((image.data[5 * 3 + 1]! / 255 - 0.4) / 0.25, 5);
  expect(planesToImage(planes, image, mean, std)).toEqual(image);
  const extremes = new Float32Array([-9, 9, NaN]);
  expect([...planesToImage(extremes, { width: 1, height: 1 }, mean, std).data]).toEqual([0, 255, 0]);
  expect(() => planesToImage(planes, { width: 4, height: 4 }, mean, std)).toThrow("4×4 takes 48 values, found 768");
});
