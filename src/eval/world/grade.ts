import type { Relation } from "../../data/world/grammar.ts";
import { answersEqual } from "../../data/world/answers.ts";
import type { Box } from "./components.ts";
import { gradeEdit, gradeSeries } from "./grade-scenes.ts";
import type { Expectation, Fact } from "./item.ts";
import { conceptsNamedIn } from "./named-concepts.ts";
import { certain, type View } from "./view.ts";

/** What a model answered, as far as it matters. */
export interface Answer {
  readonly text: string;
  /** Whether it drew, or began to. */
  readonly drew: boolean;
  /** Whether it ended its turn by itself, after the pictures seen here. */
  readonly stopped: boolean;
  /** Its pictures that were drawn to the end. */
  readonly views: readonly View[];
}

/** Whether an answer is right, and whether parts of it are, by names for people. */
export interface Grade {
  readonly right: boolean;
  readonly aspects: Readonly<Record<string, boolean>>;
}

/** Part of the two boxes' sizes that their centres must be apart by before a relation is seen (GenEval). */
const POSITION_MARGIN = 0.1;
/** Sine of the least angle from the other axis at which a relation holds (GenEval). */
const LEAST_SHARE = 0.5;
const NO_OFFSET = 1e-3;

export function grade(expected: Expectation, answer: Answer): Grade {
  const { text, drew, views } = answer;
  if (expected.type === "edit") return gradeEdit(expected, views[0] ?? null);
  if (expected.type === "series") return gradeSeries(expected, answer);
  if (expected.type === "colour")
    return {
      right: views[0] !== undefined && shows(expected, views[0]),
      aspects: { "colour alone": views[0]?.detections[0]?.colour === expected.colour },
    };
  const only = (right: boolean): Grade => ({ right, aspects: {} });
  if (expected.type === "picture") return only(drew);
  if (expected.type === "one-picture") return only(views.length === 1 && answer.stopped);
  if (expected.type === "text") return only(!drew && text.trim() !== "");
  if (expected.type === "answer") return only(!drew && answersEqual(expected.answer, text));
  if (expected.type === "name") {
    const named = conceptsNamedIn(text);
    return only(named.size === 1 && named.has(expected.concept));
  }
  return only(views[0] !== undefined && shows(expected, views[0]));
}

/**
 * The judge's own grade on pictures that are right: of drawings as of a model's; of a question, whether the judge sees in
 * the picture what the answer says.
 */
export function gradeTruth(expected: Expectation, views: readonly View[]): Grade {
  if (expected.type === "name")
    return { right: shows({ type: "object", concept: expected.concept }, views[0]!), aspects: {} };
  if (expected.type === "answer") return { right: shows(expected.fact, views[0]!) === expected.holds, aspects: {} };
  return grade(expected, { text: "", drew: true, stopped: true, views });
}

/** Whether a picture shows a fact, by the rules of GenEval. */
export function shows(fact: Fact, view: View): boolean {
  if (fact.type === "all") return fact.facts.every((each) => shows(each, view));
  const found = certain(view);
  const wanted = found.filter(({ concept }) => concept === fact.concept);
  if (fact.type === "object") return wanted.length > 0;
  if (fact.type === "colour") return wanted.some(({ colour }) => colour === fact.colour);
  if (fact.type === "count") return wanted.length === fact.count;
  const others = found.filter(({ concept }) => concept === fact.other);
  // Every one found must stand so from every other one.
  return (
    wanted.length > 0 &&
    others.length > 0 &&
    wanted.every(({ box }) => others.every((other) => relationsOf(box, other.box).has(fact.relation)))
  );
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
