/** Qwen2 and Qwen2.5 language models: our text branch. Their vision-language models have the same with other positions. */
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
  ],
  // Where the head is tied it is the table of embeddings once more.
  unused: ["lm_head.weight"],
};

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
  tie_word_embeddings: z.boolean().default(false),
});

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

/** What a checkpoint's config.json, or its `text_config`, says of a language model of this type. Throws InputError naming `where`. */
export function qwen2Config(json: unknown, where: string, modelType = "qwen2"): LanguageConfig {
  const nested = (json as { text_config?: object } | null)?.text_config;
  const parsed = schema.extend({ model_type: z.literal([modelType, `${modelType}_text`]) }).safeParse(nested ?? json);
  if (!parsed.success) {
    throw new InputError(
      `${where}: not the configuration of a Qwen2 model that we know: ${schemaProblems(parsed.error)}`,
    );
  }
  const theirs = parsed.data;
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
    ...(!theirs.tie_word_embeddings && { untiedHead: true }),
  };
}
