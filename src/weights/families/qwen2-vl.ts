/** The vision transformer of Qwen2-VL: ours, under another prefix. */
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { schemaProblems } from "../../core/schema-problems.ts";
import type { VitCodecConfig } from "../../encoders/vit-codec.ts";
import type { KeyMap } from "../key-map.ts";

export const qwen2VlVision: KeyMap = {
  family: "Qwen2-VL vision",
  rules: [["visual.{*}", "vit.{*}"]],
};

const count = z.int().positive();
const visionSchema = z.object({
  depth: count,
  embed_dim: count,
  num_heads: count,
  mlp_ratio: z.number().positive(),
  hidden_size: count,
  patch_size: count,
  spatial_merge_size: count,
  temporal_patch_size: count,
});

/** CLIP's, by which Qwen2-VL normalises pixels. */
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const CLIP_DEVIATION = [0.26862954, 0.26130258, 0.27577711] as const;

/** What a checkpoint's config.json says of the vision transformer, alone or as `vision_config`. Throws InputError naming `where`. */
export function qwen2VlVisionConfig(json: unknown, where: string): VitCodecConfig {
  const nested = (json as { vision_config?: unknown } | null)?.vision_config;
  const parsed = visionSchema.safeParse(nested ?? json);
  if (!parsed.success) {
    throw new InputError(
      `${where}: not the configuration of Qwen2-VL's vision transformer: ${schemaProblems(parsed.error)}`,
    );
  }
  const theirs = parsed.data;
  return {
    size: theirs.embed_dim,
    layers: theirs.depth,
    heads: theirs.num_heads,
    mlpSize: Math.round(theirs.embed_dim * theirs.mlp_ratio),
    patch: theirs.patch_size,
    merge: theirs.spatial_merge_size,
    temporalPatch: theirs.temporal_patch_size,
    outSize: theirs.hidden_size,
    mean: [...CLIP_MEAN],
    deviation: [...CLIP_DEVIATION],
  };
}
