import type { Relation } from "../../data/world/grammar.ts";
import type { Box } from "./components.ts";
import type { Expectation } from "./item.ts";
import { conceptsNamedIn } from "./named-concepts.ts";
import type { Detection } from "./template-judge.ts";

/** What a model answered, as far as it matters. */
export interface Answer {
  readonly text: string;
  /** Whether it drew, or began to. */
  readonly drew: boolean;
  /** Seen in its first picture; null where none was drawn to the end. */
  readonly detections: readonly Detection[] | null;
}

/** Detections that match their template less are no object, as GenEval drops boxes of low confidence. */
export const LEAST_SCORE = 0.8;
/** Part of the two boxes' sizes that their centres must be apart by before a relation is seen (GenEval). */
const POSITION_MARGIN = 0.1;
/** Sine of the least angle from the other axis at which a relation holds (GenEval). */
const LEAST_SHARE = 0.5;
const NO_OFFSET = 1e-3;

/** Whether an answer is right, by the rules of GenEval where it is a picture. */
export function isRight(expected: Expectation, { text, drew, detections }: Answer): boolean {
  if (expected.type === "picture") return drew;
  if (expected.type === "text") return !drew && text.trim() !== "";
  if (expected.type === "name") {
    const named = conceptsNamedIn(text);
    return named.size === 1 && named.has(expected.concept);
  }
  const found = (detections ?? []).filter(({ score }) => score >= LEAST_SCORE);
  const wanted = found.filter(({ concept }) => concept === expected.concept);
  if (expected.type === "object") return wanted.length > 0;
  if (expected.type === "colour") return wanted.some(({ colour }) => colour === expected.colour);
  if (expected.type === "count") return wanted.length === expected.count;
  const others = found.filter(({ concept }) => concept === expected.other);
  // Every one found must stand so from every other one.
  return (
    wanted.length > 0 &&
    others.length > 0 &&
    wanted.every(({ box }) => others.every((other) => relationsOf(box, other.box).has(expected.relation)))
  );
}

/** Whether the largest thing has the colour, whatever it is. */
export function hasColour(colour: string, detections: readonly Detection[]): boolean {
  return detections[0]?.colour === colour;
}

/** Where the first box stands from the second, by GenEval's rule: none, one or two relations. */
export function relationsOf(a: Box, b: Box): Set<Relation> {
  const offset = [a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2] as const;
  const clear = (along: number, size: number) =>
    Math.max(Math.abs(along) - POSITION_MARGIN * size, 0) * Math.sign(along);
  const [x, y] = [clear(offset[0], a.width + b.width), clear(offset[1], a.height + b.height)];
  const found = new Set<Relation>();
  if (Math.abs(x) < NO_OFFSET && Math.abs(y) < NO_OFFSET) return found;
  const length = Math.hypot(...offset);
  if (x / length < -LEAST_SHARE) found.add("left");
  if (x / length > LEAST_SHARE) found.add("right");
  if (y / length < -LEAST_SHARE) found.add("above");
  if (y / length > LEAST_SHARE) found.add("below");
  return found;
}
