import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { InputError } from "../core/errors.ts";
import { byteOfCharacter } from "./byte-alphabet.ts";
import { loadTokenizer } from "./tokenizer-file.ts";
import { Tokenizer } from "./tokenizer.ts";

const specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"];

/** 256 bytes, some merges, Qwen's special tokens (which stand in the vocabulary too, the hardest case), and one added word. */
function tinyJson() {
  const merges = [
    ["r", "e"],
    ["re", "d"],
    ["Ġ", "red"],
    ["<", "|"],
    ["ð", "Ł"],
  ];
  const tokens = [
    ...byteOfCharacter.keys(),
    ...merges.map((pair) => pair.join("")).filter((token) => !specials.includes(token)),
  ];
  const vocab: Record<string, number> = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const added = [...specials, "<think>"].map((content, i) => ({
    id: tokens.length + i,
    content,
    special: content !== "<think>",
  }));
  for (const { id, content, special } of added) if (special) vocab[content] = id;
  const regex = "(?i:'s)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s+";
  return {
    version: "1.0",
    added_tokens: added as unknown,
    normalizer: { type: "NFC" } as unknown,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
      ],
    } as unknown,
    post_processor: null,
    decoder: { type: "ByteLevel" } as unknown,
    model: { type: "BPE", ignore_merges: true, vocab: vocab as unknown, merges: merges as unknown } as Record<
      string,
      unknown
    >,
  };
}

const alphabet = Object.fromEntries([...byteOfCharacter.keys()].map((character, id) => [character, id]));
const tokenizer = new Tokenizer(tinyJson());
const idsOf = (specialText: string): number => 256 + 5 + specials.indexOf(specialText);

test("merges, special ids, size", () => {
  expect(tokenizer.encode("a red")).toEqual([97, 258]);
  expect(tokenizer.encode("")).toEqual([]);
  expect(tokenizer.special).toEqual({ endOfText: 261, turnStart: 262, turnEnd: 263, visionStart: 264, visionEnd: 265 });
  expect(tokenizer.size).toBe(267);
  expect(tokenizer.specialId("<|vision_end|>")).toBe(265);
  expect(() => tokenizer.specialId("<|nope|>")).toThrow(
    "tokenizer.json: lacks the special token <|nope|>; it has <|endoftext|>",
  );
});

test("special tokens written out in a text stay text", () => {
  // The library itself would parse them: the danger is real.
  const naive = new LibraryTokenizer(tinyJson(), {});
  expect(naive.encode("<|vision_start|>").ids).toEqual([idsOf("<|vision_start|>")]);
  for (const name of [...specials, "<think>"])
    for (const text of [name, `a${name}b`, `${name}${name}`, `<|${name}|>`, ` ${name}\n`]) {
      const ids = tokenizer.encode(text);
      expect(ids.every((id) => id < 261)).toBe(true);
      expect(tokenizer.decode(ids)).toBe(text);
    }
});

test("nor can merging make them", () => {
  const json = tinyJson();
  const vocab = { ...(json.model["vocab"] as Record<string, number>) };
  const merges: [string, string][] = [];
  for (let end = 1; end < "<|im_end|>".length; end++) {
    const [left, right] = ["<|im_end|>".slice(0, end), "<|im_end|>"[end]!];
    merges.push([left, right]);
    vocab[left + right] ??= 300 + end;
  }
  const bytes = { type: "ByteLevel", add_prefix_space: false, use_regex: false };
  const model = { ...json.model, ignore_merges: false, vocab, merges };
  const ids = new Tokenizer({ ...json, pre_tokenizer: bytes, model }).encode("<|im_end|>");
  expect(ids).toEqual([308, ">".charCodeAt(0)]);
});

test("any text survives the round trip, in its NFC form, without special ids", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc
      .array(fc.constantFrom(...specials, "<|", "|>", " ", "red", "\ufeff", "🍎", "e\u0301"))
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const ids = tokenizer.encode(text);
      expect(ids.every((id) => id < 261)).toBe(true);
      expect(tokenizer.decode(ids)).toBe(text.normalize("NFC"));
    }),
    { numRuns: 2000, seed: 5 },
  );
});

describe("streaming", () => {
  test("never emits half a character, and adds up to the decoded text", () => {
    const text = "é 🍎👩‍👩‍👧 red 漢字\ufeff.";
    const ids = tokenizer.encode(text);
    const stream = tokenizer.stream();
    const pieces = ids.map((id) => stream.push(id));
    expect(pieces.join("") + stream.end()).toBe(text);
    for (const piece of pieces) {
      expect(piece).not.toContain("\ufffd");
      expect(piece.isWellFormed()).toBe(true);
    }
    const apple = tokenizer.encode("🍎");
    expect(apple).toHaveLength(3); // two of its four bytes are merged
    const one = tokenizer.stream();
    expect(apple.map((id) => one.push(id))).toEqual(["", "", "🍎"]);
  });

  test("an unfinished character becomes U+FFFD at a special token or the end; special tokens are silent", () => {
    const [first] = tokenizer.encode("🍎");
    const stream = tokenizer.stream();
    expect(stream.push(first!)).toBe("");
    expect(stream.push(tokenizer.special.visionStart)).toBe("\ufffd");
    expect(stream.push(97)).toBe("a");
    expect(stream.push(first!)).toBe("");
    expect(stream.end()).toBe("\ufffd");
    expect(tokenizer.decode([262, 97, 266, 263])).toBe("a<think>");
  });

  test("an id that is no token is refused", () => {
    for (const id of [267, -1, 1.5]) expect(() => tokenizer.decode([id])).toThrow(`found ${id}`);
  });
});

