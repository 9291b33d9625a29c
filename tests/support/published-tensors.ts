/** Names and shapes of published checkpoints, written down apart from our key maps. */

export type PublishedTensors = Map<string, readonly number[]>;

/** Adds a linear layer or an embedding; no bias unless told. */
export function addLinear(to: PublishedTensors, name: string, outSize: number, inSize: number, bias = false): void {
  to.set(`${name}.weight`, [outSize, inSize]);
  if (bias) to.set(`${name}.bias`, [outSize]);
}

export function addNorm(to: PublishedTensors, name: string, size: number, bias = false): void {
  to.set(`${name}.weight`, [size]);
  if (bias) to.set(`${name}.bias`, [size]);
}

/** BAGEL's transformer, and Lance's. */
export function mixtureOfTransformers(sizes: {
  readonly layers: number;
  readonly vocabulary: number;
  readonly hidden: number;
  readonly ffn: number;
  /** Of all key-value heads together. */
  readonly keys: number;
  readonly head: number;
  readonly latent: number;
}): PublishedTensors {
  const { layers, vocabulary, hidden, ffn, keys, head, latent } = sizes;
  const tensors: PublishedTensors = new Map();
  addLinear(tensors, "language_model.model.embed_tokens", vocabulary, hidden);
  addLinear(tensors, "language_model.lm_head", vocabulary, hidden);
  for (const branch of ["", "_moe_gen"]) {
    addNorm(tensors, `language_model.model.norm${branch}`, hidden);
    for (let i = 0; i < layers; i++) {
      const layer = `language_model.model.layers.${i}`;
      addNorm(tensors, `${layer}.input_layernorm${branch}`, hidden);
      addNorm(tensors, `${layer}.post_attention_layernorm${branch}`, hidden);
      addLinear(tensors, `${layer}.self_attn.q_proj${branch}`, hidden, hidden, true);
      addLinear(tensors, `${layer}.self_attn.k_proj${branch}`, keys, hidden, true);
      addLinear(tensors, `${layer}.self_attn.v_proj${branch}`, keys, hidden, true);
      addLinear(tensors, `${layer}.self_attn.o_proj${branch}`, hidden, hidden);
      addNorm(tensors, `${layer}.self_attn.q_norm${branch}`, head);
      addNorm(tensors, `${layer}.self_attn.k_norm${branch}`, head);
      addLinear(tensors, `${layer}.mlp${branch}.gate_proj`, ffn, hidden);
      addLinear(tensors, `${layer}.mlp${branch}.up_proj`, ffn, hidden);
      addLinear(tensors, `${layer}.mlp${branch}.down_proj`, hidden, ffn);
    }
  }
  addLinear(tensors, "time_embedder.mlp.0", hidden, 256, true);
  addLinear(tensors, "time_embedder.mlp.2", hidden, hidden, true);
  addLinear(tensors, "vae2llm", hidden, latent, true);
  addLinear(tensors, "llm2vae", latent, hidden, true);
  return tensors;
}
