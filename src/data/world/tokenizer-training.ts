import { expectInput } from "../../core/errors.ts";
import { byteOfCharacter } from "../../encoders/byte-alphabet.ts";

/** Special tokens, in the order of their ids after the merges; Qwen2's names. */
export const SPECIAL_TOKENS = [
  "<|endoftext|>",
  "<|im_start|>",
  "<|im_end|>",
  "<|vision_start|>",
  "<|vision_end|>",
  "<|image_pad|>",
] as const;

/** Qwen2's pre-tokenizer, as written in its tokenizer.json: contractions, words, single digits, punctuation, space. */
const QWEN2_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
/** The same for engines without inline flags. */
const SPLITTER = new RegExp(
  QWEN2_PATTERN.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])"),
  "gu",
);

/** A Hugging Face `tokenizer.json`, as far as this project writes it. */
export interface TokenizerJson {
  readonly version: string;
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[];
  readonly model: {
    readonly type: "BPE";
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (readonly [string, string])[];
  };
  readonly [key: string]: unknown;
}

/** Splits text into the pre-tokens within which merges happen, after NFC. */
export function preTokenize(text: string): string[] {
  return text.normalize("NFC").match(SPLITTER) ?? [];
}

/** Counts pre-tokens over a corpus: all that training needs to know of it. */
export function countWords(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of preTokenize(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

interface Word {
  symbols: number[];
  readonly count: number;
}

/**
 * Byte-level byte-pair encoding (Sennrich et al. 2016, Radford et al. 2019): all 256 bytes, then the most frequent pair
 * again and again, then the special tokens, `vocabularySize` entries in all. Ties go to the pair with the lower ids,
 * so that the result depends on the counts alone. Training stops early when no pair occurs twice; the special tokens
 * then follow directly.
 */
export function trainTokenizer(counts: ReadonlyMap<string, number>, vocabularySize = 2048): TokenizerJson {
  const smallest = 256 + SPECIAL_TOKENS.length;
  expectInput(
    Number.isInteger(vocabularySize) && vocabularySize >= smallest,
    `vocabulary size: expected a whole number of at least ${smallest}, found ${vocabularySize}`,
  );
  const tokens = [...byteOfCharacter.keys()];
  const merges: [string, string][] = [];
  const words: Word[] = [];
  const encoder = new TextEncoder();
  for (const [word, count] of counts) words.push({ symbols: [...encoder.encode(word)], count });

  const pairs = new PairCounts();
  for (const [index, word] of words.entries()) pairs.add(word.symbols, word.count, index);
  while (tokens.length < vocabularySize - SPECIAL_TOKENS.length) {
    const best = pairs.mostFrequent();
    if (best === null) break;
    const merged = tokens.length;
    tokens.push(tokens[best.left]! + tokens[best.right]!);
    merges.push([tokens[best.left]!, tokens[best.right]!]);
    for (const index of best.words) {
      const word = words[index]!;
      pairs.add(word.symbols, -word.count, index);
      word.symbols = mergePair(word.symbols, best.left, best.right, merged);
      pairs.add(word.symbols, word.count, index);
    }
  }
  return toTokenizerJson(tokens, merges);
}

function mergePair(symbols: readonly number[], left: number, right: number, merged: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      result.push(merged);
      i++;
    } else {
      result.push(symbols[i]!);
    }
  }
  return result;
}

/** How often each adjacent pair of symbols occurs, and in which words. */
class PairCounts {
  static readonly #RADIX = 1 << 20;
  readonly #counts = new Map<number, number>();
  readonly #words = new Map<number, Set<number>>();

  add(symbols: readonly number[], count: number, word: number): void {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const key = symbols[i]! * PairCounts.#RADIX + symbols[i + 1]!;
      const total = (this.#counts.get(key) ?? 0) + count;
      if (total === 0) {
        this.#counts.delete(key);
        this.#words.delete(key);
        continue;
      }
      this.#counts.set(key, total);
      let words = this.#words.get(key);
      if (words === undefined) this.#words.set(key, (words = new Set()));
      words.add(word);
    }
  }

  /** The pair to merge next, or null when none occurs twice. */
  mostFrequent(): { left: number; right: number; words: number[] } | null {
    let best = -1;
    let bestCount = 1;
    for (const [key, count] of this.#counts) {
      if (count > bestCount || (count === bestCount && count > 1 && key < best)) {
        best = key;
        bestCount = count;
      }
    }
    if (best < 0) return null;
    const left = Math.floor(best / PairCounts.#RADIX);
    return { left, right: best % PairCounts.#RADIX, words: [...this.#words.get(best)!].sort((a, b) => a - b) };
  }
}

function toTokenizerJson(tokens: readonly string[], merges: [string, string][]): TokenizerJson {
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, index) => ({
      id: tokens.length + index,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: QWEN2_PATTERN }, behavior: "Isolated", invert: false },
        byteLevel,
      ],
    },
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  } as TokenizerJson;
}

/** The `tokenizer_config.json` beside it, with Qwen2's field values. */
export function tokenizerConfig(): Record<string, unknown> {
  return {
    add_prefix_space: false,
    bos_token: null,
    clean_up_tokenization_spaces: false,
    eos_token: "<|im_end|>",
    errors: "replace",
    pad_token: "<|endoftext|>",
    split_special_tokens: false,
    tokenizer_class: "Qwen2Tokenizer",
    unk_token: null,
  };
}
