import { Philox } from "../core/random.ts";
import type { Conversation } from "./conversation.ts";
import type { Engine } from "./engine.ts";
import type { ResolvedOptions } from "./options.ts";
import { sampleToken } from "./text-sampler.ts";
import type { GenerateEvent, TextPart } from "./types.ts";

/** Random stream of a seed that text is sampled from. */
const TEXT_STREAM = 2;

/** Something, and then a line without anything. */
const PARAGRAPH_END = /\S[^]*\n[^\S\n]*\n/;

export interface TextToWrite {
  readonly until: "text" | "paragraph";
  readonly role: "text" | "thought";
  /** What may stand beside text tokens: an image's opening, the end of the turn. */
  readonly mayRequest: boolean;
  readonly mayEnd: boolean;
  /** Whether text tokens may; else only the model's choice between the other two is asked for. */
  readonly mayWrite: boolean;
  /** The first token is a text token. */
  readonly mustWrite: boolean;
}

export interface WrittenText {
  /** The model's end, the paragraph's, an image that the model wants, or a limit on tokens. */
  readonly ended: "text" | "paragraph" | "request" | "length";
  /** Absent where nothing was written. */
  readonly part?: TextPart | undefined;
}

/** Samples the texts of one answer into its conversation. */
export class TextWriter {
  readonly #engine: Engine;
  readonly #conversation: Conversation;
  readonly #options: ResolvedOptions;
  readonly #emit: (event: GenerateEvent) => void;
  readonly #signal: AbortSignal;
  readonly #random: Philox;
  readonly #allowed = new Map<string, readonly number[]>();
  #tokens = 0;

  constructor(
    engine: Engine,
    conversation: Conversation,
    options: ResolvedOptions,
    emit: (event: GenerateEvent) => void,
    signal: AbortSignal,
  ) {
    this.#engine = engine;
    this.#conversation = conversation;
    this.#options = options;
    this.#emit = emit;
    this.#signal = signal;
    this.#random = new Philox(options.seed, TEXT_STREAM);
  }

  /** Text tokens written, over all texts. */
  get tokens(): number {
    return this.#tokens;
  }

  async write(text: TextToWrite): Promise<WrittenText> {
    const { openText, closeText } = this.#engine.markup;
    const { role } = text;
    if (role === "text") this.#conversation.beginText();
    const around = (ids: readonly number[]) =>
      role === "text" ? this.#conversation.pushMarkup(ids) : this.#conversation.pushTokens(ids, role);
    around(openText);
    const mark = role === "thought" ? { thought: true as const } : {};
    const stream = this.#engine.tokenizer.stream();
    let value = "";
    const add = (delta: string) => {
      if (delta === "") return;
      value += delta;
      this.#emit({ type: "text-delta", text: delta, ...mark });
    };
    const before = this.#tokens;
    const ended = await this.#sample(text, (id) => {
      const delta = stream.push(id);
      add(delta);
      return text.until === "paragraph" && delta.includes("\n") && PARAGRAPH_END.test(value);
    });
    around(closeText);
    if (this.#tokens === before) return { ended };
    add(stream.end());
    this.#emit({ type: "text-end", text: value, ...mark });
    return { ended, part: { type: "text", text: value, ...mark } };
  }

  /** Samples and pushes tokens; `add` takes each and says whether the paragraph has ended. */
  async #sample(text: TextToWrite, add: (id: number) => boolean): Promise<WrittenText["ended"]> {
    const { visionStart } = this.#engine.tokenizer.special;
    const { ends } = this.#engine.markup;
    for (let first = true; ; first = false) {
      this.#signal.throwIfAborted();
      if (this.#conversation.length >= this.#engine.config.generation.maxContext) return "length";
      const id = await this.#next(text, first);
      if (ends.includes(id)) return "text";
      if (id === visionStart) return "request";
      if (this.#tokens === this.#options.maxTokens) return "length";
      this.#conversation.pushTokens([id], text.role);
      this.#tokens++;
      if (add(id)) return "paragraph";
    }
  }

  /** One of the tokens that are allowed; where that is one, the model is not asked. */
  async #next({ mayWrite, mayRequest, mayEnd, mustWrite }: TextToWrite, first: boolean): Promise<number> {
    const { visionStart } = this.#engine.tokenizer.special;
    const onlyText = first && mustWrite;
    const kinds = [mayWrite, mayRequest && !onlyText, mayEnd && !onlyText];
    let allowed = this.#allowed.get(String(kinds));
    if (!allowed) {
      const structure = [...(kinds[1] ? [visionStart] : []), ...(kinds[2] ? this.#engine.markup.ends : [])];
      allowed = [...(mayWrite ? this.#engine.textIds() : []), ...structure].sort((a, b) => a - b);
      this.#allowed.set(String(kinds), allowed);
    }
    if (allowed.length === 1) return allowed[0]!;
    const { temperature, topP } = this.#options;
    return sampleToken(await this.#conversation.logits(), allowed, { temperature, topP, random: this.#random });
  }
}
