import { expect, test } from "vitest";
import { rotaryAxes, rotaryFrequencies } from "./positions.ts";
import { buildSequence } from "./sequence.ts";

test("IL-RoPE at d = 128: 48 pairs alternate T, H, W, the last 16 are T (Eq. 9)", () => {
  const axes = rotaryAxes(128, "interleaved");
  expect(axes.slice(0, 48)).toEqual(Array.from({ length: 16 }, () => ["T", "H", "W"]).flat());
  expect(axes.slice(48)).toEqual(Array.from({ length: 16 }, () => "T"));
});

test("M-RoPE at d = 128: 16 T, 24 H, 24 W (Eq. 8)", () => {
  const axes = rotaryAxes(128, "mrope");
  expect(axes.join("")).toBe("T".repeat(16) + "H".repeat(24) + "W".repeat(24));
});

test("frequencies fall as β^(−2i/d), whatever the axis", () => {
  const frequencies = rotaryFrequencies({ headSize: 16, rope: "interleaved", ropeTheta: 10_000 });
  for (let pair = 0; pair < 8; pair++) {
    const ofAxes = [0, 1, 2].map((axis) => frequencies[axis * 8 + pair]!);
    expect(ofAxes.filter((f) => f !== 0)).toHaveLength(1);
    expect(Math.max(...ofAxes)).toBeCloseTo(10_000 ** ((-2 * pair) / 16), 12);
  }
});

test("text has 1-D positions, an image takes one step of T, and its clean, ViT and noisy tokens share positions", () => {
  const { text, visual, next } = buildSequence([
    { type: "text", ids: [5, 6], loss: false },
    { type: "image", image: 0, rows: 2, columns: 3, vit: true, vae: true, copies: 2 },
    { type: "text", ids: [7], loss: false },
  ]);
  expect(text.filter(({ kind }) => kind === "text").map(({ position }) => position)).toEqual([
    [0, 0, 0],
    [1, 1, 1],
    [3, 3, 3],
  ]);
  expect(next).toBe(4);
  const grid = [0, 1].flatMap((row) => [0, 1, 2].map((column) => [2, row, column]));
  const positionsOf = (rows: readonly { position: readonly number[] }[]) => rows.map(({ position }) => position);
  expect(positionsOf(text.filter(({ kind }) => kind === "vit"))).toEqual(grid);
  expect(positionsOf(visual.filter(({ kind }) => kind === "clean"))).toEqual(grid);
  for (const copy of [0, 1])
    expect(positionsOf(visual.filter((row) => row.kind === "noisy" && row.copy === copy))).toEqual(grid);
});
