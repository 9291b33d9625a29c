/** Parameter counts of a configuration, by what they serve. Nothing is allocated. */
import { ParameterScope, elementCount, type ParameterInfo } from "../nn/parameters.ts";
import type { MogaoConfig } from "./config.ts";
import { Mogao } from "./mogao.ts";

/**
 * `embeddings`: of text, and a head of its own where there is one. `text`, `visual`: the branches. `modulation`: AdaLN. `generation`:
 * what takes latents in and out, with time and positions. `understanding`: from the ViT's tokens to the model's.
 */
const groupNames = ["embeddings", "text", "visual", "modulation", "generation", "understanding"] as const;
type Group = (typeof groupNames)[number];

export interface ModelSummary {
  readonly parameters: number;
  /** Parameters that one text or image token passes through, the larger of the two branches; embeddings count once. */
  readonly activePerToken: number;
  readonly groups: Readonly<Record<Group, number>>;
}

export function summarize(config: MogaoConfig): ModelSummary {
  const scope = new ParameterScope();
  void new Mogao(scope, config);
  const groups = Object.fromEntries(groupNames.map((name) => [name, 0])) as Record<Group, number>;
  for (const info of scope.all) groups[groupOf(info)] += elementCount(info.shape);
  const parameters = Object.values(groups).reduce((a, b) => a + b, 0);
  const visualPath = (config.fusion === "deep" ? groups.visual : groups.text) + groups.modulation + groups.generation;
  return { parameters, activePerToken: Math.max(groups.embeddings + groups.text, visualPath), groups };
}

function groupOf({ name }: ParameterInfo): Group {
  if (/^(embed_tokens|lm_head)\./.test(name)) return "embeddings";
  if (/modulation\./.test(name)) return "modulation";
  if (/\.visual\.|^visual_norm\./.test(name)) return "visual";
  if (/\.text\.|^norm\./.test(name)) return "text";
  return /^(connector|vit_positions)\./.test(name) ? "understanding" : "generation";
}
