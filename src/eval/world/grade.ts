import type { Relation } from "../../data/world/grammar.ts";
import { answersEqual } from "../../data/world/answers.ts";
import { relations } from "../benchmarks/geneval/geometry.ts";
import { GENEVAL_SETTINGS } from "../benchmarks/geneval/grade.ts";
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

const GENEVAL_RELATIONS = { "left of": "left", "right of": "right", above: "above", below: "below" } as const;

/** Where the first box stands from the second, by GenEval's rule: none, one or two relations. */
export function relationsOf(a: Box, b: Box): Set<Relation> {
  const corners = ({ x, y, width, height }: Box) => [x, y, x + width, y + height] as const;
  const found = relations(corners(a), corners(b), GENEVAL_SETTINGS.positionThreshold);
  return new Set(found.map((relation) => GENEVAL_RELATIONS[relation]));
}
