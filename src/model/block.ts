/** The deep-fusion decoder block (Fig. 3): Qwen2.5's block, once per modality, around one joint attention. */
import { attention, rotated, silu } from "../graph/functional.ts";
import { add, concat, mul, reshape, slice } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Linear, RmsNorm } from "../nn/layers.ts";
import { normal, ones, zeros, type Initializer, type ParameterScope } from "../nn/parameters.ts";

import type { MogaoConfig } from "./config.ts";
import { gated, Modulation, normalised, type Condition } from "./modulation.ts";
import type { Rotary } from "./positions.ts";

/** Rows of the two branches: text, markers and ViT tokens; VAE tokens. Either may be absent. [batch, tokens, hidden] */
export interface Rows {
  readonly text?: Tensor | undefined;
  readonly visual?: Tensor | undefined;
}

/** Keys (rotated) and values of earlier tokens, [batch, tokens, kvHeads, headSize]. */
export interface KeyValue {
  readonly keys: Tensor;
  readonly values: Tensor;
}

export interface BlockContext {
  /** Rotations of all new rows: text, then visual. */
  readonly rotary: Rotary;
  /** Additive mask over [past; text; visual] keys, broadcasting to [batch, heads, text + visual tokens, keys]. */
  readonly bias?: Tensor | undefined;
  readonly past?: KeyValue | undefined;
  /** Timestep condition of the visual rows. */
  readonly condition?: Condition | undefined;
}

/** One modality's weights of a block. */
export class Branch {
  readonly inputNorm: RmsNorm;
  /** Of each head, before rotation. */
  readonly queryNorm: RmsNorm | undefined;
  readonly keyNorm: RmsNorm | undefined;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly postNorm: RmsNorm;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
  readonly #config: MogaoConfig;

  /** `copyOf`: prefix of the branch that this one starts as a copy of. */
  constructor(scope: ParameterScope, config: MogaoConfig, queryKeyNorm: boolean, copyOf?: string) {
    const { hiddenSize, heads, kvHeads, headSize, ffnSize, rmsNormEpsilon } = config;
    const residual = normal(1 / Math.sqrt(hiddenSize * 2 * config.layers));
    const start = (path: string, initializer: Initializer): Initializer =>
      copyOf === undefined ? initializer : { kind: "copy", of: `${copyOf}${path}` };
    const norm = (path: string, size = hiddenSize) =>
      new RmsNorm(scope.at(path), size, rmsNormEpsilon, start(`${path}.weight`, ones));
    const linear = (path: string, inSize: number, outSize: number, bias: boolean, initializer?: Initializer) =>
      new Linear(scope.at(path), inSize, outSize, {
        bias,
        initializer: start(`${path}.weight`, initializer ?? normal(1 / Math.sqrt(inSize))),
        biasInitializer: start(`${path}.bias`, zeros),
      });
    this.inputNorm = norm("input_layernorm");
    this.query = linear("self_attn.q_proj", hiddenSize, heads * headSize, true);
    this.key = linear("self_attn.k_proj", hiddenSize, kvHeads * headSize, true);
    this.value = linear("self_attn.v_proj", hiddenSize, kvHeads * headSize, true);
    this.queryNorm = queryKeyNorm ? norm("self_attn.q_norm", headSize) : undefined;
    this.keyNorm = queryKeyNorm ? norm("self_attn.k_norm", headSize) : undefined;
    this.output = linear("self_attn.o_proj", heads * headSize, hiddenSize, false, residual);
    this.postNorm = norm("post_attention_layernorm");
    this.gate = linear("mlp.gate_proj", hiddenSize, ffnSize, false);
    this.up = linear("mlp.up_proj", hiddenSize, ffnSize, false);
    this.down = linear("mlp.down_proj", ffnSize, hiddenSize, false, residual);
    this.#config = config;
  }

  /** Normalised rows → queries, keys and values, each [batch, tokens, heads, headSize]. */
  project(x: Tensor): { q: Tensor; k: Tensor; v: Tensor } {
    const split = (y: Tensor, heads: number) => reshape(y, [...y.shape.slice(0, 2), heads, this.#config.headSize]);
    const q = split(this.query.forward(x), this.#config.heads);
    const k = split(this.key.forward(x), this.#config.kvHeads);
    return {
      q: this.queryNorm?.forward(q) ?? q,
      k: this.keyNorm?.forward(k) ?? k,
      v: split(this.value.forward(x), this.#config.kvHeads),
    };
  }

  /** SwiGLU. */
  feedForward(x: Tensor): Tensor {
    const rows = reshape(x, [-1, this.#config.hiddenSize]);
    return reshape(this.down.forward(mul(silu(this.gate.forward(rows)), this.up.forward(rows))), x.shape);
  }
}

export class Block {
  readonly text: Branch;
  readonly visual: Branch;
  /** Of the visual branch; absent where the timestep is added to the latent tokens instead. */
  readonly modulation: Modulation | undefined;

  constructor(scope: ParameterScope, config: MogaoConfig) {
    const { conditionSize, hiddenSize, queryKeyNorm } = config;
    const textScope = scope.at("text");
    const images = config.imageContext === "none" ? scope.detached() : scope;
    this.text = new Branch(textScope, config, queryKeyNorm?.text ?? false);
    this.visual =
      config.fusion === "deep"
        ? new Branch(images.at("visual"), config, queryKeyNorm?.visual ?? false, textScope.prefix)
        : this.text;
    this.modulation =
      config.timeConditioning === "added"
        ? undefined
        : new Modulation(images.at("modulation"), conditionSize, hiddenSize, 2);
  }

  /**
   * Rows in, rows out; also this block's new keys and values, in the order text, visual, and the queries (rotated) that were asked of
   * them [batch, tokens, heads, headSize].
   */
  forward(rows: Rows, context: BlockContext): { rows: Rows; cache: KeyValue; queries: Tensor } {
    const { text, visual } = rows;
    const [ofAttention, ofFfn] = (visual && this.modulation?.forward(context.condition!)) ?? [];

    const projected: { q: Tensor; k: Tensor; v: Tensor }[] = [];
    if (text) projected.push(this.text.project(this.text.inputNorm.forward(text)));
    if (visual) projected.push(this.visual.project(normalised(this.visual.inputNorm, visual, ofAttention)));
    const joint = (part: "q" | "k" | "v") =>
      concat(
        projected.map((branch) => branch[part]),
        1,
      );
    const { cos, sin } = context.rotary;
    const cache: KeyValue = { keys: rotated(joint("k"), cos, sin), values: joint("v") };
    const past = context.past;
    const queries = rotated(joint("q"), cos, sin);
    const mixed = attention(
      queries,
      past ? concat([past.keys, cache.keys], 1) : cache.keys,
      past ? concat([past.values, cache.values], 1) : cache.values,
      context.bias,
    );

    let newText: Tensor | undefined;
    let newVisual: Tensor | undefined;
    const textTokens = text?.shape[1] ?? 0;
    if (text) {
      const attended = add(text, this.text.output.forward(slice(mixed, 1, 0, textTokens)));
      newText = add(attended, this.text.feedForward(this.text.postNorm.forward(attended)));
    }
    if (visual) {
      const output = this.visual.output.forward(slice(mixed, 1, textTokens, mixed.shape[1]!));
      const attended = add(visual, gated(output, ofAttention));
      const ffn = this.visual.feedForward(normalised(this.visual.postNorm, attended, ofFfn));
      newVisual = add(attended, gated(ffn, ofFfn));
    }
    return { rows: { text: newText, visual: newVisual }, cache, queries };
  }
}
