import { afterAll, expect, test, vi } from "vitest";
import { InputError } from "../core/errors.ts";
import { VitCodec } from "../encoders/vit-codec.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import { LoadedMogao } from "./loaded-mogao.ts";
import { drawAfter } from "./next-part.ts";
import { asLoaded, scriptedModel, specialId, tinyModel } from "./testing.ts";
import type { AnswerSoFar, GenerateOptions, NextPart, Part } from "./types.ts";

const runtime = await openRuntime({ threads: 1 });
const opened: LoadedMogao[] = [];
afterAll(() => opened.forEach((model) => model.dispose()));
type Scripted = ReturnType<typeof scriptedModel>;
function open(model: Scripted, generation: Partial<Scripted["config"]["generation"]> = {}): LoadedMogao {
  const config = { ...model.config, generation: { ...model.config.generation, steps: 2, ...generation } };
  const loaded = new LoadedMogao(runtime, asLoaded({ ...model, config }));
  opened.push(loaded);
  return loaded;
}

const byte = (character: string) => character.charCodeAt(0);
const [turnStart, turnEnd, visionStart, visionEnd] = [
  specialId("<|im_start|>"),
  specialId("<|im_end|>"),
  specialId("<|vision_start|>"),
  specialId("<|vision_end|>"),
];
/** "a" and the end; after an image "b" and the end. It never opens an image. */
const teller = () =>
  scriptedModel([
    [turnStart, byte("a")],
    [byte("a"), turnEnd],
    [visionEnd, byte("b")],
    [byte("b"), turnEnd],
  ]);
/** "a", a blank line, and so on; after an image "b" first. */
const rambler = () =>
  scriptedModel([
    [turnStart, byte("a")],
    [byte("a"), byte("\n")],
    [visionEnd, byte("b")],
    [byte("b"), byte("\n")],
    [byte("\n"), byte(" ")],
  ]);
const greedy: GenerateOptions = { seed: 3, temperature: 0 };
const told = (parts: readonly Part[]) => parts.map((part) => (part.type === "text" ? part.text : "image"));

test("a picture after each text, until the most pictures are drawn", async () => {
  const { parts, finish } = await open(teller()).generate("?", {
    ...greedy,
    nextPart: drawAfter("text"),
    maxImages: 2,
  });
  expect(told(parts)).toEqual(["a", "image", "b", "image"]);
  expect(finish).toBe("stop");
});

test("a picture after each paragraph", async () => {
  const { parts } = await open(rambler()).generate("?", { ...greedy, nextPart: drawAfter("paragraph"), maxImages: 2 });
  expect(told(parts)).toEqual(["a\n \n", "image", "b\n \n", "image"]);
});

test("no picture where the model has no more to say", async () => {
  const silent = open(scriptedModel([[turnStart, turnEnd]]));
  const result = await silent.generate("?", { ...greedy, nextPart: drawAfter("text") });
  expect(result).toMatchObject({ parts: [], finish: "stop" });
});

test("a rule is told what has happened, and decides", async () => {
  const asked: AnswerSoFar[] = [];
  const decisions: NextPart[] = ["image", "text", "text", "stop"];
  const nextPart = async (answer: AnswerSoFar) => (asked.push(answer), decisions[asked.length - 1]!);
  const { parts, finish } = await open(teller()).generate("?", { ...greedy, nextPart, maxImages: 3, maxTokens: 9 });
  expect(asked.map(({ after, parts: before, imagesLeft }) => [after, told(before), imagesLeft])).toEqual([
    ["start", [], 3],
    ["image", ["image"], 2],
    ["text", ["image", "b"], 2],
  ]);
  expect(told(parts.slice(0, 2))).toEqual(["image", "b"]);
  expect(finish).toBe("length");
});

test("a model that wants to draw is asked for; the rule may decline", async () => {
  const illustrator = open(
    scriptedModel([
      [turnStart, byte("a")],
      [byte("a"), visionStart],
    ]),
  );
  const after: string[] = [];
  const declined = await illustrator.generate("?", {
    ...greedy,
    nextPart: (answer) => (after.push(answer.after), answer.after === "start" ? "text" : "stop"),
  });
  expect([told(declined.parts), after]).toEqual([["a"], ["start", "request"]]);
  const agreed = await illustrator.generate("?", { ...greedy, nextPart: drawAfter("text"), maxImages: 1 });
  expect(told(agreed.parts)).toEqual(["a", "image"]);
});

