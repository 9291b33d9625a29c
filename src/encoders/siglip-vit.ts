/**
 * SigLIP's vision transformer on pictures of their own size (NaViT), as BAGEL uses it: a patch is a token, positions are learned in
 * a square table, and there is no pooling head. Parameter names are Hugging Face's, below `vision_model.`.
 */
import type { Dim } from "../graph/dims.ts";
import { attention, geluTanh } from "../graph/functional.ts";
import { add, cast, mul, reshape, slice } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Embedding, LayerNorm, Linear } from "../nn/layers.ts";
import type { ParameterScope } from "../nn/parameters.ts";
import type { SiglipVitConfig } from "./vit-config.ts";
import { patchSizeOf } from "./vit-patches.ts";

const EPSILON = 1e-6;

class SiglipLayer {
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly q: Linear;
  readonly k: Linear;
  readonly v: Linear;
  readonly output: Linear;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly #heads: number;
  constructor(scope: ParameterScope, { size, mlpSize, heads }: SiglipVitConfig) {
    this.norm1 = new LayerNorm(scope.at("layer_norm1"), size, EPSILON);
    this.norm2 = new LayerNorm(scope.at("layer_norm2"), size, EPSILON);
    this.q = new Linear(scope.at("self_attn", "q_proj"), size, size);
    this.k = new Linear(scope.at("self_attn", "k_proj"), size, size);
    this.v = new Linear(scope.at("self_attn", "v_proj"), size, size);
    this.output = new Linear(scope.at("self_attn", "out_proj"), size, size);
    this.fc1 = new Linear(scope.at("mlp", "fc1"), size, mlpSize);
    this.fc2 = new Linear(scope.at("mlp", "fc2"), mlpSize, size);
    this.#heads = heads;
  }

  /** x [images, patches, size] */
  forward(x: Tensor): Tensor {
    const [images, patches, size] = x.shape as [Dim, Dim, number];
    const normal = this.norm1.forward(x);
    const heads = (layer: Linear) => reshape(layer.forward(normal), [images, patches, this.#heads, size / this.#heads]);
    const attended = add(x, this.output.forward(attention(heads(this.q), heads(this.k), heads(this.v))));
    return add(attended, this.fc2.forward(geluTanh(this.fc1.forward(this.norm2.forward(attended)))));
  }
}

export class SiglipVit {
  readonly config: SiglipVitConfig;
  readonly patchEmbedding: Linear;
  readonly positions: Embedding;
  readonly layers: readonly SiglipLayer[];
  readonly norm: LayerNorm;

  constructor(scope: ParameterScope, config: SiglipVitConfig) {
    this.config = config;
    this.patchEmbedding = new Linear(scope.at("embeddings", "patch_embedding"), patchSizeOf(config), config.size);
    this.positions = new Embedding(
      scope.at("embeddings", "position_embedding"),
      config.positionsPerSide ** 2,
      config.size,
    );
    this.layers = Array.from(
      { length: config.layers },
      (_, i) => new SiglipLayer(scope.at("encoder", "layers", i), config),
    );
    this.norm = new LayerNorm(scope.at("post_layernorm"), config.size, EPSILON);
  }

  /** Numbers in one flattened patch: row × column × channel. */
  get patchSize(): number {
    return patchSizeOf(this.config);
  }

  /** Any number of patches will do. */
  get group(): number {
    return 1;
  }

  /**
   * patches [images, patches, patchSize] of equally large images, row by row, and their positions [1, patches, 1, 2]
   * (row, column), both below `positionsPerSide` → tokens [images, patches, size].
   */
  forward(patches: Tensor, positions: Tensor): Tensor {
    const count = patches.shape[1]!;
    const [row, column] = [slice(positions, -1, 0, 1), slice(positions, -1, 1, 2)];
    const ids = reshape(cast(add(mul(row, this.config.positionsPerSide), column), "int"), [1, count]);
    let x = add(this.patchEmbedding.forward(patches), this.positions.forward(ids));
    for (const layer of this.layers) x = layer.forward(x);
    return this.norm.forward(x);
  }
}
