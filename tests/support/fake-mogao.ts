import type { RgbImage } from "../../src/core/image.ts";
import type {
  BatchOptions,
  ChatSession,
  GenerateEvent,
  GenerateOptions,
  GenerateResult,
  Generation,
  Mogao,
  Part,
  Prompt,
} from "../../src/generate/types.ts";

/**
 * What the fake answers: a string is text, a picture is drawn in two steps, an error is thrown, a pause waits a minute or, unless
 * it is deaf, until it is aborted.
 */
export type ScriptItem = string | RgbImage | Error | { readonly pause: true; readonly deaf?: true };
export type Script = (prompt: Prompt, options: GenerateOptions) => readonly ScriptItem[];

/** A solid picture. */
export function solid(width: number, height: number, colour: readonly [number, number, number]): RgbImage {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3]!) };
}

/** A model that follows a script and records what it was asked. For tests of everything above the model. */
export class FakeMogao implements Mogao {
  readonly device = "cpu";
  readonly calls: { prompt: Prompt; options: GenerateOptions }[] = [];
  /** Sizes of batches. */
  readonly batches: number[] = [];
  disposed = false;
  resets = 0;
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    this.calls.push({ prompt, options });
    const seed = options.seed ?? 42;
    const script = this.#script(prompt, options);
    const events = (): AsyncGenerator<GenerateEvent> => play(script, seed, options.signal);
    return {
      seed,
      [Symbol.asyncIterator]: events,
      // Awaiting a generation is the library's matter; the command line iterates.
      // oxlint-disable-next-line unicorn/no-thenable -- the contract makes a generation awaitable
      then: (_resolve, reject) => Promise.reject<GenerateResult>(new Error("iterate over the fake")).then(null, reject),
    };
  }

  samples(prompt: Prompt, count: number, options: GenerateOptions = {}): Generation[] {
    const seed = options.seed ?? 42;
    return Array.from({ length: count }, (_, i) => this.generate(prompt, { ...options, seed: seed + i }));
  }

  batch(prompts: readonly Prompt[], given: BatchOptions = {}): Generation[] {
    const { seeds, ...options } = given;
    delete options.together;
    const seed = options.seed ?? 42;
    this.batches.push(prompts.length);
    return prompts.map((prompt, i) => this.generate(prompt, { ...options, seed: seeds?.[i] ?? seed + i }));
  }

  chat(): ChatSession {
    const history: Part[][] = [];
    return {
      history,
      send: (prompt, options) => this.generate(prompt, options),
      reset: () => {
        this.resets++;
      },
    };
  }

  dispose(): void {
    this.disposed = true;
  }
}

async function* play(script: readonly ScriptItem[], seed: number, signal?: AbortSignal): AsyncGenerator<GenerateEvent> {
  let index = 0;
  let tokens = 0;
  for (const item of script) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!(typeof item === "object" && "deaf" in item)) signal?.throwIfAborted();
    if (item instanceof Error) throw item;
    if (typeof item === "string") {
      for (const text of item.split(/(?<= )/)) {
        tokens++;
        yield { type: "text-delta", text };
      }
      yield { type: "text-end", text: item };
    } else if ("pause" in item) {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, 60_000);
        if (item.deaf !== true)
          signal?.addEventListener("abort", () => {
            clearTimeout(timer);
            reject(signal.reason as Error);
          });
      });
    } else {
      const { width, height } = item;
      yield { type: "image-start", index, width, height, steps: 2 };
      for (const step of [1, 2]) yield { type: "image-step", index, step, steps: 2 };
      yield { type: "image-end", index, image: item, seed: seed + index };
      index++;
    }
  }
  const usage = {
    promptTokens: 3,
    promptImages: 0,
    completionTokens: tokens,
    completionImages: index,
    denoiseSteps: 2 * index,
  };
  yield { type: "finish", reason: "stop", usage };
}
