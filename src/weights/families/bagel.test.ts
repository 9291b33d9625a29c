import { expect, test } from "vitest";
import { addLinear, addNorm, mixtureOfTransformers } from "../../../tests/support/published-tensors.ts";
import { presets, vitPresets } from "../../model/presets.ts";
import { ourName, theirName } from "../key-map.ts";
import { modelParameters } from "../model-folder.ts";
import { bagel } from "./bagel.ts";

/** Every tensor of BAGEL-7B-MoT's ema.safetensors. */
function published() {
  const tensors = mixtureOfTransformers({
    layers: 28,
    vocabulary: 152_064,
    hidden: 3584,
    ffn: 18_944,
    keys: 512,
    head: 128,
    latent: 64,
  });
  tensors.set("latent_pos_embed.pos_embed", [4096, 3584]);
  tensors.set("vit_pos_embed.pos_embed", [4900, 3584]);
  addLinear(tensors, "connector.fc1", 3584, 1152, true);
  addLinear(tensors, "connector.fc2", 3584, 3584, true);
  const vit = "vit_model.vision_model";
  addLinear(tensors, `${vit}.embeddings.patch_embedding`, 1152, 588, true);
  addLinear(tensors, `${vit}.embeddings.position_embedding`, 4900, 1152);
  for (let i = 0; i < 26; i++) {
    const layer = `${vit}.encoder.layers.${i}`;
    addNorm(tensors, `${layer}.layer_norm1`, 1152, true);
    addNorm(tensors, `${layer}.layer_norm2`, 1152, true);
    for (const part of ["q", "k", "v", "out"]) addLinear(tensors, `${layer}.self_attn.${part}_proj`, 1152, 1152, true);
    addLinear(tensors, `${layer}.mlp.fc1`, 4304, 1152, true);
    addLinear(tensors, `${layer}.mlp.fc2`, 1152, 4304, true);
  }
  addNorm(tensors, `${vit}.post_layernorm`, 1152, true);
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
