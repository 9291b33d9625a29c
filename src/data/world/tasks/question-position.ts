import type { Philox } from "../../../core/random.ts";
import { CORNER_NAMES, groupPhrase, statedBy } from "../captions.ts";
import { fill, OPPOSITE, PLACE_PHRASES, RELATION_PHRASES, the, verb, type Relation } from "../grammar.ts";
import type { Group, ScenePlan } from "../scene-plan.ts";
import { chance, pickTemplate, type TaskWorld } from "../task-world.ts";
import type { Question } from "./question.ts";
import { POSITION_CHECK, POSITION_EITHER, POSITION_WHAT, POSITION_WHERE } from "./question-templates.ts";

/** Where things stand: yes or no, "What is to the left of the cat?", "Where is the cat?", "above or below?". */
export function positionQuestion(random: Philox, world: TaskWorld, plan: ScenePlan): Question | null {
  const { arrangement } = plan;
  if (arrangement.type === "corners") return whereQuestion(random, world, plan);
  const [first, second] = twoNeighbours(random, plan);
  const forward = relationOf(plan);
  if (forward === null) return null;
  const form = random.int(10);
  if (form < 2 && arrangement.type === "pair") return whereQuestion(random, world, plan);
  const swapped = chance(random, 0.5);
  const [subject, reference] = swapped ? [second, first] : [first, second];
  const relation = swapped ? OPPOSITE[forward] : forward;
  if (form < 5) return checkQuestion(random, world, subject, reference, relation);
  if (form < 8) {
    // In a line, something further away may stand there too.
    if (plan.groups.length > 2) return null;
    const template = pickTemplate(random, world, "question-position-what", POSITION_WHAT);
    const words = { rel: random.pick(RELATION_PHRASES[relation]), other: definite(reference) };
    const relations = statedBy(subject.concept.name, relation, reference.concept.name);
    return { question: fill(template, words), answer: groupPhrase(subject, {}), relations };
  }
  return eitherQuestion(random, world, subject, reference, relation);
}

function checkQuestion(
  random: Philox,
  world: TaskWorld,
  subject: Group,
  reference: Group,
  relation: Relation,
): Question {
  const asked = chance(random, 0.5) ? relation : OPPOSITE[relation];
  const template = pickTemplate(random, world, "question-position-check", POSITION_CHECK);
  const question = fill(template, {
    the: definite(subject),
    is: verb(subject.concept, subject.count),
    rel: random.pick(RELATION_PHRASES[asked]),
    other: definite(reference),
  });
  // What is asked counts whatever the answer: of a held-out relation training would otherwise hear "no" alone.
  const relations = statedBy(subject.concept.name, asked, reference.concept.name);
  return { question, answer: asked === relation ? "yes" : "no", relations };
}

function eitherQuestion(
  random: Philox,
  world: TaskWorld,
  subject: Group,
  reference: Group,
  relation: Relation,
): Question {
  const [first, second] = random.shuffle([relation, OPPOSITE[relation]]);
  const template = pickTemplate(random, world, "question-position-either", POSITION_EITHER);
  const question = fill(template, {
    the: definite(subject),
    is: verb(subject.concept, subject.count),
    first: SHORT[first!],
    second: SHORT[second!],
    other: definite(reference),
  });
  // Both are asked for: a held-out one would never be the answer.
  const relations = [relation, OPPOSITE[relation]].flatMap((each) =>
    statedBy(subject.concept.name, each, reference.concept.name),
  );
  return { question, answer: SHORT[relation].replace(" of", ""), relations };
}

const SHORT: Readonly<Record<Relation, string>> = {
  left: "left of",
  right: "right of",
  above: "above",
  below: "below",
};

function whereQuestion(random: Philox, world: TaskWorld, plan: ScenePlan): Question {
  const index = random.int(plan.groups.length);
  const group = plan.groups[index]!;
  const template = pickTemplate(random, world, "question-position-where", POSITION_WHERE);
  const question = fill(template, { the: definite(group), is: verb(group.concept, group.count) });
  if (plan.arrangement.type === "corners") return { question, answer: `in the ${CORNER_NAMES[index]}` };
  const forward = relationOf(plan)!;
  const relation = index === 0 ? forward : OPPOSITE[forward];
  return { question, answer: PLACE_PHRASES[relation][0]! };
}

/** Where an earlier group stands from a later one. */
function relationOf({ arrangement }: ScenePlan): Relation | null {
  if (arrangement.type === "pair") return arrangement.relation;
  if (arrangement.type === "line") return arrangement.axis === "row" ? "left" : "above";
  return null;
}

/** Two groups in their order. */
function twoNeighbours(random: Philox, plan: ScenePlan): [Group, Group] {
  const start = random.int(Math.max(1, plan.groups.length - 1));
  return [plan.groups[start]!, plan.groups[start + 1]!];
}

function definite(group: Group): string {
  return the(group.concept, "", group.count);
}
