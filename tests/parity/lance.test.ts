/**
 * Lance's own code against ours, on a tiny random checkpoint with the real key names: tests/fixtures/references/make_lance.py
 * ran it. Hidden states are those of one pass over the whole sequence, all else goes through the caches of generation.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { createImage } from "../../src/core/image.ts";
import { CachedContext, type ContextImage, type ContextPart } from "../../src/generate/context.ts";
import { Conversation } from "../../src/generate/conversation.ts";
import { Denoiser } from "../../src/generate/denoiser.ts";
import { Engine } from "../../src/generate/engine.ts";
import { sampleFlow } from "../../src/generate/flow-sampler.ts";
import { ModelPrograms } from "../../src/generate/model-programs.ts";
import { pushPrompt } from "../../src/generate/session.ts";
import type { SequencePart } from "../../src/model/sequence.ts";
import { convertModel } from "../../src/weights/convert-model.ts";
import { loadModelFolder } from "../../src/weights/model-folder.ts";
import { writeLanceFolder } from "../support/lance-folder.ts";
import { expectClose, expectedOf, runtime, type Reference } from "../support/reference-checkpoints.ts";
import { wholePass } from "../support/whole-pass.ts";

const scratch = await mkdtemp(join(tmpdir(), "mogao-lance-"));
const [theirs, ours] = [join(scratch, "theirs"), join(scratch, "ours")];
await writeLanceFolder(theirs);
await convertModel({ family: "lance", folder: theirs, out: ours, name: "lance" });
const folder = await loadModelFolder(ours);
const { config, weights } = folder;
await rm(scratch, { recursive: true });
const expected = await expectedOf("lance");
const of = (name: string): Reference => expected.get(name)!;
const ids = (name: string) => [...of(name).data];

const markers = { start: 259, end: 260 };
const vitGrid = { rows: 2, columns: 3 };
const grid = { rows: 3, columns: 2 };
const programs = new ModelPrograms(runtime, config.model, weights);
afterAll(() => programs.dispose());

const text = (name: string): ContextPart => ({ type: "text", ids: ids(name) });
const contextImage = (latents?: string): ContextImage => ({
  ...grid,
  vitGrid,
  vitTokens: () => Promise.resolve(of("vit").data),
  ...(latents !== undefined && { latents: () => Promise.resolve(of(latents).data) }),
});
const image = (latents?: string): ContextPart => ({ type: "image", image: contextImage(latents), markers });

function contextOf(...parts: readonly ContextPart[]): CachedContext {
  const context = new CachedContext(programs);
  context.push(...parts);
  return context;
}

test("hidden states of every layer: a text, a picture and a question", async () => {
  const parts: SequencePart[] = [
    { type: "text", ids: ids("prefix"), loss: false },
    { type: "image", image: 0, ...grid, vitGrid, vit: true, vae: false, copies: 0, markers },
    { type: "text", ids: ids("question").slice(0, -1), loss: false },
  ];
  const { hidden } = await wholePass(config.model, weights, parts, { vitTokens: of("vit").data });
  hidden.forEach(({ text: rows }, layer) => expectClose(rows, of(`understanding.hidden.${layer}`)));
});

test("logits and greedy text about a picture", async () => {
  const context = contextOf(text("prefix"), image(), text("question"));
  const { shape, data } = of("logits");
  const [steps, vocabulary] = shape as [number, number];
  const written: number[] = [];
  for (let step = 0; step < steps; step++) {
    const logits = await context.logits();
    expectClose(logits, { shape: [vocabulary], data: data.subarray(step * vocabulary, (step + 1) * vocabulary) });
    written.push(logits.indexOf(Math.max(...logits)));
    context.push({ type: "text", ids: [written.at(-1)!] });
  }
  expect(written).toEqual(ids("greedy"));
});

/** What is drawn from: with its text, and without it, as guidance on text has it. */
const tasks = {
  draw: () => [contextOf(text("prefix"), text("text"), text("suffix")), contextOf(text("prefix"), text("suffix"))],
  edit: () => [
    contextOf(text("prefix"), image("source"), text("text"), text("suffix")),
    contextOf(text("prefix"), image("source"), text("suffix")),
  ],
} as const;
const conditions = ["full", "before-text"] as const;

