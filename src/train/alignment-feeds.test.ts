import { expect, it } from "vitest";
import { buildSequence, type SequencePart } from "../model/sequence.ts";
import { alignmentFeatures } from "./alignment-feeds.ts";
import { packRows } from "./packing.ts";

const drawn = (image: number, copies: number): SequencePart => ({
  type: "image",
  image,
  rows: 1,
  columns: 2,
  vit: false,
  vae: true,
  copies,
});

it("gives every noisy token its image's feature, and encodes each drawn image once", async () => {
  const sequences = [[drawn(0, 2), drawn(1, 0)], [drawn(0, 1)]].map((parts) => buildSequence(parts));
  const rows = packRows(sequences, { text: 8, visual: 64 });
  const places = rows[0]!.visual.length;
  const asked: number[][] = [];
  // Feature of token k of image number n: n·10 + k, twice.
  const { shape, data } = await alignmentFeatures(
    rows,
    places,
    2,
    (sample, image) => 2 * sample + image,
    async (images) => {
      asked.push([...images]);
      return Float32Array.from(images.flatMap((n) => [n * 10, n * 10, n * 10 + 1, n * 10 + 1]));
    },
  );
  expect(asked.map((images) => images.toSorted())).toEqual([[0, 2]]);
  expect(shape).toEqual([rows.length, places, 2]);
  rows.forEach((row, r) =>
    row.visual.forEach(({ kind, sample, token }, i) => {
      const expected = kind === "noisy" ? 20 * sample + token : 0;
      const at = (r * places + i) * 2;
      expect([...(data as Float32Array).subarray(at, at + 2)]).toEqual([expected, expected]);
    }),
  );
});

it("encodes nothing for rows without noisy tokens", async () => {
  const rows = packRows([buildSequence([drawn(0, 0)])], { text: 8, visual: 8 });
  const { data } = await alignmentFeatures(
    rows,
    2,
    3,
    () => 0,
    async (images) => new Float32Array(images.length),
  );
  expect([...(data as Float32Array)]).toEqual([0, 0, 0, 0, 0, 0]);
});
