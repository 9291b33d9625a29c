import { expect, test } from "vitest";
import { createImage, type RgbImage } from "../../core/image.ts";
import { backgroundOf, boxGap, componentsOf, type Box } from "./components.ts";

type Colour = readonly [number, number, number];
const WHITE: Colour = [255, 255, 255];
const BLUE: Colour = [40, 90, 200];

/** Rectangles, [x, y, width, height], on a plain picture of 32 × 32. */
function picture(background: Colour, ...boxes: readonly (readonly [number, number, number, number])[]): RgbImage {
  const image = createImage(32, 32);
  for (let i = 0; i < image.data.length; i++) image.data[i] = background[i % 3]!;
  for (const [left, top, width, height] of boxes)
    for (let y = top; y < top + height; y++)
      for (let x = left; x < left + width; x++) image.data.set(BLUE, 3 * (y * 32 + x));
  return image;
}

/** Every channel moved by up to `most`. */
function noisy(image: RgbImage, most: number): RgbImage {
  const data = image.data.map((value, i) => Math.max(0, Math.min(255, value + (((i * 7919) % (2 * most + 1)) - most))));
  return { ...image, data };
}

const boxes = (image: RgbImage): Box[] => componentsOf(image, backgroundOf(image)).map(({ box }) => box);

test("the background is the most common colour of the border, with noise on it and things across it", () => {
  const image = noisy(picture([206, 232, 250], [0, 0, 12, 32]), 6);
  backgroundOf(image).forEach((value, c) => expect(Math.abs(value - [206, 232, 250][c]!)).toBeLessThan(4));
});

test("things apart are apart, the largest first, and noise on the ground is nothing", () => {
  const image = noisy(picture(WHITE, [3, 4, 6, 5], [20, 10, 8, 9]), 10);
  expect(boxes(image)).toEqual([
    { x: 20, y: 10, width: 8, height: 9 },
    { x: 3, y: 4, width: 6, height: 5 },
  ]);
});

test("diagonal neighbours touch; a part within another's box belongs to it; specks are dropped", () => {
  expect(boxes(picture(WHITE, [4, 4, 5, 5], [9, 9, 5, 5]))).toEqual([{ x: 4, y: 4, width: 10, height: 10 }]);
  // A ring with an eye in it.
  const ring = picture(
    WHITE,
    [4, 4, 20, 2],
    [4, 22, 20, 2],
    [4, 6, 2, 16],
    [22, 6, 2, 16],
    [12, 12, 3, 3],
    [29, 29, 2, 1],
  );
  const found = componentsOf(ring, WHITE);
  expect(found.map(({ box }) => box)).toEqual([{ x: 4, y: 4, width: 20, height: 20 }]);
  expect(found[0]!.area).toBe(40 + 40 + 32 + 32 + 9);
  expect(found[0]!.mask[9 * 20 + 9]).toBe(1);
  expect(found[0]!.mask[5 * 20 + 5]).toBe(0);
});

test("nothing on an empty picture", () => {
  expect(boxes(picture([20, 20, 22]))).toEqual([]);
});

test("the gap of two boxes is along the axis where they are further apart", () => {
  const box = (x: number, y: number): Box => ({ x, y, width: 4, height: 4 });
  expect(boxGap(box(0, 0), box(7, 2))).toBe(3);
  expect(boxGap(box(7, 20), box(0, 0))).toBe(16);
  expect(boxGap(box(0, 0), box(3, 2))).toBeLessThan(0);
});