describe("malformed files", () => {
  test.each<[string, (json: ReturnType<typeof tinyJson>) => unknown]>([
    ["expected an object, found []", () => []],
    ["expected a model of type BPE, found null", (json) => ({ ...json, model: null })],
    ['expected a model of type BPE, found "Unigram"', (json) => ({ ...json, model: { type: "Unigram" } })],
    [
      'expected a decoder of type ByteLevel, found "Metaspace"',
      (json) => ({ ...json, decoder: { type: "Metaspace" } }),
    ],
    ["expected an object model.vocab, found nothing", (json) => ({ ...json, model: { type: "BPE" } })],
    ["expected an array model.merges", (json) => ({ ...json, model: { ...json.model, merges: {} } })],
    ["model.merges[0]: expected two tokens", (json) => ({ ...json, model: { ...json.model, merges: ["a"] } })],
    ['model.merges[0]: "qq" is not in model.vocab', (json) => ({ ...json, model: { ...json.model, merges: ["q q"] } })],
    ['model.vocab lacks the byte "Ā"', (json) => ({ ...json, model: { ...json.model, vocab: {} } })],
    ['token "a": expected an id, found -1', (json) => ({ ...json, model: { ...json.model, vocab: { a: -1 } } })],
    ["id 1 belongs to both", (json) => ({ ...json, model: { ...json.model, vocab: { ...alphabet, aa: 1 } } })],
    [
      'token "a b" is not in the byte-level alphabet',
      (json) => ({ ...json, model: { ...json.model, vocab: { ...alphabet, "a b": 999 }, merges: [] } }),
    ],
    ["lacks the special token <|endoftext|>; it has none", (json) => ({ ...json, added_tokens: [] })],
    ["added_tokens[0]: expected content and id", (json) => ({ ...json, added_tokens: [{ content: "x" }] })],
    ["Unknown", (json) => ({ ...json, normalizer: { type: "Nonsense" } })],
  ])("%s", (message, damage) => {
    expect(() => new Tokenizer(damage(tinyJson()))).toThrow(InputError);
    expect(() => new Tokenizer(damage(tinyJson()), {}, "m/tokenizer.json")).toThrow(message);
  });

  test("mutated files load or give InputError", () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const values = fc.oneof(
      fc.constantFrom(null, true, -1, 1e99, "", "x", [], {}, [[]]),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const paths = fc.constantFrom(
      ["added_tokens"],
      ["added_tokens", 0],
      ["normalizer"],
      ["normalizer", "type"],
      ["pre_tokenizer"],
      ["pre_tokenizer", "pretokenizers"],
      ["pre_tokenizer", "pretokenizers", 0],
      ["pre_tokenizer", "pretokenizers", 0, "pattern"],
      ["pre_tokenizer", "pretokenizers", 0, "pattern", "Regex"],
      ["decoder"],
      ["model"],
      ["model", "vocab"],
      ["model", "vocab", "a"],
      ["model", "merges"],
      ["model", "merges", 0],
      ["model", "type"],
    );
    fc.assert(
      fc.property(paths, values, (path, value) => {
        const json = tinyJson();
        let at = json as unknown as Record<string | number, unknown>;
        for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
        at[path.at(-1)!] = value;
        try {
          new Tokenizer(json).encode("a red <|vision_start|> é");
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
      { numRuns: 1000, seed: 11 },
    );
  });
});

test("a folder's files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mogao-tokenizer-"));
  try {
    await expect(loadTokenizer(folder)).rejects.toThrow(`${join(folder, "tokenizer.json")}: no such file`);
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(tinyJson()));
    expect((await loadTokenizer(folder)).encode("red")).toEqual([257]);
    await writeFile(join(folder, "tokenizer_config.json"), "{");
    await expect(loadTokenizer(folder)).rejects.toThrow("tokenizer_config.json: not JSON");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the default model's own tokenizer", async () => {
  const world = await loadTokenizer(new URL("../../models/emoji-world", import.meta.url).pathname);
  const text = "Draw a red apple, then <|vision_start|> two cats.";
  const ids = world.encode(text);
  expect(ids.length).toBeLessThan(text.length / 2);
  expect(ids.some((id) => Object.values(world.special).includes(id))).toBe(false);
  expect(world.decode(ids)).toBe(text);
  expect(new Set(Object.values(world.special)).size).toBe(5);
});
