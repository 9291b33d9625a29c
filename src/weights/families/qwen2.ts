/** Qwen2 and Qwen2.5 language models: our text branch. */
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
    ["model.layers.{i}.{*}", "mogao.layers.{i}.text.{*}"],
  ],
  // Tied: the table of embeddings once more.
  unused: ["lm_head.weight"],
};

const count = z.int().positive();
const schema = z.object({
  model_type: z.literal("qwen2"),
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count,
  intermediate_size: count,
  vocab_size: count,
  rms_norm_eps: z.number().positive(),
  rope_theta: z.number().positive().optional(),
  /** Where newer versions of transformers keep the base frequency. */
  rope_parameters: z.object({ rope_theta: z.number().positive() }).optional(),
  tie_word_embeddings: z.literal(true),
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
>;

/** What a checkpoint's config.json says of the network. Throws InputError naming `where`. */
export function qwen2Config(json: unknown, where: string): LanguageConfig {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new InputError(
      `${where}: not the configuration of a Qwen2 model that we know: ${schemaProblems(parsed.error)}`,
    );
  }
  const theirs = parsed.data;
  const ropeTheta = theirs.rope_theta ?? theirs.rope_parameters?.rope_theta;
  if (ropeTheta === undefined) throw new InputError(`${where}: rope_theta: expected a number, found none`);
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
  };
}
