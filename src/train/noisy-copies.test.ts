import { expect, test } from "vitest";
import { Philox } from "../core/random.ts";
import { buildSequence } from "../model/sequence.ts";
import { noisyCopies } from "./noisy-copies.ts";
import { image, text } from "./testing.ts";

const options = { timeShift: 1.5, length: 8 };
const PICTURES = [0, 1];

test("a picture has the same times and noise whichever encoders represent it and however long its prompt is", () => {
  const story = (encoders: { vit: boolean; vae: boolean }, ...prompt: number[]) =>
    buildSequence([text(...prompt), ...PICTURES.map((i) => image(i, { ...encoders, copies: 2 }))]);
  const one = noisyCopies(story({ vit: true, vae: true }, 1, 2, 3), new Philox(1), options);
  const other = noisyCopies(story({ vit: false, vae: true }, 4), new Philox(1), options);
  const all = PICTURES.flatMap((i) => [0, 1].map((copy) => [one.of(i, copy), other.of(i, copy)] as const));
  for (const [a, b] of all) expect(a).toEqual(b);
  const times = all.map(([{ time }]) => time);
  expect(new Set(times).size).toBe(4);
  expect(times.every((time) => time > 0 && time < 1)).toBe(true);
  expect(new Set(all.map(([{ noise }]) => String(noise))).size).toBe(4);
});
