/**
 * What Efficient Complete Teacher Forcing saves (Sec. 3.3): `npm run bench -- ectf`.
 *
 * The same 16 pictures of 96 px, each after 8 text tokens, as samples of 1, 2, 4, 8 or 16 pictures. ECTF trains all pictures of a
 * sample in one pass, each with clean tokens for what follows and one noisy copy. Without it, a sample becomes one copy
 * per picture, cut off there; the longest copy also carries the text's loss, so both learn the same (src/train/ectf.test.ts).
 * Tokens of a sample grow linearly with ECTF and quadratically with copies; time is that of forward and backward of `nano`.
 */
import type { SequencePart } from "../src/model/sequence.ts";
import { initializeParameters } from "../src/nn/parameters.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import { flatViews } from "../src/train/flat-buffers.ts";
import { GradientProgram } from "../src/train/gradient-program.ts";
import { Optimizer } from "../src/train/optimizer/optimizer.ts";
import { benchOptions, inTurn, median, printTable } from "./measure.ts";
import { nanoBatch, nanoTask, TOKEN_GRID, words, type NanoBatch } from "./nano-batch.ts";

const PICTURES = 16;
const options = benchOptions(3);
const runtime = await openRuntime({ threads: options.threads });
const task = nanoTask();
const optimizer = await Optimizer.open(runtime, task.parameters, {});
initializeParameters(task.parameters, 1, flatViews(optimizer.plan.layout, optimizer.state.weights));
const program = await GradientProgram.open(runtime, task, optimizer);

const grid = { type: "image", rows: TOKEN_GRID, columns: TOKEN_GRID } as const;
const caption = (image: number, loss: boolean): SequencePart => ({ type: "text", ids: words(8, image), loss });
const context = (image: number): SequencePart => ({ ...grid, image, vit: true, vae: true, copies: 0 });

/** One sequence; the last picture has nothing after it, hence no clean tokens. */
function wholeSample(images: number): SequencePart[] {
  return Array.from({ length: images }, (_, image): SequencePart[] => {
    const last = image === images - 1;
    return [caption(image, true), { ...grid, image, vit: !last, vae: !last, copies: 1 }];
  }).flat();
}

/** One sequence per picture, the longest first. */
function truncatedCopies(images: number): SequencePart[][] {
  return Array.from({ length: images }, (_, i) => {
    const drawn = images - 1 - i;
    const withText = i === 0;
    return [
      ...Array.from({ length: drawn }, (__, image) => [caption(image, withText), context(image)]).flat(),
      caption(drawn, withText),
      { ...grid, image: drawn, vit: false, vae: false, copies: 1 },
    ];
  });
}

/** Rows as long as the longest sequence. */
function packed(sequences: readonly (readonly SequencePart[])[]): NanoBatch {
  const { feeds } = nanoBatch(sequences.slice(0, 1), { text: 0, visual: 0 });
  return nanoBatch(sequences, { text: feeds["ids"]!.shape[1]!, visual: feeds["latents"]!.shape[1]! });
}

const table = [1, 2, 4, 8, 16].map((images) => {
  const samples = PICTURES / images;
  return {
    images,
    ectf: packed(Array.from({ length: samples }, () => wholeSample(images))),
    // Copies of one length side by side, the longest first, so that packing wastes little.
    copies: packed(truncatedCopies(images).flatMap((copy) => Array.from({ length: samples }, () => copy))),
  };
});
const results = [];
for (const { images, ectf, copies } of table) {
  const times = await inTurn({ ectf: () => program.run(ectf.feeds), copies: () => program.run(copies.feeds) }, options);
  results.push({
    images,
    ectfTokens: (ectf.tokens * images) / PICTURES,
    copiesTokens: (copies.tokens * images) / PICTURES,
    ectfMs: (median(times.ectf) * images) / PICTURES,
    copiesMs: (median(times.copies) * images) / PICTURES,
    ratio: median(times.copies.map((time, i) => time / times.ectf[i]!)),
  });
}
printTable(
  ["pictures a sample", "ECTF: tokens", "ms", "copies: tokens", "ms", "tokens, ratio", "time, ratio"],
  results.map((row) => [
    String(row.images),
    row.ectfTokens.toFixed(0),
    row.ectfMs.toFixed(0),
    row.copiesTokens.toFixed(0),
    row.copiesMs.toFixed(0),
    (row.copiesTokens / row.ectfTokens).toFixed(2),
    row.ratio.toFixed(2),
  ]),
);
console.log(JSON.stringify({ bench: "ectf", runtime: runtime.description, ...options, samples: results }));
program.dispose();
optimizer.dispose();
