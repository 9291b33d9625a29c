/**
 * BAGEL's own code against ours, on a tiny random checkpoint with the real key names: tests/fixtures/references/make_bagel.py
 * ran it. Hidden states are those of one pass over the whole sequence, all else goes through the caches of generation.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bfloat16ToFloat32, float32ToBfloat16 } from "../../src/core/half.ts";
import { VitCodec } from "../../src/encoders/vit-codec.ts";
import { CachedContext, type ContextImage, type ContextPart } from "../../src/generate/context.ts";
import { Denoiser } from "../../src/generate/denoiser.ts";
import { sampleFlow } from "../../src/generate/flow-sampler.ts";
import { ModelPrograms } from "../../src/generate/model-programs.ts";
import { fillPositionTable } from "../../src/model/position-table.ts";
import type { GuidanceRule } from "../../src/model/guidance.ts";
import type { SequencePart } from "../../src/model/sequence.ts";
import { readBagel } from "../../src/weights/families/bagel.ts";
import { modelParameters } from "../../src/weights/model-folder.ts";
import type { PublicWeights } from "../../src/weights/public-model.ts";
import { readParameters } from "../../src/weights/read-parameters.ts";
import { writeBagelFolder } from "../support/bagel-folder.ts";
import { expectClose, expectedOf, runtime, type Reference } from "../support/reference-checkpoints.ts";
import { wholePass } from "../support/whole-pass.ts";

const scratch = await mkdtemp(join(tmpdir(), "mogao-bagel-"));
await writeBagelFolder(scratch);
const config = await readBagel(scratch);
const [{ path, map }] = config.weights as [PublicWeights];
const weights = await readParameters(path, modelParameters(config), { map });
await rm(scratch, { recursive: true });
const expected = await expectedOf("bagel");
const of = (name: string): Reference => expected.get(name)!;
const ids = (name: string) => [...of(name).data];

const BOS = 257;
const EOS = 258;
const markers = { start: 259, end: 260 };
const segment = (name: string) => [BOS, ...ids(name), EOS];

const programs = new ModelPrograms(runtime, config.model, weights);
const vit = await VitCodec.open(runtime, config.vit, weights, { tokenSide: config.vit.patch });
afterAll(() => [programs, vit].forEach((opened) => opened.dispose()));

/** A picture as the ViT sees it. */
async function seen(name: string) {
  const [height, width] = of(name).shape as [number, number];
  const tokens = await vit.encode([{ width, height, data: Uint8Array.from(of(name).data) }]);
  return { vitTokens: tokens, vitGrid: { rows: height / config.vit.patch, columns: width / config.vit.patch } };
}

const grid = { rows: 2, columns: 3 };
const image = async (name: string, latents?: string): Promise<ContextPart> => {
  const { vitTokens, vitGrid } = await seen(name);
  const context: ContextImage = {
    ...grid,
    vitGrid,
    vitTokens: () => Promise.resolve(vitTokens),
    ...(latents !== undefined && { latents: () => Promise.resolve(of(latents).data) }),
  };
  return { type: "image", image: context, markers };
};
const text = (name: string): ContextPart => ({ type: "text", ids: segment(name) });

function contextOf(...parts: readonly ContextPart[]): CachedContext {
  const context = new CachedContext(programs);
  context.push(...parts);
  return context;
}

test.each(["latent", "vit"] as const)("the table of %s positions is our formula's, rounded to bfloat16", (encoder) => {
  const theirs = weights.get(`mogao.${encoder}_positions.weight`)!;
  const ours = new Float32Array(theirs.length);
  fillPositionTable(config.model[`${encoder}Table`]!, config.model.hiddenSize, ours);
  expect(bfloat16ToFloat32(float32ToBfloat16(ours))).toEqual(theirs);
});

test("hidden states of every layer: a picture and a question", async () => {
  const { vitTokens, vitGrid } = await seen("image");
  const parts: SequencePart[] = [
    { type: "image", image: 0, ...grid, vitGrid, vit: true, vae: false, copies: 0, markers },
    { type: "text", ids: segment("question"), loss: false },
  ];
  const { hidden } = await wholePass(config.model, weights, parts, { vitTokens });
  hidden.forEach(({ text: rows }, layer) => expectClose(rows, of(`understanding.hidden.${layer}`)));
});

