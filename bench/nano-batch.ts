/** The default model and batches of made-up content for it. */
import { symbol } from "../src/graph/dims.ts";
import { input } from "../src/graph/primitives.ts";
import { Mogao } from "../src/model/mogao.ts";
import { presets } from "../src/model/presets.ts";
import { buildSequence, type SequencePart } from "../src/model/sequence.ts";
import { trainingGraph } from "../src/model/training-graph.ts";
import { ParameterScope } from "../src/nn/parameters.ts";
import type { HostTensor } from "../src/runtime/types.ts";
import { packedFeeds, packRows, type RowCapacity } from "../src/train/packing.ts";
import type { TrainingTask } from "../src/train/task.ts";

/** Tokens along each side of a picture of 96 px. */
export const TOKEN_GRID = 6;
const IMAGE_TOKENS = TOKEN_GRID * TOKEN_GRID;

export interface NanoBatch {
  readonly feeds: Record<string, HostTensor>;
  readonly rows: number;
  /** Tokens of both branches, padding left out. */
  readonly tokens: number;
}

const config = presets.nano;

/** `nano` as a task for the training loop's programs; its batches come from {@link nanoBatch}. */
export function nanoTask(): TrainingTask {
  const scope = new ParameterScope();
  const model = new Mogao(scope, config);
  const vitTokens = input("vit_tokens", [symbol("vitTokens"), config.hiddenSize]);
  const { loss } = trainingGraph(model, vitTokens, { lambda: 0.25, objective: "text+flow" });
  return {
    name: "nano",
    parameters: scope.all,
    loss,
    metrics: {},
    batch: () => Promise.reject(new Error("nanoTask: batches are given by the bench")),
  };
}

/** Deterministic numbers that look random enough. */
const wave = (length: number, key: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(1 + key * 3.7 + i * 1.3));

/** Feeds of the training graph for samples of made-up text and images of TOKEN_GRID², packed into rows. */
export function nanoBatch(samples: readonly (readonly SequencePart[])[], capacity: RowCapacity): NanoBatch {
  const sequences = samples.map((parts) => buildSequence(parts));
  const images = Math.max(1, ...samples.flat().map((part) => (part.type === "image" ? part.image + 1 : 0)));
  const rows = packRows(sequences, capacity);
  const feeds = packedFeeds(
    rows,
    {
      latents: (_, image) => wave(IMAGE_TOKENS * config.latentSize, image),
      vitStart: (_, image) => image * IMAGE_TOKENS,
      time: (sample, image, copy) => ((sample * 7 + image * 3 + copy * 5) % 19) / 19,
      noise: () => wave(IMAGE_TOKENS * config.latentSize, 100),
      textWeight: () => 1,
      flowWeight: () => 1,
    },
    { latentSize: config.latentSize, withFlow: true },
  );
  const count = images * IMAGE_TOKENS;
  const vitTokens = { type: "float32", shape: [count, config.hiddenSize], data: wave(count * config.hiddenSize, 7) };
  return {
    feeds: { ...feeds, vit_tokens: vitTokens as HostTensor },
    rows: rows.length,
    tokens: sequences.reduce((sum, { text, visual }) => sum + text.length + visual.length, 0),
  };
}

/** Ids of made-up text. */
export const words = (count: number, key = 0): number[] =>
  Array.from({ length: count }, (_, i) => 300 + ((key * 131 + i * 17) % 1000));

/** `rows` rows of 32 text tokens and a drawn picture of 96 px at two noise levels: 72 visual tokens. */
export function drawingBatch(rows: number): NanoBatch {
  const picture = {
    type: "image",
    image: 0,
    rows: TOKEN_GRID,
    columns: TOKEN_GRID,
    vit: false,
    vae: false,
    copies: 2,
  } as const;
  return nanoBatch(
    Array.from({ length: rows }, (_, key) => [{ type: "text", ids: words(32, key), loss: true }, picture]),
    { text: 32, visual: 72 },
  );
}
