import { afterAll, expect, test, vi } from "vitest";
import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import { Tokenizer } from "../encoders/tokenizer.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import { imageSeed } from "./draw.ts";
import { LoadedMogao } from "./loaded-mogao.ts";
import { asLoaded, scriptedModel, specialId, tinyModel } from "./testing.ts";
import type { GenerateEvent, GenerateOptions, GenerateResult, Part } from "./types.ts";

const runtime = await openRuntime({ threads: 1 });
const opened: { dispose(): void }[] = [];
afterAll(() => opened.forEach((model) => model.dispose()));
const open = (model: ReturnType<typeof tinyModel>) => {
  const loaded = new LoadedMogao(runtime, asLoaded(model));
  opened.push(loaded);
  return loaded;
};

const random = open(tinyModel());
const byte = (character: string) => character.charCodeAt(0);
const [turnStart, turnEnd, visionStart, visionEnd] = [
  specialId("<|im_start|>"),
  specialId("<|im_end|>"),
  specialId("<|vision_start|>"),
  specialId("<|vision_end|>"),
];
/** "Hi", an image, "ok", the end. */
const illustrator = open(
  scriptedModel([
    [turnStart, byte("H")],
    [byte("H"), byte("i")],
    [byte("i"), visionStart],
    [visionEnd, byte("o")],
    [byte("o"), byte("k")],
    [byte("k"), turnEnd],
  ]),
);
/** "a", an image, "b", an image, "b", … without end. */
const painter = open(
  scriptedModel([
    [turnStart, byte("a")],
    [byte("a"), visionStart],
    [visionEnd, byte("b")],
    [byte("b"), visionStart],
  ]),
);
const greedy: GenerateOptions = { seed: 3, temperature: 0 };

const pixels = new Philox(9);
const picture = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: 3 * width * height }, () => pixels.int(256)),
});

async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test("text, an image when the model opens one, text again, until it ends its turn", async () => {
  const generation = illustrator.generate("?", greedy);
  const result = await generation;
  expect(result.parts.map((part) => (part.type === "text" ? part.text : "image"))).toEqual(["Hi", "image", "ok"]);
  expect(result).toMatchObject({ text: "Hi\n\nok", finish: "stop", seed: 3 });
  expect(result.usage).toEqual({
    promptTokens: 1,
    promptImages: 0,
    completionTokens: 4,
    completionImages: 1,
    denoiseSteps: 4,
  });
  expect(result.images[0]).toMatchObject({ width: 32, height: 32 });
  const steps = [1, 2, 3, 4].map((step) => ({ type: "image-step", index: 0, step, steps: 4 }));
  expect(await collect(generation)).toEqual([
    { type: "text-delta", text: "H" },
    { type: "text-delta", text: "i" },
    { type: "text-end", text: "Hi" },
    { type: "image-start", index: 0, width: 32, height: 32, steps: 4 },
    ...steps,
    { type: "image-end", index: 0, image: result.images[0], seed: 3 },
    { type: "text-delta", text: "o" },
    { type: "text-delta", text: "k" },
    { type: "text-end", text: "ok" },
    { type: "finish", reason: "stop", usage: result.usage },
  ]);
});

test("images and text in turns, up to the limits on either", async () => {
  const two = await painter.generate("?", greedy);
  expect(two.parts.map(({ type }) => type)).toEqual(["text", "image", "text", "image", "text"]);
  expect(two.finish).toBe("length");
  const [first, second] = two.images as [RgbImage, RgbImage];
  expect(first.data).not.toEqual(second.data);
  expect(two.parts[3]).toMatchObject({ seed: imageSeed(3, 1) });
  const short = await painter.generate("?", { ...greedy, maxTokens: 1 });
  expect(short.parts.map(({ type }) => type)).toEqual(["text", "image"]);
  expect(short).toMatchObject({ finish: "length", usage: { completionTokens: 1 } });
});

test("the first image's seed is the generation's: its noise can be had again", async () => {
  const { images } = await painter.generate("?", { ...greedy, seed: 77, maxImages: 1 });
  const again = await painter.generate("?", { ...greedy, seed: 77 });
  expect(again.images[0]).toEqual(images[0]);
  const other = await painter.generate("?", { ...greedy, seed: 78 });
  expect(other.images[0]!.data).not.toEqual(images[0]!.data);
});

