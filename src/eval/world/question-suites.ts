import type { Philox } from "../../core/random.ts";
import { statedBy } from "../../data/world/captions.ts";
import { say, show, type StatedRelation } from "../../data/world/draft.ts";
import {
  capitalise,
  fill,
  many,
  numberWord,
  one,
  OPPOSITE,
  RELATION_PHRASES,
  the,
  verb,
} from "../../data/world/grammar.ts";
import { realise, type Group, type ScenePlan } from "../../data/world/scene-plan.ts";
import { type Split } from "../../data/world/splits.ts";
import { colourOf, pickTemplate, type TaskWorld } from "../../data/world/task-world.ts";
import { scenePlan, type SceneShape } from "../../data/world/tasks/draw-scene.ts";
import { singlePlan } from "../../data/world/tasks/draw-single.ts";
import { absentConcept, NEGATIVES, type Negatives } from "../../data/world/tasks/question-existence.ts";
import { choiceQuestion, otherColours } from "../../data/world/tasks/question-look.ts";
import {
  COLOUR,
  COLOUR_CHECK,
  COUNT,
  COUNT_CHECK,
  EXISTS,
  POSITION_CHECK,
} from "../../data/world/tasks/question-templates.ts";
import type { Fact } from "./item.ts";
import { itemsOfSplit, type ItemDraft, type SuiteWorld } from "./suite-world.ts";

/** Questions of each kind of negatives, half of them to be answered with yes. */
const POPE_ITEMS = 40;
/** Pictures of each task, with two questions each. */
const MME_PICTURES = 15;
const CHOICE_ITEMS = 40;
/** Questions of each kind. */
const VQA_ITEMS = 40;
/** Items of each held-out split. */
const HELD_OUT_ITEMS = 20;

/** Splits that single things and what they are called can be of. */
const HELD_OUT_THINGS: readonly Split[] = ["heldout-concept", "heldout-cell", "heldout-style", "heldout-template"];

type Shape = SceneShape | "single";
type YesOrNo = "yes" | "no";

/** A question about a plan, its exact answer, and the fact that it follows from. */
interface Asked {
  readonly question: string;
  readonly answer: string;
  readonly fact: Fact;
  /** Whether the picture shows the fact. */
  readonly holds: boolean;
  readonly relations?: readonly StatedRelation[];
}

/** Asks about a plan; null where the plan does not allow it. */
type Asker = (random: Philox, world: TaskWorld, plan: ScenePlan) => Asked | null;

interface QuestionTask {
  readonly task: string;
  readonly shapes: readonly Shape[];
}

const EXISTENCE: QuestionTask = { task: "existence", shapes: ["pair", "line", "corners"] };
const COUNTING: QuestionTask = { task: "counting", shapes: ["single", "count", "count", "counted-pair"] };
const COLOURS: QuestionTask = { task: "colour", shapes: ["single", "pair"] };
const POSITION: QuestionTask = { task: "position", shapes: ["pair"] };

/** World-POPE: "Is there a cat?", with POPE's three kinds of negatives; yes and no equally often. */
export function popeItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const halves = (group: string, split: Split, count: number, negatives: Negatives) =>
    (["yes", "no"] as const).flatMap((answer) =>
      items(suiteWorld, `pope ${group} ${answer}`, split, count / 2, EXISTENCE, group, existence(answer, negatives)),
    );
  return [
    ...NEGATIVES.flatMap((negatives) => halves(negatives, "train", POPE_ITEMS, negatives)),
    ...([...HELD_OUT_THINGS, "heldout-pair"] as const).flatMap((split) =>
      halves(split, split, HELD_OUT_ITEMS, "random"),
    ),
  ];
}

/** World-MME: two questions about each picture, one to be answered with yes and one with no, in four of MME's tasks. */
export function mmeItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const tasks: readonly (readonly [QuestionTask, (answer: YesOrNo) => Asker])[] = [
    [EXISTENCE, (answer) => existence(answer, "random")],
    [COUNTING, countCheck],
    [POSITION, positionCheck],
    [COLOURS, colourCheck],
  ];
  return tasks.flatMap(([{ task, shapes }, ask]) =>
    itemsOfSplit(suiteWorld, `mme ${task}`, "train", MME_PICTURES, (random, world) => {
      const plan = planOf(random, world, shapes);
      const questions = (["yes", "no"] as const).map((answer) => ask(answer)(random, world, plan));
      return questions.includes(null) ? null : sampleOf(random, world, plan, task, questions as Asked[]);
    }),
  );
}

/** World-MC: "What is this? A. … B. … C. … D. …", the letter is the answer. */
export function choiceItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const single: QuestionTask = { task: "choice", shapes: ["single"] };
  const ask: Asker = (random, world, plan) => {
    const question = choiceQuestion(random, world, plan);
    return question && { ...question, fact: thing(plan.groups[0]!), holds: true };
  };
  return (["train", ...HELD_OUT_THINGS] as const).flatMap((split) =>
    items(suiteWorld, "choice", split, split === "train" ? CHOICE_ITEMS : HELD_OUT_ITEMS, single, split, ask),
  );
}

