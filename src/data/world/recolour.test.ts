import { expect, test } from "vitest";
import { COLOURS, colourNamed, nameColour, type Rgb } from "./colours.ts";
import { bodyOf, recolour } from "./recolour.ts";

/** A sprite of one row per list of colours, all opaque. */
function sprite(pixels: readonly Rgb[]) {
  const size = Math.sqrt(pixels.length);
  return { size, rgba: Uint8Array.from(pixels.flatMap((rgb) => [...rgb, 255])), premultiplied: false };
}

const RED: Rgb = [220, 40, 40];
const DARK_RED: Rgb = [140, 20, 20];
const PALE_RED: Rgb = [250, 140, 140];
const LEAF: Rgb = [60, 160, 60];
const WHITE: Rgb = [255, 255, 255];
const apple = sprite([RED, RED, RED, RED, RED, DARK_RED, PALE_RED, LEAF, WHITE]);

test("the body is the dominant hue with its share and median", () => {
  const body = bodyOf(apple)!;
  expect(Math.min(body.hue, 360 - body.hue)).toBeLessThanOrEqual(20);
  expect(body.share).toBeCloseTo(7 / 9);
  expect(body.luma).toBeCloseTo(0.299 * 220 + 0.587 * 40 + 0.114 * 40);
  expect(body.colour).toBe("red");
  expect(bodyOf(sprite([WHITE, [20, 20, 20], [128, 128, 128], WHITE]))).toBeNull();
});

test.each(COLOURS.map((colour) => [colour.name]))("the median becomes %s, tones stay apart, the rest stays", (name) => {
  const colour = colourNamed(name);
  const out = recolour(apple.rgba, colour, bodyOf(apple)!);
  const pixel = (i: number) => [...out.subarray(4 * i, 4 * i + 3)] as unknown as Rgb;
  const sum = (rgb: Rgb) => rgb[0] + rgb[1] + rgb[2];
  for (let i = 0; i < 3; i++) expect(Math.abs(pixel(0)[i]! - colour.rgb[i]!)).toBeLessThanOrEqual(1);
  expect(nameColour(pixel(0))).toBe(name);
  expect(sum(pixel(5))).toBeLessThan(sum(pixel(0)));
  expect(sum(pixel(6))).toBeGreaterThan(sum(pixel(0)));
  expect(pixel(7)).toEqual(LEAF);
  expect(pixel(8)).toEqual(WHITE);
  expect(apple.rgba[0]).toBe(220);
});

test("words for colours as people use them", () => {
  const words: [string, Rgb][] = [
    ["brown", [193, 105, 79]],
    ["brown", [121, 85, 72]],
    ["gray", [153, 170, 181]],
    ["pink", [255, 204, 188]],
    ["green", [192, 202, 51]],
    ["yellow", [255, 204, 77]],
    ["orange", [244, 144, 12]],
    ["red", [221, 46, 68]],
    ["blue", [85, 172, 238]],
    ["purple", [146, 102, 204]],
    ["black", [35, 31, 32]],
    ["white", [245, 248, 250]],
  ];
  for (const [word, rgb] of words) expect(nameColour(rgb), rgb.join()).toBe(word);
});
