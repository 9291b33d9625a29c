/** Qwen2 and Qwen2.5 language models: our text branch. */
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
