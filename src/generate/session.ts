/** The causal loop (Sec. 3): text until an image is wanted, the image, text again, until the turn ends. */
import { InputError } from "../core/errors.ts";
import { Conversation } from "./conversation.ts";
import { drawImage } from "./draw.ts";
import type { DrawLatents } from "./draw-latents.ts";
import type { Engine } from "./engine.ts";
import { Transcript } from "./markup.ts";
import { usualRule } from "./next-part.ts";
import type { ResolvedOptions } from "./options.ts";
import { TextWriter, type TextToWrite } from "./text-writer.ts";
import type { AnswerSoFar, FinishReason, GenerateEvent, GenerateResult, NextPart, Part } from "./types.ts";

type Emit = (event: GenerateEvent) => void;

/** One answer: what it says of itself on the way, and what stops it. */
export interface AnswerRun {
  readonly options: ResolvedOptions;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** How latents are drawn; default: each picture's as soon as it is wanted. */
  readonly draw?: DrawLatents;
}

/**
 * Answers `prompt` in a conversation. Emits all events but `finish`. When it throws (or is aborted), the conversation is
 * as it was before.
 */
export async function answer(
  engine: Engine,
  conversation: Conversation,
  prompt: readonly Part[],
  run: AnswerRun,
): Promise<GenerateResult> {
  if (run.options.draws) conversation.includeVae();
  return undoneOnFailure(conversation, async () => {
    const promptTokens = await pushPrompt(engine, conversation, prompt, run.options, run.signal);
    return reply(engine, conversation, { prompt, promptTokens }, run);
  });
}

/** A prompt that is answered several times: it is run once, and each answer is forgotten before the next. One call at a time. */
export class SharedPrompt {
  readonly #engine: Engine;
  readonly #conversation: Conversation;
  #tokens: number | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#conversation = new Conversation(engine);
  }

  /** As {@link answer} in a conversation of its own. Prompt and options, but for the seed, must be those of the first call. */
  async answer(prompt: readonly Part[], run: AnswerRun): Promise<GenerateResult> {
    const conversation = this.#conversation;
    const { options, signal } = run;
    const promptTokens = (this.#tokens ??= await undoneOnFailure(conversation, async () => {
      if (options.draws) conversation.includeVae();
      const tokens = await pushPrompt(this.#engine, conversation, prompt, options, signal);
      await conversation.settle(options.draws);
      return tokens;
    }));
    const mark = conversation.mark();
    try {
      return await reply(this.#engine, conversation, { prompt, promptTokens }, run);
    } finally {
      conversation.rollback(mark);
    }
  }
}

async function undoneOnFailure<T>(conversation: Conversation, work: () => Promise<T>): Promise<T> {
  const mark = conversation.mark();
  try {
    return await work();
  } catch (error) {
    conversation.rollback(mark);
    throw error;
  }
}

/** The model's turn after a prompt that is in the conversation. When it throws, the turn stays as far as it is there. */
async function reply(
  engine: Engine,
  conversation: Conversation,
  { prompt, promptTokens }: { readonly prompt: readonly Part[]; readonly promptTokens: number },
  run: AnswerRun,
): Promise<GenerateResult> {
  conversation.pushMarkup(engine.markup.openAnswer);
  const turn = new Turn(engine, conversation, run);
  const finish = await turn.run();
  // A turn that was cut off is closed too: the next one finds what training showed.
  conversation.pushMarkup(engine.markup.closeAnswer);
  const { parts } = turn;
  return {
    parts,
    text: parts.flatMap((part) => (part.type === "text" && !part.thought ? [part.text] : [])).join("\n\n"),
    images: parts.flatMap((part) => (part.type === "image" ? [part.image] : [])),
    finish,
    seed: run.options.seed,
    usage: {
      promptTokens,
      promptImages: prompt.filter(({ type }) => type === "image").length,
      completionTokens: turn.tokens,
      completionImages: turn.images,
      denoiseSteps: turn.evaluations,
    },
  };
}

/**
 * The user's turn, in the form that training shows (markup.ts), after a system prompt if one is asked for. Returns the number of tokens
 * of its texts; markup that is encoded as one with a text counts along.
 */
