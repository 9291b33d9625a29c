import { expect, test } from "vitest";
import { createImage } from "../../../core/image.ts";
import { Philox } from "../../../core/random.ts";
import { blurred, noisy, toned } from "./degrade.ts";

const gray = createImage(40, 30);
gray.data.fill(120);

test("a blur keeps plain ground, spreads a dot evenly and keeps its sum", () => {
  expect(blurred(gray, 1.3)).toEqual(gray);
  const dot = createImage(21, 21);
  dot.data.fill(255, 3 * (10 * 21 + 10), 3 * (10 * 21 + 11));
  const { data } = blurred(dot, 1);
  const at = (x: number, y: number) => data[3 * (y * 21 + x)]!;
  expect([at(9, 10), at(10, 9), at(10, 11)]).toEqual([at(11, 10), at(11, 10), at(11, 10)]);
  // 255 / 2π, and e^(−1/2) of that beside it.
  expect(Math.abs(at(10, 10) - 40.6)).toBeLessThan(1);
  expect(Math.abs(at(11, 10) - 24.6)).toBeLessThan(1);
});

test("noise has mean 0 and its deviation, and is a function of the random state", () => {
  const made = noisy(gray, 10, new Philox(5));
  expect(noisy(gray, 10, new Philox(5))).toEqual(made);
  const errors = [...made.data].map((value) => value - 120);
  const mean = errors.reduce((a, b) => a + b) / errors.length;
  expect(Math.abs(mean)).toBeLessThan(0.7);
  expect(Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length)).toBeCloseTo(10, -0.5);
});

test("tones stay bytes", () => {
  const made = toned(gray, 2, [200, 0, -200]);
  expect([...made.data.subarray(0, 3)]).toEqual([255, 112, 0]);
});
