import { expect, test } from "vitest";
import { input, mul, reduceSum } from "../graph/primitives.ts";
import { gradients } from "../graph/gradients.ts";
import { topologicalOrder, isOperation, type Tensor } from "../graph/tensor.ts";
import { ablations } from "../model/presets.ts";
import type { SequencePart } from "../model/sequence.ts";
import { evaluate, image, text, tinyConfig, tinyFeeds, tinyModel, type TinyContents } from "./testing.ts";

const roomy = { text: 64, visual: 64 };
const model = tinyModel();

/** Text and flow losses of two images, each with its text before and after. */
const parts: SequencePart[] = [text(1, 2), image(0), text(3, 4), image(1), text(5, 6)];
function losses(
  sample: readonly SequencePart[],
  contents: TinyContents,
  of = model,
  config = tinyConfig,
): [number, number] {
  const [t, f] = evaluate(
    [of.graph.textLoss, of.graph.flowLoss],
    tinyFeeds([sample], roomy, contents, config),
    of.values,
  );
  return [t![0]!, f![0]!];
}
const other = (changed: number) => (i: number) => (i === changed ? 40 + i : i);

test("text never depends on a VAE token, clean or noisy", () => {
  const [before] = losses(parts, {});
  expect(losses(parts, { latents: other(0), noise: (i, copy) => 7 * i + copy + 3 })[0]).toBe(before);
  expect(losses(parts, { vit: other(0) })[0]).not.toBe(before); // but it does see the ViT
});

test("with the VAE as the only encoder (ablations A, B) text sees clean VAE tokens and still no noise", () => {
  const config = { ...tinyConfig, ...ablations.B };
  const shared = tinyModel(config);
  const only = parts.map((part) => (part.type === "image" ? { ...part, vit: false } : part));
  const [before] = losses(only, {}, shared, config);
  expect(losses(only, { latents: other(0) }, shared, config)[0]).not.toBe(before);
  expect(losses(only, { noise: (i) => i + 5 }, shared, config)[0]).toBe(before);
});

test("a noisy image never sees its own clean tokens, nor another noisy image", () => {
  // The last image alone has a loss: its own ViT tokens may change without effect.
  const last: SequencePart[] = [text(1, 2), image(0), text(3, 4), image(1)];
  const drawn = last.map((part, i) => (i === 1 ? { ...part, copies: 0 } : part)) as SequencePart[];
  const [, before] = losses(drawn, {});
  expect(losses(drawn, { vit: other(1) })[1]).toBe(before);
  expect(losses(drawn, { vit: other(0) })[1]).not.toBe(before);
  expect(losses(drawn, { latents: other(0) })[1]).not.toBe(before);
  // Rows: image 0's two clean tokens, then image 1's noisy and clean ones.
  expect(velocityDependence(drawn, [2, 3])).toEqual([true, true, true, true, false, false]);
});

test("no noisy copy sees another one", () => {
  const copies: SequencePart[] = [text(1, 2), image(0, { vae: false, copies: 2 })];
  // Rows: the two tokens of copy 0, then those of copy 1.
  expect(velocityDependence(copies, [0, 1])).toEqual([true, true, false, false]);
  expect(velocityDependence(copies, [2, 3])).toEqual([false, false, true, true]);
});

test("no sample sees another in its row", () => {
  const feeds = tinyFeeds(
    [
      [text(1, 5, 6, 7, 8), image(0), text(2)],
      [text(3), image(1, { copies: 0 }), text(4), image(2, { vae: false })],
    ],
    roomy,
  );
  // A sample's rows: image 0's noisy tokens, then its clean ones; then image 1's clean tokens and image 2's noisy ones.
  expect(dependence(feeds, [0, 1])).toEqual([true, true, false, false, false, false, false, false]);
  expect(dependence(feeds, [6, 7])).toEqual([false, false, false, false, true, true, true, true]);
});

/** For each visual row: does the predicted velocity of the rows `read` depend on its latents or noise? */
function velocityDependence(sample: readonly SequencePart[], read: readonly number[]): boolean[] {
  return dependence(tinyFeeds([sample], roomy), read);
}

function dependence(feeds: ReturnType<typeof tinyFeeds>, read: readonly number[]): boolean[] {
  const order = topologicalOrder([model.graph.flowLoss]);
  const named = (name: string) => order.find((node) => isOperation(node, "input") && node.attributes.name === name)!;
  const reaches = (node: Tensor, name: string) => topologicalOrder([node]).includes(named(name));
  // The velocity head's output is the first node of the latents' shape that its weight reaches.
  const velocity = order.find(
    (node) => String(node.shape) === String(named("latents").shape) && reaches(node, "velocity.weight"),
  )!;
  const rows = feeds["latents"]!.shape[1]!;
  const size = tinyConfig.latentSize;
  const weights = Float32Array.from({ length: rows * size }, (_, i) =>
    read.includes(Math.floor(i / size)) ? Math.cos(i) : 0,
  );
  const readout = reduceSum(mul(velocity, input("read", velocity.shape)));
  const results = evaluate(
    gradients(readout, [named("latents"), named("noise")]),
    { ...feeds, read: { type: "float32", shape: [1, rows, size], data: weights } },
    model.values,
  );
  return Array.from({ length: rows }, (_, row) =>
    results.some((values) => values.subarray(row * size, (row + 1) * size).some((value) => value !== 0)),
  );
}
