import { expect, test } from "vitest";
import { Philox } from "../../../core/random.ts";
import type { Sprite } from "../../../data/world/sprite.ts";
import { IMPOSTOR_KINDS, IMPOSTORS } from "./impostors.ts";
import { blended, coarsened, covered, shuffled, smoothField, spliced, warped } from "./sprite-changes.ts";

const SIZE = 48;

/** A disc, red on the left and blue on the right. */
function disc(left: readonly number[], right: readonly number[]): Sprite {
  const rgba = new Uint8Array(SIZE * SIZE * 4);
  for (let y = 0, at = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++, at += 4)
      if (Math.hypot(x - 23.5, y - 23.5) < 20) rgba.set([...(x < SIZE / 2 ? left : right), 255], at);
  return { size: SIZE, rgba, premultiplied: true };
}
const RED = [220, 20, 20];
const BLUE = [20, 20, 220];
const sprite = disc(RED, BLUE);
const other = disc([10, 200, 10], [240, 240, 10]);
const pixel = ({ rgba }: Sprite, x: number, y: number) => [
  ...rgba.subarray(4 * (y * SIZE + x), 4 * (y * SIZE + x) + 4),
];
const changedShare = (made: Sprite) => {
  let changed = 0;
  for (let i = 0; i < made.rgba.length; i += 4)
    if ([0, 1, 2, 3].some((c) => Math.abs(made.rgba[i + c]! - sprite.rgba[i + c]!) > 40)) changed++;
  return changed / (SIZE * SIZE);
};

test("a smooth field has deviation about 1 and no jumps", () => {
  const field = smoothField(new Philox(1), 6, 96);
  const power = field.reduce((sum, value) => sum + value * value, 0) / field.length;
  expect(power).toBeGreaterThan(0.2);
  expect(power).toBeLessThan(2);
  for (let i = 1; i < 96; i++) expect(Math.abs(field[i]! - field[i - 1]!)).toBeLessThan(0.5);
});

test("a warp of strength 0 changes nothing, a strong one much", () => {
  expect(warped(sprite, new Philox(2), 4, 0)).toEqual(sprite);
  const weak = changedShare(warped(sprite, new Philox(2), 4, 0.03));
  expect(weak).toBeLessThan(changedShare(warped(sprite, new Philox(2), 4, 0.2)));
});

test("splicing takes either side from either sprite, blending both everywhere", () => {
  const made = spliced(sprite, other, 0);
  expect([pixel(made, 10, 24), pixel(made, 38, 24)]).toEqual([
    [...RED, 255],
    [240, 240, 10, 255],
  ]);
  expect(pixel(blended(sprite, other, 0.5), 10, 24)).toEqual([115, 110, 15, 255]);
});

test("covering puts a colour on the drawing only, or a hole into it", () => {
  const made = covered(sprite, 0.25, 0.5, 0.1, [0, 255, 0]);
  expect(pixel(made, 12, 24)).toEqual([0, 255, 0, 255]);
  expect(pixel(covered(sprite, 0, 0, 0.2, [0, 255, 0]), 1, 1)).toEqual([0, 0, 0, 0]);
  expect(pixel(covered(sprite, 0.25, 0.5, 0.1, null), 12, 24)).toEqual([0, 0, 0, 0]);
});

test("shuffling keeps the pixels and moves most squares; coarsening keeps the size", () => {
  const made = shuffled(sprite, new Philox(4), 4);
  const sorted = ({ rgba }: Sprite) => [...new Uint32Array(rgba.slice().buffer)].sort((a, b) => a - b);
  expect(sorted(made)).toEqual(sorted(sprite));
  expect(changedShare(made)).toBeGreaterThan(0.2);
  const coarse = coarsened(sprite, 4);
  expect(coarse.rgba.length).toBe(sprite.rgba.length);
  expect(pixel(coarse, 24, 24)[0]).toBeGreaterThan(RED[0]! / 3);
});

test("every impostor differs much from the drawing, and is premultiplied", () => {
  for (const kind of IMPOSTOR_KINDS) {
    for (let seed = 0; seed < 8; seed++) {
      const made = IMPOSTORS[kind](sprite, other, new Philox(seed));
      expect(made.size, kind).toBe(SIZE);
      expect(changedShare(made), `${kind} ${seed}`).toBeGreaterThan(0.1);
      expect(
        made.rgba.every((value, i) => value <= made.rgba[i - (i % 4) + 3]! + 1),
        kind,
      ).toBe(true);
    }
  }
});
