import type { Relation } from "../../data/world/grammar.ts";
import type { Scene } from "../../data/world/scene.ts";

/** Fixed lists of prompts, each asking one thing of the model. */
export const SUITES = [
  "single",
  "colour",
  "relation",
  "counting",
  "naming",
  "draws-when-asked",
  "does-not-draw-when-questioned",
] as const;
export type Suite = (typeof SUITES)[number];

/** What makes an answer right. */
export type Expectation =
  /** A picture with at least one of the concept (GenEval's "single object"). */
  | { readonly type: "object"; readonly concept: string }
  /** … in that colour ("colors"). */
  | { readonly type: "colour"; readonly concept: string; readonly colour: string }
  /** … standing so from another concept ("position"). */
  | { readonly type: "relation"; readonly concept: string; readonly relation: Relation; readonly other: string }
  /** Exactly so many of the concept ("counting"). */
  | { readonly type: "count"; readonly concept: string; readonly count: number }
  /** A text that names the concept and no other one. */
  | { readonly type: "name"; readonly concept: string }
  | { readonly type: "picture" }
  /** A text without a picture. */
  | { readonly type: "text" };

export type PromptPiece =
  { readonly type: "text"; readonly text: string } | { readonly type: "scene"; readonly scene: Scene };

/** One prompt with what is expected of the answer. */
export interface EvaluationItem {
  /** Suite and number in its list: "colour-007". */
  readonly id: string;
  readonly suite: Suite;
  /** Part of the suite that is reported apart: mostly the split that the prompt belongs to. */
  readonly group: string;
  readonly prompt: readonly PromptPiece[];
  readonly expected: Expectation;
  /** A picture that is right, to measure the judge on; for naming the one that is shown. Null where nothing is judged. */
  readonly truth: Scene | null;
  /** Of the generation. */
  readonly seed: number;
}

/** Whether the answer is judged by its picture, which must be drawn to the end. */
export function isDrawn({ type }: Expectation): boolean {
  return type === "object" || type === "colour" || type === "relation" || type === "count";
}