test("output modes", async () => {
  const text = await painter.generate("?", { ...greedy, output: "text" });
  expect(text).toMatchObject({ images: [], finish: "length", usage: { completionTokens: 12, completionImages: 0 } });
  expect((await painter.generate("?", { ...greedy, maxImages: 0 })).images).toEqual([]);
  const image = await illustrator.generate("?", { ...greedy, output: "image" });
  expect(image.parts[0]!.type).toBe("image");
  expect(image.text).toBe("");
  // Neither the end nor another image follows `<|vision_end|>` here: the smaller id does.
  expect(image).toMatchObject({ finish: "stop", usage: { completionTokens: 0, completionImages: 1 } });
});

test("the same seed gives the same text and pictures, another one others", async () => {
  const prompt = ["Paint ", { type: "image", image: picture(50, 20) }] as const;
  const options: GenerateOptions = { output: "auto", temperature: 1, maxTokens: 8 };
  const draw = async (seed: number) => {
    const text = await random.generate(prompt, { ...options, seed });
    const image = await random.generate(prompt, { seed, output: "image", maxImages: 1 });
    return { text: text.parts, image: image.images };
  };
  const [a, again, b] = [await draw(1), await draw(1), await draw(2)];
  expect(again).toEqual(a);
  expect(b.text).not.toEqual(a.text);
  expect(b.image).not.toEqual(a.image);
});

/** The same picture, but for rounding. */
function expectSimilar(found: Uint8Array, expected: Uint8Array): void {
  expect(found.length).toBe(expected.length);
  expect(Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)))).toBeLessThanOrEqual(2);
}

test("samples are what generations with their seeds are, up to rounding, and run the prompt once", async () => {
  const encoded = vi.spyOn(Tokenizer.prototype, "encode");
  for (const output of ["text", "image"] as const) {
    const prompt = ["Paint ", { type: "image", image: picture(50, 20) }] as const;
    const options: GenerateOptions = { output, temperature: 1, maxTokens: 4, maxImages: 1 };
    const alone: GenerateResult[] = [];
    for (const seed of [2 ** 32 - 1, 0, 1]) alone.push(await random.generate(prompt, { ...options, seed }));
    encoded.mockClear();
    await random.generate(prompt, { ...options, seed: 0 });
    const once = encoded.mock.calls.length;
    encoded.mockClear();
    const samples = random.samples(prompt, 3, { ...options, seed: 2 ** 32 - 1 });
    expect(samples.map(({ seed }) => seed)).toEqual([2 ** 32 - 1, 0, 1]);
    for (const [i, sample] of (await Promise.all(samples)).entries()) {
      expect({ ...sample, parts: [], images: [] }).toEqual({ ...alone[i]!, parts: [], images: [] });
      sample.images.forEach(({ data }, k) => expectSimilar(data, alone[i]!.images[k]!.data));
    }
    expect(encoded).toHaveBeenCalledTimes(once);
  }
  encoded.mockRestore();
});

test("a sample that is left does not disturb the others; what is wrong with the prompt each one tells", async () => {
  const prompt = ["go ", { type: "image", image: picture(32, 32) }] as const;
  const options: GenerateOptions = { output: "image", maxImages: 1, seed: 7 };
  const samples = random.samples(prompt, 3, options);
  for await (const event of samples[0]!) if (event.type === "image-step") break;
  await expect(samples[0]).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  const [alone, sample] = [await random.generate(prompt, { ...options, seed: 9 }), await samples[2]!];
  expectSimilar(sample.images[0]!.data, alone.images[0]!.data);
  for (const sample of random.samples([], 2)) await expect(sample).rejects.toThrow("prompt: expected a text");
  expect(() => random.samples("?", 0)).toThrow("samples: expected a whole number of at least 1, found 0");
});

test("generations at the same time do not disturb each other", async () => {
  const run = (seed: number) =>
    random.generate(["go ", { type: "image", image: fixed }], {
      seed,
      output: seed % 2 ? "image" : "text",
      maxImages: 1,
    });
  const fixed = picture(32, 32);
  const alone = [await run(1), await run(2), await run(3)];
  const together = await Promise.all([run(1), run(2), run(3)]);
  expect(together).toEqual(alone);
});

test("previews are the estimates on the way, every so many steps", async () => {
  const events = await collect(painter.generate("?", { ...greedy, maxImages: 1, steps: 7, previewEvery: 2 }));
  const steps = events.flatMap((event) => (event.type === "image-step" ? [event] : []));
  expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(steps.map(({ preview }) => preview !== undefined)).toEqual([false, true, false, true, false, true, false]);
  expect(steps[1]!.preview).toMatchObject({ width: 32, height: 32 });
});

