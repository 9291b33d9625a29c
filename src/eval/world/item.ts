import type { Relation } from "../../data/world/grammar.ts";
import type { Scene } from "../../data/world/scene.ts";

/** Fixed lists of prompts, each asking one kind of thing of the model. */
export const SUITES = [
  // World-GenEval: the six tasks of GenEval.
  "single",
  "two",
  "counting",
  "colour",
  "relation",
  "binding",
  // Understanding.
  "naming",
  "pope",
  "mme",
  "choice",
  "vqa",
  // Pictures from pictures, and several in a row.
  "edit",
  "next",
  "group",
  "story",
  // When to draw.
  "draws-when-asked",
  "stops-after-drawing",
  "does-not-draw-when-questioned",
] as const;
export type Suite = (typeof SUITES)[number];

/** Something that one picture shows, or does not. */
export type Fact =
  /** At least one of the concept (GenEval's "single object"). */
  | { readonly type: "object"; readonly concept: string }
  /** … in that colour ("colors"). */
  | { readonly type: "colour"; readonly concept: string; readonly colour: string }
  /** … standing so from another concept ("position"). */
  | { readonly type: "relation"; readonly concept: string; readonly relation: Relation; readonly other: string }
  /** Exactly so many of the concept ("counting"). */
  | { readonly type: "count"; readonly concept: string; readonly count: number }
  /** All of these ("two object", "color attribution"). */
  | { readonly type: "all"; readonly facts: readonly Fact[] };

/** What makes an answer right. */
export type Expectation =
  /** A picture that shows it. */
  | Fact
  /** A text that names the concept and no other one. */
  | { readonly type: "name"; readonly concept: string }
  /** A text that says the same; it follows from whether the shown picture shows the fact. */
  | { readonly type: "answer"; readonly answer: string; readonly fact: Fact; readonly holds: boolean }
  /** The shown picture with one change. */
  | EditExpectation
  /** These pictures in this order and no others. */
  | SeriesExpectation
  /** Any picture. */
  | { readonly type: "picture" }
  /** One picture, whatever it shows, and then the end of the turn. */
  | { readonly type: "one-picture" }
  /** A text without a picture. */
  | { readonly type: "text" };

export interface EditExpectation {
  readonly type: "edit";
  readonly before: Scene;
  readonly after: Scene;
  /** Whether things that keep their looks also keep their places: not where everything is laid out anew. */
  readonly keepsPlaces: boolean;
}

export interface SeriesExpectation {
  readonly type: "series";
  readonly scenes: readonly Scene[];
  /** Whether things must stand where the scenes have them. */
  readonly places: boolean;
  /** What differs between the pictures; everything else about them must stay. Null where nothing is compared. */
  readonly varies: Variation | null;
  /** What the prompt showed last: drawing it again is the stagnation that the paper warns of (Eq. 11). */
  readonly last: Scene | null;
}
/** What a group or story changes from picture to picture. */
export type Variation = "colour" | "style" | "background" | "number" | "place" | "cast";

export type PromptPiece =
  { readonly type: "text"; readonly text: string } | { readonly type: "scene"; readonly scene: Scene };

/** One prompt with what is expected of the answer. */
export interface EvaluationItem {
  /** Suite and number in its list: "colour-007". */
  readonly id: string;
  readonly suite: Suite;
  /** Part of the suite that is reported apart: mostly the split that the prompt belongs to. */
  readonly group: string;
  /** Items of one pair are about the same picture (MME); null for an item by itself. */
  readonly pair: string | null;
  readonly prompt: readonly PromptPiece[];
  readonly expected: Expectation;
  /** Pictures that are right, to measure the judge on; for questions the one that is shown. Empty where nothing is judged. */
  readonly truth: readonly Scene[];
  /** Of the generation. */
  readonly seed: number;
}

/** Of how many pictures a right answer consists; 0 where what matters is known when the first one begins. */
export function picturesWanted(expected: Expectation): number {
  if (expected.type === "series") return expected.scenes.length;
  return ["name", "answer", "text", "picture"].includes(expected.type) ? 0 : 1;
}

/** Whether one picture too many is wrong, so that the model must be let go on. */
export function mustStop({ type }: Expectation): boolean {
  return type === "series" || type === "one-picture";
}