/** Lance's: on text alone. */
const guidance = {
  ...grid,
  markers,
  rule: { form: "nested", text: 4, image: 1, renormalisation: { over: "global", least: 0 } },
  interval: [0.4, 1],
} as const;

async function denoiser(task: keyof typeof tasks, only?: number) {
  const branches = tasks[task]().map((context, i) => ({ context, condition: conditions[only === undefined ? i : 0]! }));
  for (const { context } of branches) await context.settle();
  if (only === undefined) return Denoiser.open(programs, branches, guidance);
  return Denoiser.open(programs, [branches[only]!], { ...guidance, rule: { ...guidance.rule, text: 1 } });
}

test.each(["draw", "edit"] as const)("%s: one step of denoising, with and without the text", async (task) => {
  for (const [i, condition] of conditions.entries()) {
    const { velocity, size } = await denoiser(task, i);
    const found = new Float32Array(size);
    await velocity(of("x_t").data, 1 - 0.6, found);
    const { shape, data } = of(`${task}.velocity.${condition}`);
    expectClose(found, { shape, data: data.map((value) => -value) }); // theirs points to the noise
  }
});

test("two pictures are seen: the second's ViT tokens count on from the first's, and what is drawn has a place of its own", async () => {
  const context = contextOf(text("prefix"), image("source"), image("other"), text("text"), text("suffix"));
  await context.settle();
  const rule = { form: "nested", text: 1, image: 1 } as const;
  const branches = [{ context, condition: "full" }] as const;
  const { velocity, size } = await Denoiser.open(programs, branches, { ...grid, markers, rule, interval: [0, 1] });
  const found = new Float32Array(size);
  await velocity(of("x_t").data, 1 - 0.6, found);
  const { shape, data } = of("pair.velocity.full");
  expectClose(found, { shape, data: data.map((value) => -value) });
});

test.each(["draw", "edit"] as const)("%s: guided by text while noise prevails", async (task) => {
  const x = Float32Array.from(of("x_t").data);
  await sampleFlow(x, (await denoiser(task)).velocity, { steps: 4, shift: 3.5, solver: "euler" });
  expectClose(x, of(`${task}.drawn`));
});

/** The reference's prompt as markup of ours: PREFIX, TEXT and SUFFIX of make_lance.py. */
const markup: (typeof config)["generation"]["markup"] = {
  ...config.generation.markup,
  opening: "<|im_start|>Sy<|im_end|>",
  prompt: ["", "<|im_end|>"],
  answer: ["<|im_start|>", ""],
};

test.each(["draw", "edit"] as const)("%s: a conversation has the contexts that Lance has", async (task) => {
  const generation = { ...config.generation, markup, systemPrompts: {} };
  expect(generation.withoutText).toBe("markup");
  const engine = new Engine(runtime, { ...folder, config: { ...config, generation } });
  vi.spyOn(engine, "contextImage").mockResolvedValue(contextImage("source"));
  const conversation = new Conversation(engine);
  conversation.includeVae();
  const source = { type: "image", image: createImage(1, 1) } as const;
  const prompt = [...(task === "edit" ? [source] : []), { type: "text", text: "Hi!" } as const];
  await pushPrompt(engine, conversation, prompt, { system: undefined, draws: true }, new AbortController().signal);
  conversation.pushMarkup(engine.markup.openAnswer);
  const branches = [];
  for (const condition of conditions) branches.push({ condition, context: await conversation.condition(condition) });
  const { velocity } = await Denoiser.open(engine.programs, branches, guidance);
  const x = Float32Array.from(of("x_t").data);
  await sampleFlow(x, velocity, { steps: 4, shift: 3.5, solver: "euler" });
  expectClose(x, of(`${task}.drawn`));
  engine.dispose();
});