test("sizes are rounded to the token grid; impossible ones and other bad options are refused", async () => {
  const { images } = await painter.generate("?", { ...greedy, maxImages: 1, size: { width: 41, height: 7 } });
  expect(images[0]).toMatchObject({ width: 48, height: 16 });
  const refused = async (options: GenerateOptions, message: string) => {
    const failure = await random.generate("?", options).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(InputError);
    expect((failure as Error).message).toContain(message);
  };
  await refused({ size: { width: 0, height: 32 } }, "size: expected positive whole numbers of pixels, found 0×32");
  await refused({ size: { width: -16, height: 32 } }, "size");
  await refused({ size: { width: 800, height: 800 } }, "size: expected at most 4096 pixels");
  await refused({ seed: -1 }, "seed: expected a whole number from 0 to 4294967295, found -1");
  await refused({ steps: 0 }, "steps");
  await refused({ temperature: Number.NaN }, "temperature");
  await refused({ shift: 0 }, "shift: expected a number from 0.01 to 100, found 0");
  await refused({ guidanceInterval: [0.6, 0.4] }, "guidanceInterval: expected two shares of noise");
  await refused(
    { guidanceRenormalisation: { over: "local" as "global", least: 0 } },
    "guidanceRenormalisation: expected one of none, global, channel, text_channel, found local",
  );
  await refused({ guidanceRenormalisation: { over: "global", least: 2 } }, "a least factor from 0 to 1, found 2");
  await refused({ aspect: "tall" }, "aspect: expected a ratio");
  await refused({ topP: 0 }, "topP");
  await refused({ output: "video" as "image" }, "output: expected auto, text or image, found video");
  await refused({ output: "image", maxImages: 0 }, "maxImages");
  await refused({ guidence: 3 } as GenerateOptions, "guidence: expected one of the options");
});

test("aborting in the middle of a drawing", async () => {
  const controller = new AbortController();
  const generation = painter.generate("?", { ...greedy, steps: 1000, signal: controller.signal });
  let steps = 0;
  const iteration = (async () => {
    for await (const event of generation)
      if (event.type === "image-step" && ++steps === 2) controller.abort(new Error("enough"));
  })();
  await expect(iteration).rejects.toThrow("enough");
  await expect(generation).rejects.toThrow("enough");
  expect(steps).toBeLessThan(5);
});

test("a chat goes on from its caches; a turn that was left leaves no trace; reset forgets", async () => {
  const [chat, calm] = [random.chat(), random.chat()];
  const turns: Part[][] = [];
  for (const session of [chat, calm]) {
    await session.send(["one ", { type: "image", image: fixedPicture }], { seed: 4, output: "image", maxImages: 2 });
    if (session === chat) {
      for await (const event of session.send("lost", { seed: 9, output: "image", steps: 50 }))
        if (event.type === "image-step") break;
      await expect(session.send("refused", { steps: -1 })).rejects.toThrow(InputError);
    }
    const second = session.send("two", { seed: 5, output: "text" });
    const third = session.send("three", { seed: 6, output: "image", maxImages: 1 }); // waits for its turn
    turns.push([...(await second).parts, ...(await third).parts]);
    expect(session.history.length).toBe(6);
    expect(session.history[2]).toEqual([{ type: "text", text: "two" }]);
  }
  expect(turns[0]).toEqual(turns[1]);
  const fresh = await random.generate("two", { seed: 5, output: "text" });
  expect(turns[0]![0]).not.toEqual(fresh.parts[0]);
  chat.reset();
  expect(chat.history).toEqual([]);
  expect((await chat.send("two", { seed: 5, output: "text" })).parts).toEqual(fresh.parts);
});
const fixedPicture = picture(20, 60);

test("disposing aborts what runs and refuses what comes", async () => {
  const model = open(tinyModel());
  const generation = model.generate("?", { output: "image", steps: 10_000 });
  for await (const event of generation) if (event.type === "image-step") break;
  const running = model.generate("?", { output: "image", steps: 10_000 });
  model.dispose();
  model.dispose();
  await expect(running).rejects.toThrow("disposed");
  await expect(model.generate("?")).rejects.toThrow("disposed");
});
