/** A GGUF file of Qwen2's architecture with random weights of 4 bits (Q4_0; the table of embeddings 8 bits, Q8_0). */
import { randomFillSync } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { writeFileAtomic } from "../../src/core/atomic-file.ts";
import { float32ToFloat16 } from "../../src/core/half.ts";
import type { MogaoConfig } from "../../src/model/config.ts";

/** ggml_type: how a tensor's elements are stored; quantised blocks are a float16 scale and the codes of 32 weights. */
const types = { F32: 0, Q4_0: 2, Q8_0: 8 } as const;
type Type = keyof typeof types;
const BLOCK = 32;
const blockBytes = { Q4_0: 2 + BLOCK / 2, Q8_0: 2 + BLOCK } as const;
const ALIGNMENT = 32;

interface TensorInfo {
  readonly name: string;
  /** Columns first, as ggml counts. */
  readonly shape: readonly number[];
  readonly type: Type;
}

export async function writeGguf(path: string, config: MogaoConfig): Promise<void> {
  const tensors = tensorsOf(config);
  await writeFileAtomic(path, async (file) => {
    let position = await writeAll(file, header(config, tensors));
    const start = aligned(position);
    let offset = 0;
    for (const tensor of tensors) {
      position += await writeAll(file, Buffer.alloc(start + offset - position));
      position += await writeAll(file, content(tensor));
      offset = aligned(offset + byteLength(tensor));
    }
    await writeAll(file, Buffer.alloc(start + offset - position));
  });
}

function tensorsOf({
  hiddenSize,
  heads,
  kvHeads,
  headSize,
  ffnSize,
  layers,
  vocabularySize,
}: MogaoConfig): TensorInfo[] {
  const matrix = (name: string, columns: number, rows: number): TensorInfo => ({
    name: `${name}.weight`,
    shape: [columns, rows],
    type: "Q4_0",
  });
  const vector = (name: string, size: number): TensorInfo => ({ name, shape: [size], type: "F32" });
  const block = (layer: number) => {
    const at = (name: string) => `blk.${layer}.${name}`;
    const projected = { q: heads * headSize, k: kvHeads * headSize, v: kvHeads * headSize };
    return [
      vector(at("attn_norm.weight"), hiddenSize),
      ...Object.entries(projected).flatMap(([part, size]) => [
        matrix(at(`attn_${part}`), hiddenSize, size),
        vector(at(`attn_${part}.bias`), size),
      ]),
      matrix(at("attn_output"), heads * headSize, hiddenSize),
      vector(at("ffn_norm.weight"), hiddenSize),
      matrix(at("ffn_gate"), hiddenSize, ffnSize),
      matrix(at("ffn_up"), hiddenSize, ffnSize),
      matrix(at("ffn_down"), ffnSize, hiddenSize),
    ];
  };
  return [
    { name: "token_embd.weight", shape: [hiddenSize, vocabularySize], type: "Q8_0" },
    vector("output_norm.weight", hiddenSize),
    ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
  ];
}

function byteLength({ shape, type }: TensorInfo): number {
  const count = shape.reduce((a, b) => a * b, 1);
  return type === "F32" ? 4 * count : (count / BLOCK) * blockBytes[type];
}

function content({ name, shape, type, ...rest }: TensorInfo): Uint8Array {
  const bytes = new Uint8Array(byteLength({ name, shape, type, ...rest }));
  if (type === "F32") {
    new Float32Array(bytes.buffer).fill(name.endsWith(".bias") ? 0 : 1);
    return bytes;
  }
  randomFillSync(bytes);
  // Uniform codes of b bits have the deviation 2^b / √12; rows are to have 1/√columns.
  const deviation = Math.sqrt(12 / shape[0]!) / (type === "Q4_0" ? 16 : 256);
  const [scale] = float32ToFloat16(Float32Array.of(deviation));
  for (let at = 0; at < bytes.length; at += blockBytes[type]) {
    bytes[at] = scale! & 0xff;
    bytes[at + 1] = scale! >> 8;
  }
  return bytes;
}

/** GGUF version 3: counts, typed key-value pairs, and a description of every tensor. */
function header(config: MogaoConfig, tensors: readonly TensorInfo[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const number = (size: 4 | 8, value: number, kind: "integer" | "float" = "integer") => {
    const bytes = Buffer.alloc(size);
    if (kind === "float") bytes.writeFloatLE(value);
    else if (size === 4) bytes.writeUInt32LE(value);
    else bytes.writeBigUInt64LE(BigInt(value));
    parts.push(bytes);
  };
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    number(8, bytes.length);
    parts.push(bytes);
  };
  const [UINT32, INT32, FLOAT32, STRING, ARRAY] = [4, 5, 6, 8, 9];
  const pairs: (() => void)[] = [];
  const pair = (key: string, type: number, write: () => void) =>
    pairs.push(() => {
      text(key);
      number(4, type);
      write();
    });
  const count = (key: string, value: number) => pair(`qwen2.${key}`, UINT32, () => number(4, value));
  const list = (key: string, type: number, length: number, write: (i: number) => void) =>
    pair(`tokenizer.ggml.${key}`, ARRAY, () => {
      number(4, type);
      number(8, length);
      for (let i = 0; i < length; i++) write(i);
    });
  pair("general.architecture", STRING, () => text("qwen2"));
  count("context_length", 4096);
  count("embedding_length", config.hiddenSize);
  count("block_count", config.layers);
  count("feed_forward_length", config.ffnSize);
  count("attention.head_count", config.heads);
  count("attention.head_count_kv", config.kvHeads);
  pair("qwen2.rope.freq_base", FLOAT32, () => number(4, config.ropeTheta, "float"));
  pair("qwen2.attention.layer_norm_rms_epsilon", FLOAT32, () => number(4, config.rmsNormEpsilon, "float"));
  pair("tokenizer.ggml.model", STRING, () => text("gpt2"));
  pair("tokenizer.ggml.pre", STRING, () => text("qwen2"));
  list("tokens", STRING, config.vocabularySize, (id) => text(`t${id}`));
  list("token_type", INT32, config.vocabularySize, () => number(4, 1));
  list("merges", STRING, 1, () => text("t 1"));

  parts.push(Buffer.from("GGUF"));
  number(4, 3);
  number(8, tensors.length);
  number(8, pairs.length);
  for (const write of pairs) write();
  let offset = 0;
  for (const tensor of tensors) {
    text(tensor.name);
    number(4, tensor.shape.length);
    for (const size of tensor.shape) number(8, size);
    number(4, types[tensor.type]);
    number(8, offset);
    offset = aligned(offset + byteLength(tensor));
  }
  return Buffer.concat(parts);
}

const aligned = (position: number) => Math.ceil(position / ALIGNMENT) * ALIGNMENT;

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<number> {
  if (bytes.length > 0) await file.writeFile(bytes);
  return bytes.length;
}
