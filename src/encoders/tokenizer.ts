import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { expectInput, InputError } from "../core/errors.ts";
import { byteOfCharacter } from "./byte-alphabet.ts";

/** Ids of the tokens that structure a sequence, under Qwen's names. */
export interface SpecialIds {
  readonly endOfText: number;
  readonly turnStart: number;
  readonly turnEnd: number;
  /** {@link NO_TOKEN} where the tokenizer is of text alone (Qwen2's). */
  readonly visionStart: number;
  readonly visionEnd: number;
}

/** The id of what a tokenizer lacks: no token has it. */
export const NO_TOKEN = -1;

const specialNames: Readonly<Record<keyof SpecialIds, string>> = {
  endOfText: "<|endoftext|>",
  turnStart: "<|im_start|>",
  turnEnd: "<|im_end|>",
  visionStart: "<|vision_start|>",
  visionEnd: "<|vision_end|>",
};

/** Turns ids into text as they come. What it returns is whole characters only, and concatenates to the decoded text. */
export interface TextStream {
  /** The text that this id completes; empty while a character lacks bytes. Special tokens have no text. */
  push(id: number): string;
  /** What is left at the end: U+FFFD for an unfinished character, or nothing. */
  end(): string;
}

const largestId = 10_000_000;

/**
 * Byte-level BPE from a Hugging Face `tokenizer.json` with Qwen's special tokens. Text is only ever text: a literal
 * `<|vision_start|>` in it is encoded as ordinary characters, because a prompt must not be able to forge the structure of a sequence.
 * Anything malformed throws `InputError`.
 */
export class Tokenizer {
  readonly special: SpecialIds;
  /** One more than the largest id. */
  readonly size: number;
  readonly #library: LibraryTokenizer;
  /** The bytes of every ordinary token; special tokens have none. */
  readonly #bytesOf = new Map<number, Uint8Array>();
  readonly #specialIds = new Map<string, number>();

