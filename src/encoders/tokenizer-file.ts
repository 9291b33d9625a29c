/** The tokenizer of a checkpoint's folder: tokenizer.json, or the vocab.json and merges.txt of older ones. */
import { InputError } from "../core/errors.ts";
import { fileInFolder } from "../core/folder-file.ts";
import { readJson, readJsonIfPresent, readTextIfPresent } from "../core/json-file.ts";
import { Tokenizer } from "./tokenizer.ts";

export interface TokenizerFiles {
  /** As tokenizer.json has it. */
  readonly json: unknown;
  /** The parsed tokenizer_config.json, where there is one. */
  readonly config?: unknown;
  /** The file that errors name. */
  readonly path: string;
}

/** How Qwen2's tokenizer cuts text before merging (transformers, tokenization_qwen2.py). */
const qwen2Split =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Loads the tokenizer of a model's folder. Throws InputError where there is none, or it is malformed. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const { json, config, path } = await readTokenizerFiles(folder);
  return new Tokenizer(json, config ?? {}, path);
}

export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const configPath = await fileInFolder(folder, "tokenizer_config.json");
  const config = await readJsonIfPresent(configPath);
  const settings = config === undefined ? {} : { config };
  const path = await fileInFolder(folder, "tokenizer.json");
  const json = await readJsonIfPresent(path);
  if (json !== undefined) return { json, ...settings, path };
  const mergesPath = await fileInFolder(folder, "merges.txt");
  const merges = await readTextIfPresent(mergesPath);
  if (merges === undefined)
    throw new InputError(`${path}: no such file, and no merges.txt with a vocab.json in its place`);
  const vocab = await readJson(await fileInFolder(folder, "vocab.json"));
  return { json: qwen2TokenizerJson(vocab, merges, addedTokens(config, configPath)), ...settings, path: mergesPath };
}

function qwen2TokenizerJson(vocab: unknown, merges: string, added: readonly object[]): object {
  return {
    version: "1.0",
    added_tokens: added,
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: qwen2Split }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE",
      vocab,
      merges: merges.split(/\r?\n/).filter((line, i) => line !== "" && !(i === 0 && line.startsWith("#version"))),
    },
  };
}

/** Tokens beside the vocabulary, by id in tokenizer_config.json's `added_tokens_decoder`. */
function addedTokens(config: unknown, path: string): object[] {
  const decoder = (config as { added_tokens_decoder?: unknown } | null | undefined)?.added_tokens_decoder;
  if (typeof decoder !== "object" || decoder === null)
    throw new InputError(`${path}: expected an object added_tokens_decoder, since there is no tokenizer.json`);
  return Object.entries(decoder).map(([id, token]) => ({ ...(token as object), id: Number(id) }));
}
