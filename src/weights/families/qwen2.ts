/** Qwen2 and Qwen2.5 language models: our text branch. Their vision-language models hold the same, with positions that are 1-D for text. */
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { schemaProblems } from "../../core/schema-problems.ts";
import type { MogaoConfig } from "../../model/config.ts";
import type { KeyMap } from "../key-map.ts";

export const qwen2: KeyMap = {
  family: "Qwen2.5",
  rules: [
    ["model.embed_tokens.weight", "mogao.embed_tokens.weight"],
    ["model.norm.weight", "mogao.norm.weight"],
    ["lm_head.weight", "mogao.lm_head.weight"],
    ["model.layers.{i}.{*}", "mogao.layers.{i}.text.{*}"],
    // In a vision-language model, as newer versions of transformers write it.
    ["model.language_model.embed_tokens.weight", "mogao.embed_tokens.weight"],
    ["model.language_model.norm.weight", "mogao.norm.weight"],
    ["model.language_model.layers.{i}.{*}", "mogao.layers.{i}.text.{*}"],
  ],
  // Where the head is tied it is the table of embeddings once more; the rest is a vision-language model's ViT.
  unused: ["lm_head.weight", "visual.{*}", "model.visual.{*}"],
};

/** What a configuration may call a model whose language model is taken. */
export const languageModelTypes = ["qwen2", "qwen2_vl", "qwen2_5_vl"] as const;

const count = z.int().positive();
const sections = z.tuple([count, count, count]).optional();
/** YaRN and the like, which stretch positions, are not read. */
const ropeKind = z.literal(["default", "mrope"]).optional();
const schema = z.object({
  model_type: z.string(),
  hidden_act: z.literal("silu").optional(),
  use_sliding_window: z.literal(false).optional(),
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count,
  intermediate_size: count,
  vocab_size: count,
  rms_norm_eps: z.number().positive(),
  rope_theta: z.number().positive().optional(),
  rope_scaling: z.object({ type: ropeKind, rope_type: ropeKind, mrope_section: sections }).nullish(),
  /** Where newer versions of transformers keep both. */
  rope_parameters: z
    .object({ rope_theta: z.number().positive(), rope_type: ropeKind, mrope_section: sections })
    .optional(),
  tie_word_embeddings: z.boolean().optional(),
});
/** Of a vision-language model's, beside its `text_config`. */
const outerSchema = z.object({ tie_word_embeddings: z.boolean().optional() });

export type LanguageConfig = Pick<
  MogaoConfig,
  | "hiddenSize"
  | "layers"
  | "heads"
  | "kvHeads"
  | "headSize"
  | "ffnSize"
  | "vocabularySize"
  | "rmsNormEpsilon"
  | "ropeTheta"
  | "ropeSections"
  | "untiedHead"
>;

/** The part of a config.json that is about the language model. */
export function languagePart(json: unknown): unknown {
  return (json as { text_config?: object } | null)?.text_config ?? json;
}

/** What a checkpoint's config.json, or its `text_config`, says of a language model of one of these types. Throws InputError naming `where`. */
export function qwen2Config(json: unknown, where: string, modelTypes: readonly string[] = ["qwen2"]): LanguageConfig {
  const types = modelTypes.flatMap((type) => [type, `${type}_text`]);
  const parsed = schema.extend({ model_type: z.literal(types) }).safeParse(languagePart(json));
  if (!parsed.success) {
    throw new InputError(
      `${where}: not the configuration of a Qwen2 model that we know: ${schemaProblems(parsed.error)}`,
    );
  }
  const theirs = parsed.data;
  const tiedOutside = outerSchema.safeParse(json).data?.tie_word_embeddings;
  const ropeTheta = theirs.rope_theta ?? theirs.rope_parameters?.rope_theta;
  if (ropeTheta === undefined) throw new InputError(`${where}: rope_theta: expected a number, found none`);
  const ropeSections = theirs.rope_scaling?.mrope_section ?? theirs.rope_parameters?.mrope_section;
  return {
    hiddenSize: theirs.hidden_size,
    layers: theirs.num_hidden_layers,
    heads: theirs.num_attention_heads,
    kvHeads: theirs.num_key_value_heads,
    headSize: theirs.hidden_size / theirs.num_attention_heads,
    ffnSize: theirs.intermediate_size,
    vocabularySize: theirs.vocab_size,
    rmsNormEpsilon: theirs.rms_norm_eps,
    ropeTheta,
    ...(ropeSections && { ropeSections }),
    ...(!(theirs.tie_word_embeddings ?? tiedOutside) && { untiedHead: true }),
  };
}
