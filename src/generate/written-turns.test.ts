import { afterAll, expect, test, vi } from "vitest";
import { openRuntime } from "../runtime/open-runtime.ts";
import type { GenerationConfigInput } from "../weights/generation-config.ts";
import { CachedContext, type ContextPart } from "./context.ts";
import { Conversation } from "./conversation.ts";
import { Engine } from "./engine.ts";
import { resolveOptions } from "./options.ts";
import { answer } from "./session.ts";
import { asLoaded, tinyModel } from "./testing.ts";

const runtime = await openRuntime({ threads: 1 });
const opened: Engine[] = [];
afterAll(() => opened.forEach((engine) => engine.dispose()));

/** Everything that two turns put into the context, special tokens by their names. */
async function written(markup: GenerationConfigInput["markup"], think?: string): Promise<string> {
  const model = tinyModel();
  const config = { ...model.config, generation: { ...model.config.generation, markup } };
  const engine = new Engine(runtime, asLoaded({ ...model, config }));
  opened.push(engine);
  const pushed: number[] = [];
  const push = CachedContext.prototype.push;
  const spy = vi.spyOn(CachedContext.prototype, "push").mockImplementation(function (
    this: CachedContext,
    ...parts: ContextPart[]
  ) {
    for (const part of parts) if (part.type === "text") pushed.push(...part.ids);
    push.apply(this, parts);
  });
  try {
    const conversation = new Conversation(engine);
    const options = resolveOptions({ nextPart: () => "stop", maxImages: 0, think: think ?? false }, engine.config, 1);
    const run = { options, emit: () => {}, signal: new AbortController().signal };
    for (const text of ["one", "two"]) await answer(engine, conversation, [{ type: "text", text }], run);
  } finally {
    spy.mockRestore();
  }
  const { special } = engine.tokenizer;
  const names = new Map(Object.entries(special).map(([name, id]) => [id, `<${name}>`]));
  return pushed.map((id) => names.get(id) ?? String.fromCharCode(id)).join("");
}

test("turns without names, as the default model has learnt them", async () => {
  expect(await written(undefined)).toBe(
    "<turnStart>one<turnEnd><turnStart><turnEnd><turnStart>two<turnEnd><turnStart><turnEnd>",
  );
});

test("a chat template's opening, which a system prompt replaces, and roles", async () => {
  const roles: GenerationConfigInput["markup"] = {
    opening: "<|im_start|>system\nHelp.<|im_end|>",
    system: ["<|im_start|>system\n", "<|im_end|>"],
    prompt: ["<|im_start|>user\n", "<|im_end|>"],
    answer: ["<|im_start|>assistant\n", "<|im_end|>"],
  };
  const turns = ["one", "two"].map((text) => `<turnStart>user\n${text}<turnEnd><turnStart>assistant\n<turnEnd>`);
  expect(await written(roles)).toBe(`<turnStart>system\nHelp.<turnEnd>${turns.join("")}`);
  expect((await written(roles, "Think.")).startsWith(`<turnStart>system\nThink.<turnEnd>${turns[0]}`)).toBe(true);
});

test("segments of text, of which a system prompt is one", async () => {
  const none = ["", ""] as const;
  expect(await written({ prompt: none, answer: none, text: ["<|im_start|>", "<|im_end|>"] }, "Think.")).toBe(
    ["Think.", "one", "Think.", "two"].map((text) => `<turnStart>${text}<turnEnd>`).join(""),
  );
});

test("a special token that the tokenizer lacks is named", async () => {
  const around = ["<|user|>", ""] as const;
  await expect(written({ prompt: around, answer: around })).rejects.toThrow("lacks the special token <|user|>");
});
