/** The readers of what comes from elsewhere, as functions of a text, each with files that are right. */
import { readFileSync } from "node:fs";
import { parseJson } from "../../src/core/json-file.ts";
import { Tokenizer } from "../../src/encoders/tokenizer.ts";
import { tinyTokenizer } from "../../src/generate/testing.ts";
import { qwen2Config } from "../../src/weights/families/qwen2.ts";
import { parseModelConfig } from "../../src/weights/model-config.ts";
import { parseIndex } from "../../src/weights/safetensors-sharded.ts";
import { parseHeader } from "../../src/weights/safetensors-header.ts";

export interface ReaderTarget {
  readonly name: string;
  readonly text: string;
  /** Reads a text. It must give a value or throw InputError. */
  read(text: string): unknown;
}

const fixture = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

const header = JSON.stringify({
  __metadata__: { format: "pt" },
  a: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
  "model.layers.0.b": { dtype: "BF16", shape: [3], data_offsets: [16, 22] },
  c: { dtype: "I8", shape: [], data_offsets: [22, 23] },
});
const HEADER_DATA_BYTES = 23;

export const readerTargets: readonly ReaderTarget[] = [
  { name: "safetensors header", text: header, read: (text) => parseHeader(text, HEADER_DATA_BYTES, "f") },
  {
    name: "safetensors index",
    text: fixture("tests/fixtures/references/qwen2-chat/model.safetensors.index.json"),
    read: (text) => parseIndex(parseJson(text, "f"), "f"),
  },
  {
    name: "config.json of a model",
    text: fixture("models/emoji-world/config.json"),
    read: (text) => parseModelConfig(parseJson(text, "f"), "f"),
  },
  {
    name: "config.json of a Qwen2.5",
    text: fixture("tests/fixtures/references/qwen2-chat/config.json"),
    read: (text) => qwen2Config(parseJson(text, "f"), "f"),
  },
  {
    name: "tokenizer.json",
    text: JSON.stringify(tinyTokenizer()),
    read: (text) => new Tokenizer(parseJson(text, "f"), {}, "f").encode("a red <|im_end|> é"),
  },
];
