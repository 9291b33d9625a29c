/** Small random models and sequences for tests of the paper's invariants. */
import { Philox } from "../core/random.ts";
import { gradients } from "../graph/gradients.ts";
import { interpret } from "../graph/interpret.ts";
import type { Tensor } from "../graph/tensor.ts";
import { attentionOf } from "../model/attends.ts";
import type { MogaoConfig } from "../model/config.ts";
import { Mogao } from "../model/mogao.ts";
import { buildSequence, type SequencePart } from "../model/sequence.ts";
import { trainingGraph, vitTokensInput } from "../model/training-graph.ts";
import { elementCount, ParameterScope } from "../nn/parameters.ts";
import type { HostTensor } from "../runtime/types.ts";
import { packedFeeds, packRows, type RowCapacity } from "./packing.ts";

export const tinyConfig: MogaoConfig = {
  hiddenSize: 16,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 8,
  ffnSize: 24,
  vocabularySize: 20,
  rmsNormEpsilon: 1e-6,
  ropeTheta: 100,
  rope: "interleaved",
  fusion: "deep",
  imageContext: "vit+vae",
  latentSize: 4,
  conditionSize: 8,
  timeScale: 10,
};

/** A model whose parameters are all random, zero-initialised ones too, so that no path is closed by accident. */
export function tinyModel(config: MogaoConfig = tinyConfig) {
  const scope = new ParameterScope();
  const model = new Mogao(scope, config);
  const graph = trainingGraph(model, vitTokensInput(model), {
    lambda: 0.25,
    objective: "text+flow",
  });
  const random = new Philox(7);
  const values: Record<string, { shape: readonly number[]; data: Float64Array }> = {};
  for (const { name, shape } of scope.all)
    values[name] = { shape, data: Float64Array.from({ length: elementCount(shape) }, () => 0.3 * random.normal()) };
  return { scope, model, graph, values };
}

export const text = (...ids: number[]): SequencePart => ({ type: "text", ids, loss: true });
export const image = (index: number, change: Partial<Extract<SequencePart, { type: "image" }>> = {}): SequencePart => ({
  type: "image",
  image: index,
  rows: 1,
  columns: 2,
  vit: true,
  vae: true,
  copies: 1,
  ...change,
});

/** What images of tests look like: latents, ViT tokens, noise and times are functions of (image, copy), unless changed. */
export interface TinyContents {
  readonly latents?: (image: number) => number;
  readonly vit?: (image: number) => number;
  readonly noise?: (image: number, copy: number) => number;
}

const TOKENS = 2;
const IMAGES = 8;

/** Feeds for samples packed into rows of a capacity. Weights are 1 and totals are 1, so that losses are sums. */
export function tinyFeeds(
  samples: readonly (readonly SequencePart[])[],
  capacity: RowCapacity,
  contents: TinyContents = {},
  config: MogaoConfig = tinyConfig,
): Record<string, HostTensor> {
  const latent = contents.latents ?? ((i) => i);
  const vit = contents.vit ?? ((i) => i);
  const noiseOf = contents.noise ?? ((i, copy) => 10 * i + copy);
  const wave = (key: number, length: number) =>
    Float32Array.from({ length }, (_, i) => Math.sin(1 + key * 3.7 + i * 1.3));
  const rows = packRows(
    samples.map((parts) => buildSequence(parts)),
    capacity,
  );
  const feeds = packedFeeds(
    rows,
    {
      latents: (_, i) => wave(latent(i), TOKENS * config.latentSize),
      vitStart: (_, i) => i * TOKENS,
      time: (_, i, copy) => 0.2 + 0.1 * i + 0.05 * copy,
      noise: (_, i, copy) => wave(100 + noiseOf(i, copy), TOKENS * config.latentSize),
      textWeight: () => 1,
      flowWeight: () => 1,
    },
    { latentSize: config.latentSize, withFlow: true, attention: attentionOf(config) },
  );
  const vitTokens = new Float32Array(IMAGES * TOKENS * config.hiddenSize);
  for (let i = 0; i < IMAGES; i++)
    vitTokens.set(wave(50 + vit(i), TOKENS * config.hiddenSize), i * TOKENS * config.hiddenSize);
  const one: HostTensor = { type: "float32", shape: [1], data: new Float32Array([1]) };
  return {
    ...feeds,
    vit_tokens: { type: "float32", shape: [IMAGES * TOKENS, config.hiddenSize], data: vitTokens },
    text_total: one,
    flow_total: one,
  };
}

/** Runs nodes in float64 on host tensors and parameter values. */
export function evaluate(
  outputs: readonly Tensor[],
  feeds: Readonly<Record<string, HostTensor>>,
  values: Readonly<Record<string, { shape: readonly number[]; data: Float64Array }>>,
): Float64Array[] {
  const all: Record<string, { shape: number[]; data: ArrayLike<number> }> = {};
  for (const [name, { shape, data }] of Object.entries(feeds))
    all[name] = { shape: [...shape], data: Array.from(data as ArrayLike<number | bigint>, Number) };
  for (const [name, { shape, data }] of Object.entries(values)) all[name] = { shape: [...shape], data };
  return interpret([...outputs], all).map(({ data }) => data);
}

/** Text loss, flow loss and the gradient of the whole loss with respect to every parameter, in one flat list. */
export function lossAndGradient(model: ReturnType<typeof tinyModel>, feeds: Readonly<Record<string, HostTensor>>) {
  const wrt = gradients(
    model.graph.loss,
    model.scope.all.map(({ tensor }) => tensor),
  );
  const [textLoss, flowLoss, ...grads] = evaluate(
    [model.graph.textLoss, model.graph.flowLoss, ...wrt],
    feeds,
    model.values,
  );
  return { text: textLoss![0]!, flow: flowLoss![0]!, gradient: grads.flatMap((g) => [...g]) };
}
