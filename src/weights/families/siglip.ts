/** SigLIP's vision transformer as BAGEL keeps it (`vit_model.…`): ours, under another prefix. */
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { schemaProblems } from "../../core/schema-problems.ts";
import type { VitCodecConfig } from "../../encoders/vit-codec.ts";
import type { SiglipVitConfig } from "../../encoders/vit-config.ts";
import type { KeyMap } from "../key-map.ts";

export const bagelSiglip: KeyMap = {
  family: "BAGEL's SigLIP",
  rules: [["vit_model.vision_model.{*}", "vit.{*}"]],
};

const count = z.int().positive();
const schema = z.object({
  model_type: z.literal("siglip_vision_model"),
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count.min(2),
  num_attention_heads: count,
  image_size: count,
  patch_size: count,
  hidden_act: z.literal("gelu_pytorch_tanh").optional(),
});

/** Layers that the configuration tells of but BAGEL leaves out: the last, which SigLIP's pooling head would need. */
const DROPPED_LAYERS = 1;

/** What BAGEL's vit_config.json says of the vision transformer. Throws InputError naming `where`. */
export function bagelSiglipConfig(json: unknown, where: string): SiglipVitConfig & VitCodecConfig {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new InputError(
      `${where}: not the configuration of SigLIP's vision transformer: ${schemaProblems(parsed.error)}`,
    );
  }
  const theirs = parsed.data;
  return {
    architecture: "siglip",
    size: theirs.hidden_size,
    layers: theirs.num_hidden_layers - DROPPED_LAYERS,
    heads: theirs.num_attention_heads,
    mlpSize: theirs.intermediate_size,
    patch: theirs.patch_size,
    merge: 1,
    temporalPatch: 1,
    outSize: theirs.hidden_size,
    positionsPerSide: Math.floor(theirs.image_size / theirs.patch_size),
    mean: 0.5,
    deviation: 0.5,
  };
}
