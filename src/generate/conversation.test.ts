import { afterAll, expect, test } from "vitest";
import type { RgbImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import { CachedContext, type ContextPart } from "./context.ts";
import { Conversation } from "./conversation.ts";
import { Engine } from "./engine.ts";
import { pushPrompt } from "./session.ts";
import { asLoaded, specialId, tinyBagel } from "./testing.ts";
import type { Part } from "./types.ts";

const engine = new Engine(await openRuntime({ threads: 1 }), asLoaded(tinyBagel()));
afterAll(() => engine.dispose());
const pixels = new Philox(9);
const picture = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: 3 * width * height }, () => pixels.int(256)),
});
const [first, second] = [picture(40, 20), picture(32, 32)];
const text = (value: string): Part => ({ type: "text", text: value });
const image = (value: RgbImage): Part => ({ type: "image", image: value });
const signal = new AbortController().signal;
const [start, end] = [specialId("<|im_start|>"), specialId("<|im_end|>")];

/** BAGEL's own form: segments of text, groups of images. */
const segment = (value: string): ContextPart => ({
  type: "text",
  ids: [start, ...engine.tokenizer.encode(value), end],
});
const group = async (value: RgbImage, withVae = true): Promise<ContextPart> => {
  const context = await engine.contextImage(value);
  return {
    type: "image",
    image: withVae ? context : { ...context, latents: undefined },
    markers: engine.markup.insideImage,
  };
};

/** Places, and all keys and values, of a settled context. */
function contents(context: CachedContext) {
  const { layers, kvHeads, headSize } = engine.config.model;
  const places = context.places();
  const arrays = Array.from({ length: 2 * layers }, () => new Float32Array(places.length * kvHeads * headSize));
  context.copyPast(arrays, 0);
  const kinds = places.map(({ kind, order }) => `${kind} ${order}`);
  return { kinds, next: context.next, values: arrays.flatMap((array) => [...array]) };
}

async function expectSame(context: CachedContext, parts: readonly ContextPart[]): Promise<void> {
  const expected = new CachedContext(engine.programs);
  expected.push(...parts);
  await expected.settle();
  const [found, wanted] = [contents(context), contents(expected)];
  expect([found.kinds, found.next]).toEqual([wanted.kinds, wanted.next]);
  const worst = Math.max(0, ...wanted.values.map((value, i) => Math.abs(value - found.values[i]!)));
  expect(worst).toBeLessThan(1e-4);
}

test("the three contexts of BAGEL: all, without the last text, the texts alone", async () => {
  const conversation = new Conversation(engine);
  conversation.includeVae();
  const prompt = [image(first), text("mix"), image(second), text("blend")];
  await pushPrompt(engine, conversation, prompt, { system: "plan", draws: true }, signal);
  const [a, b] = [await group(first), await group(second)];
  const before = [segment("plan"), a, segment("mix"), b];
  await expectSame(await conversation.condition("full"), [...before, segment("blend")]);
  await expectSame(await conversation.condition("before-text"), before);
  await expectSame(await conversation.condition("texts"), ["plan", "mix", "blend"].map(segment));

  // A thought belongs to the first alone.
  conversation.pushTokens(engine.tokenizer.encode("hm"), "thought");
  await expectSame(await conversation.condition("before-text"), before);
  await expectSame(await conversation.condition("texts"), ["plan", "mix", "blend"].map(segment));
  expect((await conversation.condition("full")).next).toBe(
    (await conversation.condition("before-text")).next + "blend".length + 4,
  );

  // After an image nothing but what comes then is the last text.
  conversation.pushImage(await engine.contextImage(second));
  expect((await conversation.condition("before-text")).next).toBe((await conversation.condition("full")).next);
  expect((await conversation.condition("none")).places()).toEqual([]);
});

test("of text alone there is nothing but the text, and that without it", async () => {
  const conversation = new Conversation(engine);
  conversation.includeVae();
  await pushPrompt(engine, conversation, [text("a cat")], { system: undefined, draws: true }, signal);
  expect(await conversation.condition("texts")).toBe(await conversation.condition("full"));
  expect((await conversation.condition("before-text")).places()).toEqual([]);
});

test("VAE tokens are left out until something is to be drawn, then the context is made anew", async () => {
  const conversation = new Conversation(engine);
  await pushPrompt(engine, conversation, [image(first), text("what?")], { system: undefined, draws: true }, signal);
  await expectSame(await conversation.condition("full"), [await group(first, false), segment("what?")]);
  const mark = conversation.mark();
  conversation.pushTokens([start]);
  const seen = [...(await conversation.logits())];
  conversation.rollback(mark);
  conversation.includeVae();
  await expectSame(await conversation.condition("full"), [await group(first), segment("what?")]);
  await expectSame(await conversation.condition("before-text"), [await group(first)]);
  conversation.pushTokens([start]);
  expect([...(await conversation.logits())]).not.toEqual(seen);
});

test("rolled back, the contexts of guidance are as they were", async () => {
  const conversation = new Conversation(engine);
  conversation.includeVae();
  await pushPrompt(engine, conversation, [image(first), text("one")], { system: undefined, draws: true }, signal);
  await conversation.condition("texts");
  const mark = conversation.mark();
  await pushPrompt(engine, conversation, [image(second), text("two")], { system: undefined, draws: true }, signal);
  await conversation.condition("texts");
  conversation.rollback(mark);
  await pushPrompt(engine, conversation, [text("three")], { system: undefined, draws: true }, signal);
  await expectSame(await conversation.condition("texts"), ["one", "three"].map(segment));
  await expectSame(await conversation.condition("before-text"), [await group(first), segment("one")]);
});
