/** The causal loop (Sec. 3): text until the model opens an image, the image, text again, until it ends its turn. */
import { InputError } from "../core/errors.ts";
import { Philox } from "../core/random.ts";
import type { TextStream } from "../encoders/tokenizer.ts";
import type { Conversation } from "./conversation.ts";
import { drawImage } from "./draw.ts";
import type { Engine } from "./engine.ts";
import type { ResolvedOptions } from "./options.ts";
import { sampleToken } from "./text-sampler.ts";
import type { FinishReason, GenerateEvent, GenerateResult, Part } from "./types.ts";

/** Random stream of a seed that text is sampled from. */
const TEXT_STREAM = 2;

type Emit = (event: GenerateEvent) => void;

/**
 * Answers `prompt` in a conversation. Emits all events but `finish`. When it throws (or is aborted), the conversation is
 * as it was before.
 */
export async function answer(
  engine: Engine,
  conversation: Conversation,
  prompt: readonly Part[],
  options: ResolvedOptions,
  emit: Emit,
  signal: AbortSignal,
): Promise<GenerateResult> {
  const mark = conversation.mark();
  try {
    const promptTokens = await pushPrompt(engine, conversation, prompt, signal);
    const turn = new Turn(engine, conversation, options, emit, signal);
    const finish = await turn.run();
    // A turn that was cut off is closed too: the next one finds what training showed.
    conversation.pushText([engine.tokenizer.special.turnEnd]);
    const { parts, tokens, images } = turn;
    return {
      parts,
      text: parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n"),
      images: parts.flatMap((part) => (part.type === "image" ? [part.image] : [])),
      finish,
      seed: options.seed,
      usage: {
        promptTokens,
        promptImages: prompt.filter(({ type }) => type === "image").length,
        completionTokens: tokens,
        completionImages: images,
        denoiseSteps: turn.evaluations,
      },
    };
  } catch (error) {
    conversation.rollback(mark);
    throw error;
  }
}

/**
 * The user's turn between its markers, and the opening of the model's: the form that training shows (conversation.ts).
 * Returns the number of text tokens in it.
 */
export async function pushPrompt(
  engine: Engine,
  conversation: Conversation,
  prompt: readonly Part[],
  signal: AbortSignal,
): Promise<number> {
  const { turnStart, turnEnd, visionStart } = engine.tokenizer.special;
  const { maxContext } = engine.config.generation;
  const expectRoom = (rows: number) => {
    const length = conversation.length + rows;
    if (length >= maxContext)
      throw new InputError(`prompt: with what came before it takes ${length} tokens, expected less than ${maxContext}`);
  };
  let tokens = 0;
  conversation.pushText([turnStart]);
  for (const part of prompt) {
    signal.throwIfAborted();
    if (part.type === "text") {
      const ids = engine.tokenizer.encode(part.text);
      expectRoom(ids.length);
      tokens += ids.length;
      conversation.pushText(ids);
    } else {
      conversation.pushText([visionStart]);
      conversation.pushImage(await engine.contextImage(part.image));
    }
  }
  conversation.pushText([turnEnd, turnStart]);
  expectRoom(0);
  return tokens;
}

/** The model's turn. */
class Turn {
  readonly parts: Part[] = [];
  /** Text tokens and images so far. */
  tokens = 0;
  images = 0;
  /** Of the denoiser, over all images. */
  evaluations = 0;
  readonly #engine: Engine;
  readonly #conversation: Conversation;
  readonly #options: ResolvedOptions;
  readonly #emit: Emit;
  readonly #signal: AbortSignal;
  readonly #random: Philox;
  readonly #allowed = new Map<string, readonly number[]>();
  #text: { readonly stream: TextStream; value: string } | undefined;

  constructor(engine: Engine, conversation: Conversation, options: ResolvedOptions, emit: Emit, signal: AbortSignal) {
    this.#engine = engine;
    this.#conversation = conversation;
    this.#options = options;
    this.#emit = emit;
    this.#signal = signal;
    this.#random = new Philox(options.seed, TEXT_STREAM);
  }

  async run(): Promise<FinishReason> {
    const { turnEnd, visionStart } = this.#engine.tokenizer.special;
    const { maxImages, maxTokens } = this.#options;
    for (;;) {
      this.#signal.throwIfAborted();
      const full = this.#conversation.length >= this.#engine.config.generation.maxContext;
      const id = full ? undefined : await this.#nextToken();
      const isText = id !== undefined && id !== turnEnd && id !== visionStart;
      if (!isText || this.tokens === maxTokens) this.#endText();
      if (id === turnEnd) return "stop";
      if (id === undefined || (isText ? this.tokens === maxTokens : this.images === maxImages)) return "length";
      this.#conversation.pushText([id]);
      if (isText) this.#addText(id);
      else await this.#draw();
    }
  }

  /** Samples among what the output mode allows; where that is one token, the model is not asked. */
  async #nextToken(): Promise<number> {
    const { turnEnd, visionStart } = this.#engine.tokenizer.special;
    const { output, maxImages } = this.#options;
    const text = output !== "image";
    const image = output !== "text" && (output === "image" || maxImages > 0);
    const end = text || this.images > 0;
    const key = String([text, image, end]);
    let allowed = this.#allowed.get(key);
    if (!allowed) {
      const structure = [...(image ? [visionStart] : []), ...(end ? [turnEnd] : [])];
      allowed = [...(text ? this.#engine.textIds() : []), ...structure].sort((a, b) => a - b);
      this.#allowed.set(key, allowed);
    }
    if (allowed.length === 1) return allowed[0]!;
    const { temperature, topP } = this.#options;
    return sampleToken(await this.#conversation.logits(), allowed, { temperature, topP, random: this.#random });
  }

  #addText(id: number): void {
    this.tokens++;
    this.#text ??= { stream: this.#engine.tokenizer.stream(), value: "" };
    this.#addDelta(this.#text.stream.push(id));
  }

  #addDelta(text: string): void {
    if (text === "") return;
    this.#text!.value += text;
    this.#emit({ type: "text-delta", text });
  }

  #endText(): void {
    if (!this.#text) return;
    this.#addDelta(this.#text.stream.end());
    const text = this.#text.value;
    this.#text = undefined;
    this.parts.push({ type: "text", text });
    this.#emit({ type: "text-end", text });
  }

  async #draw(): Promise<void> {
    const drawn = await drawImage(
      this.#engine,
      this.#conversation,
      this.#options,
      this.images,
      this.#emit,
      this.#signal,
    );
    this.images++;
    this.evaluations += drawn.evaluations;
    this.#conversation.pushImage(drawn.context);
    this.parts.push({ type: "image", image: drawn.image, seed: drawn.seed });
  }
}
