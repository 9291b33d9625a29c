/**
 * Pictures of different prompts drawn together: `npm run bench -- batch`.
 *
 * The default model answers eight prompts with a picture each, at 96 and at 192 px, with its own settings: one after another, and as
 * one batch, in turn, round after round. Reported: the batch's time over that of one after another (below 1 is a gain), and the largest
 * difference between the pictures of both, of 255.
 */
import { load } from "../src/index.ts";
import type { GenerateResult } from "../src/index.ts";
import { benchOptions, inTurn, printTable } from "./measure.ts";

const SIDES = [96, 192];
const { rounds, threads, clock } = benchOptions(4);
const model = await load({ threads });
const things = [
  "a red apple",
  "a cat",
  "a blue car and a dog",
  "a green frog",
  "a house",
  "two bananas",
  "a star",
  "a bus",
];
const prompts = things.map((thing) => `Draw ${thing}.`);
const count = prompts.length;

const rows: string[][] = [];
const results = [];
for (const side of SIDES) {
  const options = { output: "image", maxImages: 1, size: { width: side, height: side }, seed: 1 } as const;
  let alone: GenerateResult[] = [];
  let together: GenerateResult[] = [];
  const times = await inTurn(
    {
      alone: async () => {
        alone = [];
        for (const [i, prompt] of prompts.entries())
          alone.push(await model.generate(prompt, { ...options, seed: 1 + i }));
      },
      together: async () => {
        together = await Promise.all(model.batch(prompts, { ...options, together: count }));
      },
    },
    { rounds, clock },
  );
  const best = { alone: Math.min(...times.alone), together: Math.min(...times.together) };
  const pixels = (all: readonly GenerateResult[]) => all.flatMap(({ images }) => [...images[0]!.data]);
  const ours = pixels(together);
  const difference = pixels(alone).reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i]!)), 0);
  const ratio = best.together / best.alone;
  rows.push([
    `${count} of ${side} px`,
    best.alone.toFixed(0),
    best.together.toFixed(0),
    ratio.toFixed(2),
    String(difference),
  ]);
  results.push({ side, ...best, ratio, difference });
}
printTable(["pictures", "alone ms", "together ms", "ratio", "difference"], rows);
console.log(JSON.stringify({ bench: "batch", device: model.device, count, threads, rounds, results }));
model.dispose();
