import { MogaoError } from "../core/errors.ts";
import type { Device, Runtime } from "../runtime/types.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";
import type { ModelFolder } from "../weights/model-folder.ts";
import { Conversation } from "./conversation.ts";
import { Engine } from "./engine.ts";
import { startGeneration } from "./generation.ts";
import { randomSeed, resolveOptions } from "./options.ts";
import { readPrompt, type PromptInput } from "./prompt.ts";
import { answer } from "./session.ts";
import type { ChatSession, GenerateOptions, Generation, Mogao, Part } from "./types.ts";

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
    return this.#start(new Conversation(this.#engine), prompt, options);
  }

  chat(): LoadedChat {
    return new LoadedChat(this.#engine, (...turn) => this.#start(...turn));
  }

  dispose(): void {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort(new MogaoError("This model was disposed; load it again to use it."));
    this.#engine.dispose();
  }

  /** `done` is called between the last step and the `finish` event. `ready` is waited for first. */
  #start(
    conversation: Conversation,
    prompt: PromptInput,
    options: GenerateOptions,
    done?: (prompt: readonly Part[], answered: readonly Part[]) => void,
    ready?: Promise<unknown>,
  ): Generation {
    const seed = typeof options.seed === "number" ? options.seed : randomSeed();
    const signals = [this.#disposal.signal, ...(options.signal ? [options.signal] : [])];
    return startGeneration(
      seed,
      async (emit, signal) => {
        const resolved = resolveOptions(options, this.config, seed);
        const parts = await readPrompt(prompt);
        await ready;
        const result = await answer(this.#engine, conversation, parts, resolved, emit, signal);
        done?.(parts, result.parts);
        emit({ type: "finish", reason: result.finish, usage: result.usage });
        return result;
      },
      signals,
    );
  }
}

type StartTurn = (
  conversation: Conversation,
  prompt: PromptInput,
  options: GenerateOptions,
  done: (prompt: readonly Part[], answered: readonly Part[]) => void,
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
    const history = this.#history;
    const done = (...turns: readonly (readonly Part[])[]) => void history.push(...turns);
    const turn = this.#startTurn(this.#conversation, prompt, options, done, this.#last);
    this.#last = Promise.allSettled([this.#last, turn]).then(() => undefined);
    return turn;
  }

  /** A turn in progress goes on, in the conversation that is forgotten. */
  reset(): void {
    this.#conversation = new Conversation(this.#engine);
    this.#history = [];
  }
}
