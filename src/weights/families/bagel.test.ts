import { expect, test } from "vitest";
import { presets, vitPresets } from "../../model/presets.ts";
import { ourName, theirName } from "../key-map.ts";
import { modelParameters } from "../model-folder.ts";
import { bagel } from "./bagel.ts";

/** Every tensor of BAGEL-7B-MoT's ema.safetensors and its shape, as the published file has them. */
function published(): Map<string, readonly number[]> {
  const tensors = new Map<string, readonly number[]>();
  const linear = (name: string, outSize: number, inSize: number, bias = true) => {
    tensors.set(`${name}.weight`, [outSize, inSize]);
    if (bias) tensors.set(`${name}.bias`, [outSize]);
  };
  const norm = (name: string, size: number, bias = false) => {
    tensors.set(`${name}.weight`, [size]);
    if (bias) tensors.set(`${name}.bias`, [size]);
  };
  const llm = "language_model.model";
  linear(`${llm}.embed_tokens`, 152_064, 3584, false);
  linear("language_model.lm_head", 152_064, 3584, false);
  for (const branch of ["", "_moe_gen"]) {
    norm(`${llm}.norm${branch}`, 3584);
    for (let i = 0; i < 28; i++) {
      const layer = `${llm}.layers.${i}`;
      norm(`${layer}.input_layernorm${branch}`, 3584);
      norm(`${layer}.post_attention_layernorm${branch}`, 3584);
      linear(`${layer}.self_attn.q_proj${branch}`, 3584, 3584);
      linear(`${layer}.self_attn.k_proj${branch}`, 512, 3584);
      linear(`${layer}.self_attn.v_proj${branch}`, 512, 3584);
      linear(`${layer}.self_attn.o_proj${branch}`, 3584, 3584, false);
      norm(`${layer}.self_attn.q_norm${branch}`, 128);
      norm(`${layer}.self_attn.k_norm${branch}`, 128);
      linear(`${layer}.mlp${branch}.gate_proj`, 18_944, 3584, false);
      linear(`${layer}.mlp${branch}.up_proj`, 18_944, 3584, false);
      linear(`${layer}.mlp${branch}.down_proj`, 3584, 18_944, false);
    }
  }
  linear("time_embedder.mlp.0", 3584, 256);
  linear("time_embedder.mlp.2", 3584, 3584);
  linear("vae2llm", 3584, 64);
  linear("llm2vae", 64, 3584);
  tensors.set("latent_pos_embed.pos_embed", [4096, 3584]);
  tensors.set("vit_pos_embed.pos_embed", [4900, 3584]);
  linear("connector.fc1", 3584, 1152);
  linear("connector.fc2", 3584, 3584);
  const vit = "vit_model.vision_model";
  linear(`${vit}.embeddings.patch_embedding`, 1152, 588);
  linear(`${vit}.embeddings.position_embedding`, 4900, 1152, false);
  for (let i = 0; i < 26; i++) {
    const layer = `${vit}.encoder.layers.${i}`;
    norm(`${layer}.layer_norm1`, 1152, true);
    norm(`${layer}.layer_norm2`, 1152, true);
    for (const part of ["q", "k", "v", "out"]) linear(`${layer}.self_attn.${part}_proj`, 1152, 1152);
    linear(`${layer}.mlp.fc1`, 4304, 1152);
    linear(`${layer}.mlp.fc2`, 1152, 4304);
  }
  norm(`${vit}.post_layernorm`, 1152, true);
  return tensors;
}

test("every tensor of BAGEL-7B-MoT is a parameter of ours, of the same shape, in both directions; nothing is left over", () => {
  const theirs = published();
  expect(theirs.size).toBe(1223);
  const ours = modelParameters({ model: presets["bagel-7b-mot"], vit: vitPresets["bagel-7b-mot"] });
  const found = new Map(ours.map(({ name, shape }) => [theirName(bagel, name), shape]));
  expect(found).toEqual(theirs);
  for (const { name } of ours) expect(ourName(bagel, theirName(bagel, name)!)).toBe(name);
  let parameters = 0;
  for (const shape of theirs.values()) parameters += shape.reduce((a, b) => a * b, 1);
  expect(parameters).toBe(14_607_260_128);
});
