/** The vision transformers of Qwen2-VL and Qwen2.5-VL: ours, under another prefix. */
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { schemaProblems } from "../../core/schema-problems.ts";
import type { VitCodecConfig } from "../../encoders/vit-codec.ts";
import type { KeyMap } from "../key-map.ts";

/**
 * Both generations have the same names; the second's MLP has three layers and its norms no bias. Newer versions of transformers keep
 * the whole checkpoint below `model.`: the published ones are older.
 */
export const qwen2VlVision: KeyMap = {
  family: "Qwen2-VL vision",
  rules: [
    ["visual.{*}", "vit.{*}"],
    ["model.visual.{*}", "vit.{*}"],
  ],
};

const count = z.int().positive();
const common = {
  depth: count,
  num_heads: count,
  hidden_size: count,
  patch_size: count,
  spatial_merge_size: count,
  temporal_patch_size: count,
};

const first = z.object({ ...common, embed_dim: count, mlp_ratio: z.number().positive() });

const second = z.object({
  ...common,
  intermediate_size: count,
  out_hidden_size: count,
  /** In pixels. */
  window_size: count,
  fullatt_block_indexes: z.array(z.int().min(0)),
  hidden_act: z.literal("silu").optional(),
});

/** CLIP's, by which both normalise pixels. */
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const CLIP_DEVIATION = [0.26862954, 0.26130258, 0.27577711] as const;

/**
 * What a checkpoint's config.json says of the vision transformer, alone or as `vision_config`; Qwen2.5-VL's is the one with windows.
 * Throws InputError naming `where`.
 */
export function qwen2VlVisionConfig(json: unknown, where: string): VitCodecConfig {
  const vision = (json as { vision_config?: unknown } | null)?.vision_config ?? json;
  const isSecond = typeof vision === "object" && vision !== null && "window_size" in vision;
  return isSecond ? secondConfig(vision, where) : firstConfig(vision, where);
}

function firstConfig(vision: unknown, where: string): VitCodecConfig {
  const theirs = parsed(first, "Qwen2-VL", vision, where);
  return {
    ...commonConfig(theirs),
    size: theirs.embed_dim,
    mlpSize: Math.round(theirs.embed_dim * theirs.mlp_ratio),
    outSize: theirs.hidden_size,
  };
}

function secondConfig(vision: unknown, where: string): VitCodecConfig {
  const theirs = parsed(second, "Qwen2.5-VL", vision, where);
  const { window_size, patch_size, spatial_merge_size } = theirs;
  if (window_size % (patch_size * spatial_merge_size) !== 0)
    throw new InputError(
      `${where}: window_size: expected a multiple of ${patch_size * spatial_merge_size} pixels, found ${window_size}`,
    );
  return {
    ...commonConfig(theirs),
    size: theirs.hidden_size,
    mlpSize: theirs.intermediate_size,
    outSize: theirs.out_hidden_size,
    norm: "rms",
    mlp: "swiglu",
    windows: { side: window_size / patch_size, full: theirs.fullatt_block_indexes },
  };
}

function commonConfig(theirs: z.output<z.ZodObject<typeof common>>) {
  return {
    layers: theirs.depth,
    heads: theirs.num_heads,
    patch: theirs.patch_size,
    merge: theirs.spatial_merge_size,
    temporalPatch: theirs.temporal_patch_size,
    mean: CLIP_MEAN,
    deviation: CLIP_DEVIATION,
  };
}

function parsed<S extends z.ZodType>(schema: S, family: string, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(
    `${where}: not the configuration of ${family}'s vision transformer: ${schemaProblems(result.error)}`,
  );
}
