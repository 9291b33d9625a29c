/**
 * Qwen2-VL's vision transformer: 14 px patches (a still image stands for two equal frames), 2-D rotary positions, full
 * attention within an image, and a merger that turns each 2×2 block of patches into one token of the language model.
 * Parameter names are the checkpoint's, below `visual.`.
 */
import { attention, gelu, linear, quickGelu } from "../graph/functional.ts";
import { add, concat, constant, cos, matmul, reshape, rotatePairs, sin, slice } from "../graph/primitives.ts";
import { divDims, type Dim } from "../graph/dims.ts";
import type { Tensor } from "../graph/tensor.ts";
import { LayerNorm, Linear } from "../nn/layers.ts";
import { normal, type ParameterScope } from "../nn/parameters.ts";

export interface VitConfig {
  readonly size: number;
  readonly layers: number;
  readonly heads: number;
  readonly mlpSize: number;
  /** Pixels a patch side. */
  readonly patch: number;
  /** Patches a token side. */
  readonly merge: number;
  readonly temporalPatch: number;
  /** Width of the tokens that come out: the language model's. */
  readonly outSize: number;
}

const EPSILON = 1e-6;

class VitBlock {
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly qkv: Linear;
  readonly projection: Linear;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly #heads: number;
  constructor(scope: ParameterScope, config: VitConfig) {
    const residual = normal(1 / Math.sqrt(config.size * 2 * config.layers));
    this.norm1 = new LayerNorm(scope.at("norm1"), config.size, EPSILON);
    this.norm2 = new LayerNorm(scope.at("norm2"), config.size, EPSILON);
    this.qkv = new Linear(scope.at("attn", "qkv"), config.size, 3 * config.size);
    this.projection = new Linear(scope.at("attn", "proj"), config.size, config.size, { initializer: residual });
    this.fc1 = new Linear(scope.at("mlp", "fc1"), config.size, config.mlpSize);
    this.fc2 = new Linear(scope.at("mlp", "fc2"), config.mlpSize, config.size, { initializer: residual });
    this.#heads = config.heads;
  }
  /** x [images, patches, size] */
  forward(x: Tensor, cosines: Tensor, sines: Tensor): Tensor {
    const [images, patches, size] = x.shape as [Dim, Dim, number];
    const qkv = reshape(this.qkv.forward(this.norm1.forward(x)), [
      images,
      patches,
      3 * this.#heads,
      size / this.#heads,
    ]);
    const part = (i: number) => slice(qkv, 2, i * this.#heads, (i + 1) * this.#heads);
    const mixed = attention(rotatePairs(part(0), cosines, sines), rotatePairs(part(1), cosines, sines), part(2));
    const attended = add(x, this.projection.forward(mixed));
    return add(attended, this.fc2.forward(quickGelu(this.fc1.forward(this.norm2.forward(attended)))));
  }
}

export class Vit {
  readonly config: VitConfig;
  readonly patchEmbedding: Tensor;
  readonly blocks: readonly VitBlock[];
  readonly mergerNorm: LayerNorm;
  readonly mergerIn: Linear;
  readonly mergerOut: Linear;

  constructor(scope: ParameterScope, config: VitConfig) {
    const { size, patch, temporalPatch, merge } = config;
    this.config = config;
    this.patchEmbedding = scope
      .at("patch_embed", "proj")
      .parameter(
        "weight",
        [size, 3, temporalPatch, patch, patch],
        normal(1 / Math.sqrt(3 * temporalPatch * patch * patch)),
      );
    this.blocks = Array.from({ length: config.layers }, (_, i) => new VitBlock(scope.at("blocks", i), config));
    const merged = size * merge * merge;
    this.mergerNorm = new LayerNorm(scope.at("merger", "ln_q"), size, EPSILON);
    this.mergerIn = new Linear(scope.at("merger", "mlp", 0), merged, merged);
    this.mergerOut = new Linear(scope.at("merger", "mlp", 2), merged, config.outSize);
  }

  /** Numbers in one flattened patch: channel × frame × row × column. */
  get patchSize(): number {
    return 3 * this.config.temporalPatch * this.config.patch ** 2;
  }

  /**
   * patches [images, patches, patchSize] of equally large images, in merge order (the four patches of a token follow
   * each other), and their positions [1 or images, patches, 1, 2] (row, column) → tokens [images, patches / merge², outSize].
   */
  forward(patches: Tensor, positions: Tensor): Tensor {
    const { size, heads, merge } = this.config;
    const weight = reshape(this.patchEmbedding, [size, this.patchSize]);
    const [images, count] = patches.shape as [Dim, Dim];
    const { cosines, sines } = this.#rotary(positions, size / heads);
    let x = linear(patches, weight);
    for (const block of this.blocks) x = block.forward(x, cosines, sines);
    const tokens = divDims(count, merge * merge);
    if (tokens === undefined) throw new Error(`Vit: ${count} patches do not divide into tokens of ${merge}×${merge}`);
    const merged = reshape(this.mergerNorm.forward(x), [images, tokens, size * merge * merge]);
    return this.mergerOut.forward(gelu(this.mergerIn.forward(merged)));
  }

  /** The first half of the channel pairs turns with the row, the second with the column. */
  #rotary(positions: Tensor, headSize: number): { cosines: Tensor; sines: Tensor } {
    const quarter = headSize / 4;
    const frequencies = Float64Array.from({ length: quarter }, (_, i) => 10000 ** ((-2 * i) / (headSize / 2)));
    const row = matmul(slice(positions, -1, 0, 1), constant(frequencies, [1, quarter]));
    const column = matmul(slice(positions, -1, 1, 2), constant(frequencies, [1, quarter]));
    const angles = concat([row, column], row.shape.length - 1);
    return { cosines: cos(angles), sines: sin(angles) };
  }
}
