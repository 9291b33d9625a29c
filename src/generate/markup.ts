import type { Tokenizer } from "../encoders/tokenizer.ts";
import type { Markers } from "../model/sequence.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";

type Ids = readonly number[];

/** Ids that stand around the pieces of a conversation: how its family writes it down. */
export interface Markup {
  readonly openAnswer: Ids;
  readonly closeAnswer: Ids;
  /** Around each text, within a prompt or an answer. */
  readonly openText: Ids;
  readonly closeText: Ids;
  /** Around each image; none where its groups hold their markers. */
  readonly openImage: Ids;
  readonly closeImage: Ids;
  /** Tokens by which the model ends its answer. */
  readonly ends: Ids;
  /** Inside each group of an image. */
  readonly insideImage: Markers | undefined;
}

/** Throws InputError where the tokenizer lacks a token that the configuration names. */
export function markupOf({ model, generation }: ModelFolderConfig, tokenizer: Tokenizer): Markup {
  const { answer, text, ends } = generation.markup;
  const ids = (template: string) => encodeMarkup(template, tokenizer);
  const { visionStart: start, visionEnd: end } = tokenizer.special;
  const inside = model.imageLayout?.markers === "inside";
  return {
    openAnswer: ids(answer[0]),
    closeAnswer: ids(answer[1]),
    openText: ids(text[0]),
    closeText: ids(text[1]),
    openImage: inside ? [] : [start],
    closeImage: inside ? [] : [end],
    ends: ends.map((name) => tokenizer.specialId(name)),
    insideImage: inside ? { start, end } : undefined,
  };
}

/**
 * Writes markup and texts one after another. What touches is encoded as one, as it would be if all were a single string: merges do not stop
 * where a text begins. Special tokens come from markup only; in a text their names are ordinary characters.
 */
export class Transcript {
  readonly #tokenizer: Tokenizer;
  #ids: number[] = [];
  /** Characters since the last special token, and whether some of them are a text's. */
  #open = "";
  #hasText = false;
  #textTokens = 0;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** Tokens so far of runs that hold some text. */
  get textTokens(): number {
    return this.#textTokens;
  }

  text(text: string): void {
    this.#open += text;
    this.#hasText = true;
  }

  /** `<|name|>` is the special token of that name. */
  markup(template: string): void {
    for (const [i, piece] of template.split(/(<\|\w+\|>)/).entries()) {
      if (i % 2 === 0) this.#open += piece;
      else this.#ids = [...this.#closed(), this.#tokenizer.specialId(piece)];
    }
  }

  /** Another one that goes on from here, with what has not been taken. */
  fork(): Transcript {
    const fork = new Transcript(this.#tokenizer);
    fork.#ids = this.#ids;
    fork.#open = this.#open;
    fork.#hasText = this.#hasText;
    return fork;
  }

  /** Ids up to the last special token, which are then forgotten; or all. */
  take({ all }: { readonly all: boolean }): readonly number[] {
    const ids = all ? this.#closed() : this.#ids;
    this.#ids = [];
    return ids;
  }

  #closed(): number[] {
    const closed = this.#tokenizer.encode(this.#open);
    if (this.#hasText) this.#textTokens += closed.length;
    this.#open = "";
    this.#hasText = false;
    return [...this.#ids, ...closed];
  }
}

function encodeMarkup(template: string, tokenizer: Tokenizer): readonly number[] {
  const transcript = new Transcript(tokenizer);
  transcript.markup(template);
  return transcript.take({ all: true });
}