export async function pushPrompt(
  engine: Engine,
  conversation: Conversation,
  prompt: readonly Part[],
  { system, draws }: Pick<ResolvedOptions, "system" | "draws">,
  signal: AbortSignal,
): Promise<number> {
  const { markup, systemPrompts, opensImages } = engine.config.generation;
  const { openImage, openAnswer } = engine.markup;
  const { maxContext } = engine.config.generation;
  const written = new Transcript(engine.tokenizer);
  /** The same from the last text on, without it. */
  let bare = new Transcript(engine.tokenizer);
  const push = (which: { readonly all: boolean }) => {
    const ids = written.take(which);
    expectRoom(ids.length);
    conversation.pushTokens(ids, "text", bare.take(which));
  };
  const expectRoom = (rows: number) => {
    const length = conversation.length + rows;
    if (length >= maxContext)
      throw new InputError(`prompt: with what came before it takes ${length} tokens, expected less than ${maxContext}`);
  };
  const mark = (template: string) => {
    written.markup(template);
    bare.markup(template);
  };
  const text = (value: string) => {
    push({ all: false });
    conversation.beginText();
    bare = written.fork();
    mark(markup.text[0]);
    written.text(value);
    mark(markup.text[1]);
  };
  const begins = conversation.length === 0;
  const hasImages = prompt.some(({ type }) => type === "image");
  const usual = draws && !opensImages ? systemPrompts[hasImages ? "edit" : "draw"] : undefined;
  const first = system ?? usual;
  if (begins && first !== undefined && markup.system) {
    written.markup(markup.system[0]);
    written.text(first);
    written.markup(markup.system[1]);
    bare = written.fork();
  } else if (begins) mark(markup.opening);
  mark(markup.prompt[0]);
  if (system !== undefined && !(begins && markup.system)) text(system);
  for (const part of prompt) {
    signal.throwIfAborted();
    if (part.type === "text") text(part.text);
    else {
      push({ all: true });
      conversation.pushTokens(openImage, "image");
      conversation.pushImage(await engine.contextImage(part.image));
    }
  }
  mark(markup.prompt[1]);
  push({ all: true });
  expectRoom(openAnswer.length);
  return written.textTokens;
}

/** A caller's rule may take its time, as long as the answer is wanted. */
async function unlessAborted<T>(value: T | Promise<T>, signal: AbortSignal): Promise<T> {
  if (!(value instanceof Promise)) return value;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([value, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

const NEXT_PARTS: readonly NextPart[] = ["text", "paragraph", "image", "stop"];

/** The model's turn. */
class Turn {
  readonly parts: Part[] = [];
  images = 0;
  /** Of the denoiser, over all images. */
  evaluations = 0;
  readonly #engine: Engine;
  readonly #conversation: Conversation;
  readonly #run: AnswerRun;
  readonly #writer: TextWriter;
  readonly #opensImages: boolean;

  constructor(engine: Engine, conversation: Conversation, run: AnswerRun) {
    const { options, emit, signal } = run;
    this.#engine = engine;
    this.#conversation = conversation;
    this.#run = run;
    this.#writer = new TextWriter(engine, conversation, options, emit, signal);
    this.#opensImages = engine.config.generation.opensImages;
  }

  /** Text tokens so far. */
  get tokens(): number {
    return this.#writer.tokens;
  }

  async run(): Promise<FinishReason> {
    const { options, signal } = this.#run;
    const { nextPart, draws, output, system, maxImages } = options;
    const rule = nextPart ?? usualRule(draws ? output : "text", this.#opensImages);
    let after: AnswerSoFar["after"] = "start";
    if (system !== undefined && draws) {
      await this.#write({ until: "text", role: "thought", mayRequest: false, mayEnd: true, mayWrite: true });
      if (!nextPart && this.#opensImages) after = "request"; // the thought was for a picture
    }
    for (;;) {
      signal.throwIfAborted();
      const imagesLeft = maxImages - this.images;
      const next = await unlessAborted(rule({ after, parts: [...this.parts], imagesLeft }), signal);
      if (!NEXT_PARTS.includes(next))
        throw new InputError(`nextPart: expected ${NEXT_PARTS.join(", ")}, found ${String(next)}`);
      if (next === "stop") return "stop";
      if (next === "image") {
        if (imagesLeft === 0) return "length";
        await this.#draw();
        after = "image";
        continue;
      }
      const mayWrite = nextPart !== undefined || output !== "image";
      const ended = await this.#write({
        until: next,
        role: "text",
        mayRequest: this.#opensImages && draws && after !== "request",
        mayEnd: mayWrite || this.images > 0,
        mayWrite,
        mustWrite: after === "text",
      });
      if (ended === "length") return "length";
      after = ended;
    }
  }

  async #write(text: Omit<TextToWrite, "mustWrite"> & { mustWrite?: boolean }) {
    const { ended, part } = await this.#writer.write({ mustWrite: false, ...text });
    if (part) this.parts.push(part);
    return ended;
  }

  async #draw(): Promise<void> {
    this.#conversation.pushTokens(this.#engine.markup.openImage, "image");
    const drawn = await drawImage(this.#engine, this.#conversation, this.images, this.#run);
    this.images++;
    this.evaluations += drawn.evaluations;
    this.#conversation.pushImage(drawn.context);
    this.parts.push({ type: "image", image: drawn.image, seed: drawn.seed });
  }
}