test("logits and greedy text about a picture", async () => {
  const context = contextOf(await image("image"), text("question"), { type: "text", ids: [BOS] });
  const { shape, data } = of("logits");
  const [steps, vocabulary] = shape as [number, number];
  const written = [BOS];
  for (let step = 0; step < steps; step++) {
    const logits = await context.logits();
    expectClose(logits, { shape: [vocabulary], data: data.subarray(step * vocabulary, (step + 1) * vocabulary) });
    written.push(logits.indexOf(Math.max(...logits)));
    context.push({ type: "text", ids: [written.at(-1)!] });
  }
  expect(written.slice(0, steps)).toEqual(ids("greedy"));
});

test("hidden states of every layer: noisy latents that see a picture and a text", async () => {
  const { vitTokens, vitGrid } = await seen("edit.image");
  const clean = { type: "image", image: 0, ...grid, vitGrid, vit: true, vae: true, copies: 0, markers } as const;
  const drawn = { ...clean, image: 1, vit: false, vae: false, copies: 1 };
  const { hidden, sequence } = await wholePass(
    config.model,
    weights,
    [clean, { type: "text", ids: segment("text"), loss: false }, drawn],
    { vitTokens, latents: (i) => of(i === 0 ? "edit.source" : "x_t").data, time: 1 - 0.6 },
  );
  const size = config.model.hiddenSize;
  const rowsOf = (values: Float32Array, rows: readonly { kind: string }[]) =>
    rows.flatMap(({ kind }, i) => (kind === "noisy" ? [values.subarray(i * size, (i + 1) * size)] : []));
  hidden.forEach((states, layer) => {
    const [start, end] = rowsOf(states.text, sequence.text);
    const group = [start!, ...rowsOf(states.visual!, sequence.visual), end!];
    expectClose(Float32Array.from(group.flatMap((row) => [...row])), of(`edit.hidden.${layer}`));
  });
});

const contexts = async () => {
  const source = await image("edit.image", "edit.source");
  return {
    full: contextOf(source, text("text")),
    "before-text": contextOf(source),
    texts: contextOf(text("text")),
  };
};

test("one step of denoising in each of the three contexts", async () => {
  for (const [condition, context] of Object.entries(await contexts())) {
    await context.settle();
    const rule = { form: "nested", text: 1, image: 1 } as const;
    const branches = [{ condition: "full", context }] as const;
    const denoiser = await Denoiser.open(programs, branches, { ...grid, markers, rule, interval: [0, 1] });
    const velocity = new Float32Array(denoiser.size);
    await denoiser.velocity(of("x_t").data, 1 - 0.6, velocity);
    const { shape, data } = of(`edit.velocity.${condition}`);
    expectClose(velocity, { shape, data: data.map((value) => -value) }); // theirs points to the noise
  }
});

/** `times` as BAGEL counts them: the last one is data. */
async function draw(
  drawing: Partial<Record<"full" | "before-text" | "texts", CachedContext>>,
  rule: GuidanceRule,
  options: { readonly times: number; readonly interval: readonly [number, number] },
): Promise<Float32Array> {
  const branches = Object.entries(drawing).map(([condition, context]) => ({ condition, context }));
  for (const { context } of branches) await context.settle();
  const denoiser = await Denoiser.open(programs, branches as Parameters<typeof Denoiser.open>[1], {
    ...grid,
    markers,
    rule,
    interval: options.interval,
  });
  const x = Float32Array.from(of("x_t").data);
  await sampleFlow(x, denoiser.velocity, { steps: options.times - 1, shift: 3, solver: "euler" });
  return x;
}

test("an edit, guided by text and picture", async () => {
  const rule = { form: "nested", text: 4, image: 2, renormalisation: { over: "text_channel", least: 0 } } as const;
  expectClose(await draw(await contexts(), rule, { times: 5, interval: [0, 1] }), of("edit.drawn"));
});

test("a picture from a text, guided while noise prevails, against an empty context", async () => {
  const rule = { form: "nested", text: 4, image: 1, renormalisation: { over: "global", least: 0 } } as const;
  const drawing = { full: contextOf(text("text")), "before-text": contextOf() };
  expectClose(await draw(drawing, rule, { times: 6, interval: [0.4, 1] }), of("draw.drawn"));
});
