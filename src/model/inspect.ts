/** Parameter counts of a configuration, by what they serve. Nothing is allocated. */
import { ParameterScope, elementCount, type ParameterInfo } from "../nn/parameters.ts";
import type { MogaoConfig } from "./config.ts";
import { Mogao } from "./mogao.ts";

export interface ModelSummary {
  readonly parameters: number;
  /** Parameters that one text or image token passes through, the larger of the two branches; embeddings count once. */
  readonly activePerToken: number;
  readonly groups: Readonly<Record<"embeddings" | "text" | "visual" | "modulation" | "heads", number>>;
}

export function summarize(config: MogaoConfig): ModelSummary {
  const scope = new ParameterScope();
  void new Mogao(scope, config);
  const groups = { embeddings: 0, text: 0, visual: 0, modulation: 0, heads: 0 };
  for (const info of scope.all) groups[groupOf(info)] += elementCount(info.shape);
  const parameters = Object.values(groups).reduce((a, b) => a + b, 0);
  const visualPath = (config.fusion === "deep" ? groups.visual : groups.text) + groups.modulation + groups.heads;
  return { parameters, activePerToken: Math.max(groups.embeddings + groups.text, visualPath), groups };
}

function groupOf({ name }: ParameterInfo): keyof ModelSummary["groups"] {
  if (name.startsWith("embed_tokens.")) return "embeddings";
  if (/modulation\.|^time_embedder\./.test(name)) return "modulation";
  if (/\.visual\.|^visual_norm\./.test(name)) return "visual";
  if (/\.text\.|^norm\./.test(name)) return "text";
  return "heads";
}
