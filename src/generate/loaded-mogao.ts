import { InputError, MogaoError } from "../core/errors.ts";
import type { Device, Runtime } from "../runtime/types.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";
import type { ModelFolder } from "../weights/model-folder.ts";
import { Conversation } from "./conversation.ts";
import { DrawingGroup } from "./drawing-group.ts";
import { Engine } from "./engine.ts";
import { startGeneration } from "./generation.ts";
import { randomSeed, resolveOptions, TOGETHER } from "./options.ts";
import { readPrompt, type PromptInput } from "./prompt.ts";
import { answer, SharedPrompt, type AnswerRun } from "./session.ts";
import type { BatchOptions, ChatSession, GenerateOptions, GenerateResult, Generation, Mogao, Part } from "./types.ts";

/** The seed of the i-th of several answers; the first has the one that was given, whatever that is. */
const seedAfter = (seed: number, i: number) => (i === 0 ? seed : (seed + i) >>> 0);

/** A model in memory, on one device. Generations may run at the same time; they share weights and take turns step by step. */
export class LoadedMogao implements Mogao {
  readonly device: Device;
  readonly config: ModelFolderConfig;
  readonly #engine: Engine;
  readonly #disposal = new AbortController();

  constructor(runtime: Runtime, model: ModelFolder) {
    this.device = runtime.device;
    this.config = model.config;
    this.#engine = new Engine(runtime, model);
    this.#engine.warm();
  }

  /** Answers a prompt of its own; see {@link Generation}. Bad input rejects with an InputError. */
  generate(prompt: PromptInput, options: GenerateOptions = {}): Generation {
    const conversation = new Conversation(this.#engine);
    return this.#start(prompt, options, (parts, run) => answer(this.#engine, conversation, parts, run));
  }

  /**
   * Answers one prompt several times, under the seed and those that follow it: each as `generate` would up to rounding, but the prompt
   * is run once. They run one after another.
   */
  samples(prompt: PromptInput, count: number, options: GenerateOptions = {}): Generation[] {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new InputError(`samples: expected a whole number of at least 1, found ${count}`);
    const shared = new SharedPrompt(this.#engine);
    const seed = typeof options.seed === "number" ? options.seed : randomSeed();
    const read = readPrompt(prompt);
    read.catch(() => undefined); // each sample tells of it
    let last: Promise<unknown> = Promise.resolve();
    return Array.from({ length: count }, (_, i) => {
      const own = { ...options, seed: seedAfter(seed, i) };
      const sample = this.#start(read, own, (parts, run) => shared.answer(parts, run), last);
      last = Promise.allSettled([sample]);
      return sample;
    });
  }

  /**
   * Answers several prompts, each as `generate` would up to rounding, and draws their pictures together: those of {@link
   * BatchOptions.together} neighbours, as soon as all of them want one. Leaving one of the generations aborts that one alone.
   */
  batch(prompts: readonly PromptInput[], { together = TOGETHER, seeds, ...options }: BatchOptions = {}): Generation[] {
    if (!Number.isSafeInteger(together) || together < 1)
      throw new InputError(`together: expected a whole number of at least 1, found ${together}`);
    if (seeds && seeds.length !== prompts.length)
      throw new InputError(`seeds: expected one for each of ${prompts.length} prompts, found ${seeds.length}`);
    const first = typeof options.seed === "number" ? options.seed : randomSeed();
    let ready: Promise<unknown> = Promise.resolve();
    return Array.from({ length: Math.ceil(prompts.length / together) }, (_, i) => i * together).flatMap((from) => {
      const some = prompts.slice(from, from + together);
      const group = new DrawingGroup(this.#engine, some.length);
      const generations = some.map((prompt, i) => {
        const own = { ...options, seed: seeds?.[from + i] ?? seedAfter(first, from + i) };
        const work = (parts: readonly Part[], run: AnswerRun) =>
          answer(this.#engine, new Conversation(this.#engine), parts, { ...run, draw: group.draw });
        const generation = this.#start(prompt, own, work, ready);
        void Promise.allSettled([generation]).then(() => group.leave());
        return generation;
      });
      ready = Promise.allSettled(generations);
      return generations;
    });
  }

  chat(): LoadedChat {
    return new LoadedChat(this.#engine, (...turn) => this.#start(...turn));
  }

  dispose(): void {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort(new MogaoError("This model was disposed; load it again to use it."));
    this.#engine.dispose();
  }

  /** `run` makes the answer. `ready` is waited for first. */
  #start(
    prompt: PromptInput | Promise<readonly Part[]>,
    options: GenerateOptions,
    work: (prompt: readonly Part[], run: AnswerRun) => Promise<GenerateResult>,
    ready?: Promise<unknown>,
  ): Generation {
    const seed = typeof options.seed === "number" ? options.seed : randomSeed();
    const signals = [this.#disposal.signal, ...(options.signal ? [options.signal] : [])];
    return startGeneration(
      seed,
      async (emit, signal) => {
        const resolved = resolveOptions(options, this.config, seed);
        const parts = await (prompt instanceof Promise ? prompt : readPrompt(prompt));
        await ready;
        signal.throwIfAborted();
        const result = await work(parts, { options: resolved, emit, signal });
        emit({ type: "finish", reason: result.finish, usage: result.usage });
        return result;
      },
      signals,
    );
  }
}

type StartTurn = (
  prompt: PromptInput,
  options: GenerateOptions,
  work: (prompt: readonly Part[], run: AnswerRun) => Promise<GenerateResult>,
  ready: Promise<unknown>,
) => Generation;

/** A conversation with a loaded model. Turns that are sent before the last one has ended wait for it. */
export class LoadedChat implements ChatSession {
  readonly #engine: Engine;
  readonly #startTurn: StartTurn;
  #conversation: Conversation;
  #history: (readonly Part[])[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, startTurn: StartTurn) {
    this.#engine = engine;
    this.#startTurn = startTurn;
    this.#conversation = new Conversation(engine);
  }

  get history(): readonly (readonly Part[])[] {
    return this.#history;
  }

  send(prompt: PromptInput, options: GenerateOptions = {}): Generation {
    const [history, conversation] = [this.#history, this.#conversation];
    const work = async (parts: readonly Part[], run: AnswerRun) => {
      const result = await answer(this.#engine, conversation, parts, run);
      history.push(parts, result.parts);
      return result;
    };
    const turn = this.#startTurn(prompt, options, work, this.#last);
    this.#last = Promise.allSettled([this.#last, turn]).then(() => undefined);
    return turn;
  }

  /** A turn in progress goes on, in the conversation that is forgotten. */
  reset(): void {
    this.#conversation = new Conversation(this.#engine);
    this.#history = [];
  }
}
