import { Tokenizer } from "@huggingface/tokenizers";
import fastCheck from "fast-check";
import { describe, expect, test } from "vitest";
import { countWords, preTokenize, SPECIAL_TOKENS, tokenizerConfig, trainTokenizer } from "./tokenizer-training.ts";

const corpus = [
  "Draw a red apple.",
  "Draw a red cat.",
  "Two red apples and 12 cats.",
  "What's this? It's a red apple.",
];

function load(size: number, texts: readonly string[] = corpus): Tokenizer {
  return new Tokenizer(trainTokenizer(countWords(texts), size), tokenizerConfig());
}

const encode = (tokenizer: Tokenizer, text: string): number[] => tokenizer.encode(text).ids;
const decode = (tokenizer: Tokenizer, ids: number[]): string =>
  tokenizer.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false });

describe("merges", () => {
  test("a hand-made corpus gives the merges and ids that follow from its counts", () => {
    // "aab" 5 times, "ab" 3 times: "ab" occurs 8 times, then "a"+"ab" 5 times.
    const counts = new Map([
      ["aab", 5],
      ["ab", 3],
    ]);
    const json = trainTokenizer(counts, 256 + 2 + SPECIAL_TOKENS.length);
    expect(json.model.merges).toEqual([
      ["a", "b"],
      ["a", "ab"],
    ]);
    const tokenizer = new Tokenizer(json, tokenizerConfig());
    expect(encode(tokenizer, "aab")).toEqual([257]);
    expect(encode(tokenizer, "abaab")).toEqual([256, 257]);
    expect(encode(tokenizer, "ba")).toEqual([0x62, 0x61]);
  });

  test("overlapping pairs are counted again after every merge", () => {
    const json = trainTokenizer(new Map([["aaaa", 4]]), 512);
    expect(json.model.merges).toEqual([
      ["a", "a"],
      ["aa", "aa"],
    ]);
    // No pair is left, so the special tokens follow the merges directly.
    expect(json.added_tokens[0]!.id).toBe(258);
  });

  test("ties go to the lower ids, whatever the order of the words", () => {
    const forward = trainTokenizer(new Map([["cd", 2], ["ab", 2]]), 263); // prettier-ignore
    const backward = trainTokenizer(new Map([["ab", 2], ["cd", 2]]), 263); // prettier-ignore
    expect(forward).toEqual(backward);
    expect(forward.model.merges).toEqual([["a", "b"]]);
  });

  test("a vocabulary without room for the bytes is refused", () => {
    expect(() => trainTokenizer(new Map(), 261)).toThrow(/at least 262, found 261/);
  });
});

describe("in the library's tokenizer", () => {
  test("digits stay single and words take their space", () => {
    expect(preTokenize("I've 12 cats!")).toEqual(["I", "'ve", " ", "1", "2", " cats", "!"]);
    const tokenizer = load(400);
    expect(encode(tokenizer, "12")).toHaveLength(2);
    expect(encode(tokenizer, " red")).toHaveLength(1);
  });

  test("special tokens are one id each, after the merges", () => {
    const tokenizer = load(400);
    const first = encode(tokenizer, SPECIAL_TOKENS[0])[0]!;
    for (const [index, token] of SPECIAL_TOKENS.entries()) expect(encode(tokenizer, token)).toEqual([first + index]);
    expect(encode(tokenizer, "a<|vision_start|>b")).toHaveLength(3);
  });

  test("all 256 bytes have an id, so any text survives the round trip", () => {
    const tokenizer = load(320);
    const samples = [" ", "\u0000\u0001\u007f\u0085", "🍎👩‍👩‍👧 dé", "画一个红苹果。", "a\r\n\n  b\t", "ﬁ İ ß \ufeff"];
    for (const text of samples) expect(decode(tokenizer, encode(tokenizer, text))).toBe(text.normalize("NFC"));
    fastCheck.assert(
      fastCheck.property(fastCheck.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), (text) => {
        expect(decode(tokenizer, encode(tokenizer, text))).toBe(text.normalize("NFC"));
      }),
    );
  });
});
