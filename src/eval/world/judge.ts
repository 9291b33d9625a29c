import type { RgbImage } from "../../core/image.ts";
import type { Box } from "./components.ts";

/** What something looks most like. */
export interface Match {
  /** Name in the concept table. */
  readonly concept: string;
  readonly style: string;
  /** How much, from 0 to 1. */
  readonly score: number;
}

/** One thing that a judge sees. */
export interface Detection extends Match {
  /** The colour name that most of its pixels have. */
  readonly colour: string;
  readonly box: Box;
}

/** Names the things in a picture of Emoji World. */
export interface WorldJudge {
  /** Another one whenever the same picture may be judged otherwise: verdicts of different judges are never mixed. */
  readonly id: string;
  /** For people: which judge and which rules. */
  readonly description: string;
  /** From this score on, a thing counts as an object. */
  readonly leastScore: number;
  /** All things in the picture, the largest first. */
  detect(image: RgbImage): Promise<Detection[]>;
  /** Frees what it holds; it is of no use afterwards. */
  dispose(): void;
}

/** Judges to choose from. */
export const JUDGES = ["trained", "template"] as const;
export type JudgeName = (typeof JUDGES)[number];
/** docs/decisions/world-and-people.md says why. */
export const DEFAULT_JUDGE: JudgeName = "trained";