  /** @param json The parsed tokenizer.json. @param config The parsed tokenizer_config.json. @param place Opens every error message. */
  constructor(json: unknown, config: unknown = {}, place = "tokenizer.json") {
    const { model, vocabulary, merges, added } = checkTokenizer(json, place);
    const ordinary: [string, number][] = [];
    let largest = -1;
    for (const [token, id] of vocabulary) {
      largest = Math.max(largest, id);
      if (added.has(token)) continue;
      ordinary.push([token, id]);
      this.#bytesOf.set(id, tokenBytes(token, place));
    }
    const utf8 = new TextEncoder();
    for (const [token, { id, special }] of added) {
      largest = Math.max(largest, id);
      if (special) this.#specialIds.set(token, id);
      this.#bytesOf.set(id, special ? new Uint8Array() : utf8.encode(token));
    }
    this.size = largest + 1;
    this.special = Object.fromEntries(
      Object.entries(specialNames).map(([key, name]) => [
        key,
        key.startsWith("vision") ? (this.#specialIds.get(name) ?? NO_TOKEN) : this.specialId(name, place),
      ]),
    ) as unknown as SpecialIds;
    try {
      // The library finds added tokens neither in the text, as it is told of none, nor by merging.
      const plain = { ...(json as object), added_tokens: [], post_processor: null };
      const plainModel = {
        ...model,
        vocab: Object.fromEntries(ordinary),
        merges: merges.filter(([left, right]) => !added.has(left + right)),
      };
      this.#library = new LibraryTokenizer({ ...plain, model: plainModel }, config as object);
    } catch (error) {
      throw new InputError(`${place}: ${(error as Error).message}`);
    }
  }

  /** Ids of the text; never a special token. */
  encode(text: string): number[] {
    if (text === "") return [];
    return this.#library.encode(text, { add_special_tokens: false }).ids;
  }

  /** Text of the ids, leaving out special tokens; broken UTF-8 becomes U+FFFD. */
  decode(ids: Iterable<number>): string {
    const stream = this.stream();
    let text = "";
    for (const id of ids) text += stream.push(id);
    return text + stream.end();
  }

  stream(): TextStream {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return {
      push: (id) => {
        const bytes = this.#bytesOf.get(id);
        expectInput(bytes !== undefined, `tokenizer: expected an id of its ${this.#bytesOf.size} tokens, found ${id}`);
        // A special token ends a run of text, and so any unfinished character.
        return bytes.length === 0 ? decoder.decode() : decoder.decode(bytes, { stream: true });
      },
      end: () => decoder.decode(),
    };
  }

  /** The name of a special token; undefined where the id is none. */
  specialName(id: number): string | undefined {
    return [...this.#specialIds].find(([, other]) => other === id)?.[0];
  }

  /** The id of a special token by its name. */
  specialId(name: string, place = "tokenizer.json"): number {
    const id = this.#specialIds.get(name);
    if (id === undefined)
      throw new InputError(
        `${place}: lacks the special token ${name}; it has ${[...this.#specialIds.keys()].slice(0, 20).join(" ") || "none"}`,
      );
    return id;
  }
}

interface CheckedTokenizer {
  readonly model: object;
  readonly vocabulary: readonly [string, number][];
  readonly merges: readonly (readonly [string, string])[];
  readonly added: ReadonlyMap<string, { id: number; special: boolean }>;
}

function checkTokenizer(json: unknown, place: string): CheckedTokenizer {
  expectInput(isObject(json), `${place}: expected an object, found ${describe(json)}`);
  const { model, decoder } = json;
  expectInput(
    isObject(model) && model["type"] === "BPE",
    `${place}: expected a model of type BPE, found ${describe(isObject(model) ? model["type"] : model)}`,
  );
  expectInput(
    isObject(decoder) && decoder["type"] === "ByteLevel",
    `${place}: expected a decoder of type ByteLevel, found ${describe(isObject(decoder) ? decoder["type"] : decoder)}`,
  );
  const { vocab } = model;
  expectInput(isObject(vocab), `${place}: expected an object model.vocab, found ${describe(vocab)}`);
  const vocabulary = Object.entries(vocab).map(([token, id]): [string, number] => {
    expectInput(isId(id), `${place}: model.vocab: token ${describe(token)}: expected an id, found ${describe(id)}`);
    return [token, id];
  });
  // Text with a byte or a merged token that has no id would lose it silently.
  for (const character of byteOfCharacter.keys())
    expectInput(Object.hasOwn(vocab, character), `${place}: model.vocab lacks the byte ${describe(character)}`);
  const list = json["added_tokens"] ?? [];
  expectInput(Array.isArray(list), `${place}: expected an array added_tokens, found ${describe(list)}`);
  const added = new Map<string, { id: number; special: boolean }>();
  for (const [i, token] of (list as unknown[]).entries()) {
    expectInput(
      isObject(token) && typeof token["content"] === "string" && isId(token["id"]),
      `${place}: added_tokens[${i}]: expected content and id, found ${describe(token)}`,
    );
    added.set(token["content"], { id: token["id"], special: token["special"] === true });
  }
  checkIdsUnique(vocabulary, added, place);
  return { model, vocabulary, merges: checkMerges(model["merges"], vocab, place), added };
}

function checkMerges(merges: unknown, vocab: object, place: string): [string, string][] {
  expectInput(Array.isArray(merges), `${place}: expected an array model.merges, found ${describe(merges)}`);
  return merges.map((merge: unknown, i) => {
    const pair: unknown = typeof merge === "string" ? merge.split(" ") : merge;
    expectInput(
      Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string"),
      `${place}: model.merges[${i}]: expected two tokens, found ${describe(merge)}`,
    );
    const [left, right] = pair as [string, string];
    expectInput(
      Object.hasOwn(vocab, left + right),
      `${place}: model.merges[${i}]: ${describe(left + right)} is not in model.vocab`,
    );
    return [left, right];
  });
}

/** A token may stand both in the vocabulary and among the added ones, but under one id. */
function checkIdsUnique(
  vocabulary: CheckedTokenizer["vocabulary"],
  added: CheckedTokenizer["added"],
  place: string,
): void {
  const tokenOf = new Map<number, string>();
  for (const [token, id] of [...vocabulary, ...[...added].map(([name, { id }]) => [name, id] as const)]) {
    const other = tokenOf.get(id) ?? token;
    expectInput(other === token, `${place}: id ${id} belongs to both ${describe(other)} and ${describe(token)}`);
    tokenOf.set(id, token);
  }
}

function tokenBytes(token: string, place: string): Uint8Array {
  return Uint8Array.from(token, (character) => {
    const byte = byteOfCharacter.get(character);
    expectInput(byte !== undefined, `${place}: token ${describe(token)} is not in the byte-level alphabet`);
    return byte;
  });
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < largestId;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