test("told to go on, a model that has ended writes at least a token, so that the limit on tokens is reached", async () => {
  const { usage, finish } = await open(teller()).generate("?", { ...greedy, nextPart: () => "text", maxTokens: 5 });
  expect([usage.completionTokens, finish]).toEqual([5, "length"]);
});

test("what is no decision is refused, and a rule that throws ends the answer; the chat is as before", async () => {
  const chat = open(teller()).chat();
  const refused = async (options: GenerateOptions, message: string) => {
    const failure = await chat.send("?", { ...greedy, ...options }).then(undefined, (error: unknown) => error);
    expect(failure).toBeInstanceOf(InputError);
    expect((failure as Error).message).toContain(message);
  };
  await refused(
    { nextPart: () => "video" as NextPart },
    "nextPart: expected text, paragraph, image, stop, found video",
  );
  await refused({ nextPart: "text" as never }, "nextPart: expected a function, found string");
  await refused({ nextPart: () => "text", output: "text" }, "output: expected auto beside nextPart, which decides");
  await expect(chat.send("?", { nextPart: () => Promise.reject(new Error("mine")) })).rejects.toThrow("mine");
  expect(chat.history).toEqual([]);
  const none = await chat.send("?", { ...greedy, nextPart: () => "image", maxImages: 0 });
  expect(none).toMatchObject({ parts: [], finish: "length" });
});

test("an answer whose rule never decides can be aborted", async () => {
  const controller = new AbortController();
  const nextPart = () => {
    queueMicrotask(() => controller.abort(new Error("enough")));
    return new Promise<NextPart>(() => undefined);
  };
  await expect(open(teller()).generate("?", { nextPart, signal: controller.signal })).rejects.toThrow("enough");
});

test("a model that never opens images by itself: one picture, or one text", async () => {
  const model = open(teller(), { opensImages: false });
  expect(told((await model.generate("?", greedy)).parts)).toEqual(["image"]);
  expect(told((await model.generate("?", { ...greedy, output: "image" })).parts)).toEqual(["image"]);
  expect(told((await model.generate("?", { ...greedy, output: "text" })).parts)).toEqual(["a"]);
  expect(told((await model.generate("?", { ...greedy, maxImages: 0 })).parts)).toEqual(["a"]);
});

test("a thought comes before the picture, apart from the text", async () => {
  const prompts = { text: "Think, answer.", image: "Think, draw." };
  const model = open(teller(), { opensImages: false, thinkPrompts: prompts });
  const thinking = model.generate("?", { ...greedy, think: true });
  const result = await thinking;
  expect(result.parts).toMatchObject([{ type: "text", text: "a", thought: true }, { type: "image" }]);
  expect([result.text, result.usage.promptTokens]).toEqual(["", prompts.image.length + 1]);
  const events = [];
  for await (const event of thinking) if (event.type.startsWith("text")) events.push(event);
  expect(events).toEqual([
    { type: "text-delta", text: "a", thought: true },
    { type: "text-end", text: "a", thought: true },
  ]);
  // Where only text is wanted the model marks its thoughts itself.
  const text = await model.generate("?", { ...greedy, think: true, output: "text" });
  expect([text.parts, text.usage.promptTokens]).toEqual([[{ type: "text", text: "a" }], prompts.text.length + 1]);
  // Another prompt, and a model that opens images by itself: it goes on after the picture.
  const own = await open(teller()).generate("?", { ...greedy, think: "Hm." });
  expect(own.parts.map((part) => (part.type === "text" ? [part.text, part.thought ?? false] : "image"))).toEqual([
    ["a", true],
    "image",
    ["b", false],
  ]);
  await expect(open(tinyModel()).generate("?", { think: true })).rejects.toThrow("think: expected a system prompt");
  await expect(model.generate("?", { think: 1 as never })).rejects.toThrow("think: expected true, false or a system");
});

test("the ViT looks at a picture when something is written after it, and not before", async () => {
  const looks = vi.spyOn(VitCodec.prototype, "encode");
  try {
    const chat = open(teller()).chat();
    const draws: NextPart[] = ["image", "stop", "text", "stop"];
    const nextPart = () => draws.shift()!;
    expect((await chat.send("?", { ...greedy, nextPart })).images).toHaveLength(1);
    expect(looks).toHaveBeenCalledTimes(0);
    expect((await chat.send("?", { ...greedy, nextPart })).text).not.toBe("");
    expect(looks).toHaveBeenCalledTimes(1);
  } finally {
    looks.mockRestore();
  }
});
