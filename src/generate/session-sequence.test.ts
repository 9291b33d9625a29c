/** What a session puts before the model: sequences, the programs that they need, and system prompts. */
import { afterAll, expect, test, vi } from "vitest";
import type { RgbImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import { conversationParts, imagesOnly, type ConversationItem } from "../model/conversation.ts";
import type { SequencePart } from "../model/sequence.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import { CachedContext, type ContextImage, type ContextPart } from "./context.ts";
import { Conversation } from "./conversation.ts";
import { Engine } from "./engine.ts";
import { resolveOptions } from "./options.ts";
import { answer, pushPrompt } from "./session.ts";
import { asLoaded, specialId, tinyModel } from "./testing.ts";
import type { GenerateOptions, Part } from "./types.ts";

const runtime = await openRuntime({ threads: 1 });
const opened: Engine[] = [];
afterAll(() => opened.forEach((engine) => engine.dispose()));

const [turnStart, visionStart, visionEnd] = [
  specialId("<|im_start|>"),
  specialId("<|vision_start|>"),
  specialId("<|vision_end|>"),
];
const pixels = new Philox(9);
const given: RgbImage = {
  width: 32,
  height: 32,
  data: Uint8Array.from({ length: 3 * 32 * 32 }, () => pixels.int(256)),
};

test("what the model sees is what training shows: turns, markers and, without text, the images alone", async () => {
  const engine = new Engine(runtime, asLoaded(tinyModel()));
  opened.push(engine);
  const { special } = engine.tokenizer;
  const conversation = new Conversation(engine);
  const signal = new AbortController().signal;
  const prompt: Part[] = [
    { type: "text", text: "see" },
    { type: "image", image: given },
    { type: "text", text: "and draw" },
  ];
  const options = resolveOptions({ output: "image", maxImages: 2, temperature: 1 }, engine.config, 12);
  const result = await answer(engine, conversation, prompt, { options, emit: () => {}, signal });
  const drawn = result.parts.flatMap((part) => (part.type === "image" ? [part.image] : []));
  expect(drawn.length).toBeGreaterThan(0);
  await pushPrompt(engine, conversation, [{ type: "text", text: "more" }], options, signal);
  conversation.pushTokens(engine.markup.openAnswer);

  const pictures = [given, ...drawn];
  const images = await Promise.all(pictures.map((image) => engine.contextImage(image)));
  const text = (value: string, loss: boolean): ConversationItem => ({
    type: "text",
    ids: engine.tokenizer.encode(value),
    loss,
  });
  const image = (i: number, loss: boolean): ConversationItem => ({
    type: "image",
    image: i,
    rows: 2,
    columns: 2,
    loss,
  });
  const items = [
    text("see", false),
    image(0, false),
    text("and draw", false),
    ...drawn.map((_, i) => image(i + 1, true)),
    text("more", false),
  ];
  const parts = conversationParts(items, special, {
    copies: 1,
    context: { vit: true, vae: true },
    closeLastImage: true,
  });
  const asContext = (all: readonly SequencePart[], latents?: ContextImage["latents"]): ContextPart[] =>
    all.map((part) =>
      part.type === "text" ? part : { type: "image", image: { ...images[part.image]!, ...(latents && { latents }) } },
    );
  const expected = new CachedContext(engine.programs);
  expected.push(...asContext(parts), { type: "text", ids: [turnStart] });
  expectClose(await conversation.logits(), await expected.logits());
  expect(conversation.length).toBe(expected.length);

  const withoutText = new CachedContext(engine.programs);
  withoutText.push(...asContext(imagesOnly(parts, special)), { type: "text", ids: [visionStart] });
  conversation.pushTokens(engine.markup.openImage, "image");
  const branch = await conversation.condition("images");
  await withoutText.settle();
  const places = (context: CachedContext) => context.places().map(({ kind, order }) => `${kind} ${order}`);
  expect(places(branch)).toEqual(places(withoutText));
  for (const context of [branch, withoutText]) context.push({ type: "text", ids: [visionEnd] });
  expectClose(await branch.logits(), await withoutText.logits());
  expect((await conversation.condition("none")).places().length).toBe(1);
});

function expectClose(found: Float32Array, expected: Float32Array): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4));
}

test("talking about a picture never runs the VAE, drawing after it does", async () => {
  const engine = new Engine(runtime, asLoaded(tinyModel()));
  opened.push(engine);
  const asked = vi.spyOn(engine.programs, "get");
  const encoded = vi.spyOn(await engine.vae(), "encode");
  const conversation = new Conversation(engine);
  const say = (output: "text" | "image") => {
    const options = resolveOptions({ output, maxImages: 1, temperature: 1, maxTokens: 3 }, engine.config, 1);
    const prompt: Part[] = output === "text" ? [{ type: "image", image: given }] : [{ type: "text", text: "!" }];
    return answer(engine, conversation, prompt, { options, emit: () => {}, signal: new AbortController().signal });
  };
  await say("text");
  expect(asked.mock.calls.flat()).not.toContain("clean");
  expect(encoded).not.toHaveBeenCalled();
  await say("image");
  expect(asked.mock.calls.flat()).toContain("clean");
  expect(encoded).toHaveBeenCalledTimes(1); // once for both branches of guidance that see it
});

test("a model that draws when asked to begins with the system prompt of what is asked, unless the caller gives one", async () => {
  const systemPrompts = { draw: "DRAW", edit: "EDIT" };
  const begun = async (prompt: Part[], change: GenerateOptions, opensImages = false) => {
    const model = tinyModel();
    const { generation } = model.config;
    const markup = { opening: "USUAL", system: ["<|im_start|>", "<|im_end|>"] as const };
    const config = { ...model.config, generation: { ...generation, systemPrompts, opensImages, markup } };
    const engine = new Engine(runtime, asLoaded({ ...model, config }));
    opened.push(engine);
    const conversation = new Conversation(engine);
    const pushed = vi.spyOn(conversation, "pushTokens");
    const options = resolveOptions(change, engine.config, 1);
    await pushPrompt(engine, conversation, prompt, options, new AbortController().signal);
    return engine.tokenizer.decode(pushed.mock.calls.flatMap(([ids, role]) => (role === "image" ? [] : [...ids])));
  };
  const [text, picture] = [{ type: "text", text: "!" } as const, { type: "image", image: given } as const];
  expect(await begun([text], {})).toBe("DRAW!");
  expect(await begun([picture, text], {})).toBe("EDIT!");
  expect(await begun([picture, text], { output: "text" })).toBe("USUAL!");
  expect(await begun([text], { think: "THINK" })).toBe("THINK!");
  expect(await begun([text], {}, true)).toBe("USUAL!");
});

test("text never comes from ids that structure a sequence", () => {
  const engine = new Engine(runtime, asLoaded(tinyModel()));
  opened.push(engine);
  expect(engine.textIds()).toEqual(Array.from({ length: 256 }, (_, id) => id));
});