/** "How many apples are there?", "What colour is the car?", "Is the cat to the left of the dog?" */
export function vqaItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const kinds: readonly (readonly [QuestionTask, readonly Asker[], readonly Split[]])[] = [
    [COUNTING, [howMany], ["heldout-template", "heldout-style"]],
    [COLOURS, [whatColour], ["heldout-template", "heldout-colour"]],
    // Yes and no equally often.
    [POSITION, [positionCheck("yes"), positionCheck("no")], ["heldout-template", "heldout-relation", "heldout-pair"]],
  ];
  return kinds.flatMap(([kind, askers, heldOut]) =>
    (["train", ...heldOut] as const).flatMap((split) => {
      const group = split === "train" ? kind.task : `${split} ${kind.task}`;
      const count = (split === "train" ? VQA_ITEMS : HELD_OUT_ITEMS) / askers.length;
      return askers.flatMap((ask, index) =>
        items(suiteWorld, `vqa ${kind.task} ${index}`, split, count, kind, group, ask),
      );
    }),
  );
}

function items(
  suiteWorld: SuiteWorld,
  name: string,
  split: Split,
  count: number,
  { shapes }: QuestionTask,
  group: string,
  ask: Asker,
): ItemDraft[] {
  return itemsOfSplit(suiteWorld, name, split, count, (random, world) => {
    const plan = planOf(random, world, shapes);
    const question = ask(random, world, plan);
    return question && sampleOf(random, world, plan, group, [question]);
  });
}

function planOf(random: Philox, world: TaskWorld, shapes: readonly Shape[]): ScenePlan {
  const shape = random.pick(shapes);
  return shape === "single" ? singlePlan(random, world) : scenePlan(random, world, shape);
}

/** Questions about one picture of a plan. */
function sampleOf(random: Philox, world: TaskWorld, plan: ScenePlan, group: string, questions: readonly Asked[]) {
  const scene = realise(random, world, plan);
  return {
    kind: "question",
    task: group,
    items: [show(scene), ...questions.map(({ question }) => say(question))],
    relations: questions.flatMap(({ relations }) => relations ?? []),
    made: questions.map(({ question, answer, fact, holds }): ItemDraft => {
      const text = capitalise(question);
      return {
        group,
        pair: null,
        prompt: [
          { type: "scene", scene },
          { type: "text", text },
        ],
        expected: { type: "answer", answer, fact, holds },
        truth: [scene],
      };
    }),
  };
}

function thing({ concept }: Pick<Group, "concept">): Fact {
  return { type: "object", concept: concept.name };
}

function existence(answer: YesOrNo, negatives: Negatives): Asker {
  return (random, world, plan) => {
    const group = random.pick(plan.groups);
    const concept = answer === "yes" ? group.concept : absentConcept(random, world, plan, group, negatives);
    if (concept === null) return null;
    const template = pickTemplate(random, world, "question-exists", EXISTS);
    return {
      question: fill(template, { x: one(concept) }),
      answer,
      fact: thing({ concept }),
      holds: answer === "yes",
    };
  };
}

const howMany: Asker = (random, world, plan) => {
  const { concept, count } = random.pick(plan.groups);
  const template = pickTemplate(random, world, "question-count", COUNT);
  return {
    question: fill(template, { xs: many(concept) }),
    answer: numberWord(count),
    fact: { type: "count", concept: concept.name, count },
    holds: true,
  };
};

function countCheck(answer: YesOrNo): Asker {
  return (random, world, plan) => {
    const { concept, count } = plan.groups[0]!;
    const claimed = answer === "yes" ? count : count + 1;
    // "Are there one apple?" is no question.
    if (claimed < 2) return null;
    const template = pickTemplate(random, world, "question-count-check", COUNT_CHECK);
    return {
      question: fill(template, { n: numberWord(claimed), xs: many(concept) }),
      answer,
      fact: { type: "count", concept: concept.name, count: claimed },
      holds: answer === "yes",
    };
  };
}

const whatColour: Asker = (random, world, plan) => {
  const group = random.pick(plan.groups);
  const colour = colourOf(group);
  if (colour === null) return null;
  const template = pickTemplate(random, world, "question-colour", COLOUR);
  return {
    question: fill(template, { the: the(group.concept), is: verb(group.concept) }),
    answer: colour,
    fact: { type: "colour", concept: group.concept.name, colour },
    holds: true,
  };
};

function colourCheck(answer: YesOrNo): Asker {
  return (random, world, plan) => {
    const group = plan.groups[0]!;
    const colour = colourOf(group);
    if (colour === null) return null;
    const claimed = answer === "yes" ? colour : random.pick(otherColours(world, group.concept, colour));
    const template = pickTemplate(random, world, "question-colour-check", COLOUR_CHECK);
    // "Is it red or green?" is not answered with yes or no.
    if (template.includes("{other}")) return null;
    return {
      question: fill(template, { the: the(group.concept), is: verb(group.concept), colour: claimed }),
      answer,
      fact: { type: "colour", concept: group.concept.name, colour: claimed },
      holds: answer === "yes",
    };
  };
}

function positionCheck(answer: YesOrNo): Asker {
  return (random, world, { groups, arrangement }) => {
    if (arrangement.type !== "pair") return null;
    const [subject, other] = groups as [Group, Group];
    const relation = answer === "yes" ? arrangement.relation : OPPOSITE[arrangement.relation];
    const template = pickTemplate(random, world, "question-position-check", POSITION_CHECK);
    const words = { the: the(subject.concept), is: verb(subject.concept), other: the(other.concept) };
    return {
      question: fill(template, { ...words, rel: random.pick(RELATION_PHRASES[relation]) }),
      answer,
      fact: { type: "relation", concept: subject.concept.name, relation, other: other.concept.name },
      holds: answer === "yes",
      relations: statedBy(subject.concept.name, relation, other.concept.name),
    };
  };
}
