/**
 * The vision transformers of Qwen2-VL and Qwen2.5-VL: 14 px patches (a still image stands for two equal frames), 2-D rotary
 * positions, and a merger that turns each 2×2 block of patches into one token of the language model. Qwen2.5-VL has RMSNorm and
 * SwiGLU, and attends within windows but for a few blocks. Parameter names are the checkpoints', below `visual.`.
 */
import { divDims, mulDims, type Dim } from "../graph/dims.ts";
import { attention, gelu, linear, quickGelu, rotated, silu } from "../graph/functional.ts";
import { add, concat, constant, cos, matmul, mul, reshape, sin, slice } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { LayerNorm, Linear, RmsNorm } from "../nn/layers.ts";
import { normal, type Initializer, type ParameterScope } from "../nn/parameters.ts";
import type { QwenVitConfig } from "./vit-config.ts";
import { patchSizeOf } from "./vit-patches.ts";

const EPSILON = 1e-6;
/** Heads whose scores are in memory at the same time: of a picture of 896 × 896 pixels they are 67 MB a head. */
const HEADS_AT_ONCE = 4;

/** Angles of the rotary positions, and who may see whom. */
interface VitContext {
  readonly cosines: Tensor;
  readonly sines: Tensor;
  /** Places that see only each other: all of an image, or a window. */
  readonly together: Dim;
  /** Additive bias of each place as a key, [images, places]. */
  readonly padding: Tensor | undefined;
}

function createNorm(scope: ParameterScope, { size, norm }: QwenVitConfig): LayerNorm | RmsNorm {
  return norm === "rms" ? new RmsNorm(scope, size, EPSILON) : new LayerNorm(scope, size, EPSILON);
}

class QuickGeluMlp {
  readonly fc1: Linear;
  readonly fc2: Linear;
  constructor(scope: ParameterScope, { size, mlpSize }: QwenVitConfig, residual: Initializer) {
    this.fc1 = new Linear(scope.at("fc1"), size, mlpSize);
    this.fc2 = new Linear(scope.at("fc2"), mlpSize, size, { initializer: residual });
  }
  forward(x: Tensor): Tensor {
    return this.fc2.forward(quickGelu(this.fc1.forward(x)));
  }
}

class SwigluMlp {
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
  constructor(scope: ParameterScope, { size, mlpSize }: QwenVitConfig, residual: Initializer) {
    this.gate = new Linear(scope.at("gate_proj"), size, mlpSize);
    this.up = new Linear(scope.at("up_proj"), size, mlpSize);
    this.down = new Linear(scope.at("down_proj"), mlpSize, size, { initializer: residual });
  }
  forward(x: Tensor): Tensor {
    return this.down.forward(mul(silu(this.gate.forward(x)), this.up.forward(x)));
  }
}

class VitBlock {
  readonly norm1: LayerNorm | RmsNorm;
  readonly norm2: LayerNorm | RmsNorm;
  readonly qkv: Linear;
  readonly projection: Linear;
  readonly mlp: QuickGeluMlp | SwigluMlp;
  readonly #heads: number;
  constructor(scope: ParameterScope, config: QwenVitConfig) {
    const residual = normal(1 / Math.sqrt(config.size * 2 * config.layers));
    this.norm1 = createNorm(scope.at("norm1"), config);
    this.norm2 = createNorm(scope.at("norm2"), config);
    this.qkv = new Linear(scope.at("attn", "qkv"), config.size, 3 * config.size);
    this.projection = new Linear(scope.at("attn", "proj"), config.size, config.size, { initializer: residual });
    const Mlp = config.mlp === "swiglu" ? SwigluMlp : QuickGeluMlp;
    this.mlp = new Mlp(scope.at("mlp"), config, residual);
    this.#heads = config.heads;
  }

  /** x [images, places, size] */
  forward(x: Tensor, context: VitContext): Tensor {
    const attended = add(x, this.projection.forward(this.#attend(this.norm1.forward(x), context)));
    return add(attended, this.mlp.forward(this.norm2.forward(attended)));
  }

  #attend(x: Tensor, { cosines, sines, together, padding }: VitContext): Tensor {
    const [images, places, size] = x.shape as [Dim, Dim, number];
    const windows = mulDims(images, divDims(places, together)!);
    const [heads, headSize] = [this.#heads, size / this.#heads];
    const qkv = reshape(this.qkv.forward(x), [images, places, 3 * heads, headSize]);
    const part = (i: number) => slice(qkv, 2, i * heads, (i + 1) * heads);
    const split = (part: Tensor) => reshape(part, [windows, together, heads, headSize]);
    const [q, k] = [rotated(part(0), cosines, sines), rotated(part(1), cosines, sines)];
    const bias = padding && reshape(padding, [windows, 1, 1, together]);
    const mixed = [];
    for (let from = 0; from < heads; from += HEADS_AT_ONCE) {
      const some = (x: Tensor) => slice(split(x), 2, from, Math.min(heads, from + HEADS_AT_ONCE));
      mixed.push(attention(some(q), some(k), some(part(2)), bias));
    }
    return reshape(concat(mixed, 2), [images, places, size]);
  }
}

export class Vit {
  readonly config: QwenVitConfig;
  readonly patchEmbedding: Tensor;
  readonly blocks: readonly VitBlock[];
  readonly mergerNorm: LayerNorm | RmsNorm;
  readonly mergerIn: Linear;
  readonly mergerOut: Linear;

  constructor(scope: ParameterScope, config: QwenVitConfig) {
    const { size, patch, temporalPatch, merge } = config;
    this.config = config;
    this.patchEmbedding = scope
      .at("patch_embed", "proj")
      .parameter("weight", [size, 3, temporalPatch, patch, patch], normal(1 / Math.sqrt(patchSizeOf(config))));
    this.blocks = Array.from({ length: config.layers }, (_, i) => new VitBlock(scope.at("blocks", i), config));
    const merged = size * merge * merge;
    this.mergerNorm = createNorm(scope.at("merger", "ln_q"), config);
    this.mergerIn = new Linear(scope.at("merger", "mlp", 0), merged, merged);
    this.mergerOut = new Linear(scope.at("merger", "mlp", 2), merged, config.outSize);
  }

  /** Numbers in one flattened patch: channel × frame × row × column. */
  get patchSize(): number {
    return patchSizeOf(this.config);
  }

  /** Places that a picture's patches come in multiples of: those of a token, or of a window. */
  get group(): number {
    return (this.config.windows?.side ?? this.config.merge) ** 2;
  }

  /**
   * patches [images, places, patchSize] of equally large images, in the order of `patchOrder` (the four patches of a token follow
   * each other), their positions [1 or images, places, 1, 2] (row, column) and with windows the bias of padding
   * [images, places] → tokens [images, places / merge², outSize] in the same order.
   */
  forward(patches: Tensor, positions: Tensor, padding?: Tensor): Tensor {
    const { size, heads, merge, windows } = this.config;
    const weight = reshape(this.patchEmbedding, [size, this.patchSize]);
    const [images, places] = patches.shape as [Dim, Dim];
    const tokens = divDims(places, merge * merge);
    if (tokens === undefined || divDims(places, this.group) === undefined)
      throw new Error(`Vit: expected a multiple of ${this.group} patches, found ${places}`);
    const angles = this.#rotary(positions, size / heads);
    let x = linear(patches, weight);
    for (const [i, block] of this.blocks.entries()) {
      const together = windows && !windows.full.includes(i) ? this.group : places;
      x = block.forward(x, { ...angles, together, padding });
    }
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
