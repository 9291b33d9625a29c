import type { Philox } from "../../../core/random.ts";
import { reply, say, show, type SampleDraft, type StatedRelation } from "../draft.ts";
import { capitalise, sentence } from "../grammar.ts";
import { realise, type ScenePlan } from "../scene-plan.ts";
import { chance, pickWeighted, typed, type TaskWorld } from "../task-world.ts";
import { scenePlan, type SceneShape } from "./draw-scene.ts";
import { singlePlan } from "./draw-single.ts";
import { countQuestion, existsQuestion, moreQuestion } from "./question-existence.ts";
import { positionQuestion } from "./question-position.ts";
import { backgroundQuestion, choiceQuestion, colourQuestion, styleQuestion } from "./question-look.ts";

/** A question about a scene and its exact answer, without capital or full stop. */
export interface Question {
  readonly question: string;
  readonly answer: string;
  readonly relations?: readonly StatedRelation[];
}

/** Makes a question about a plan, or null when the plan does not allow one. */
export type QuestionMaker = (random: Philox, world: TaskWorld, plan: ScenePlan) => Question | null;

export interface QuestionKind {
  readonly task: string;
  readonly make: QuestionMaker;
  readonly shapes: readonly (SceneShape | "single")[];
}

/** Every kind of question, the pictures it suits, and how often it is asked. */
export const QUESTION_KINDS: readonly (readonly [QuestionKind, number])[] = [
  [
    { task: "question.exists", make: existsQuestion, shapes: ["single", "pair", "counted-pair", "line", "corners"] },
    26,
  ],
  [{ task: "question.count", make: countQuestion, shapes: ["single", "count", "count", "counted-pair", "line"] }, 20],
  [{ task: "question.more", make: moreQuestion, shapes: ["counted-pair"] }, 3],
  [{ task: "question.colour", make: colourQuestion, shapes: ["single", "count", "pair", "line"] }, 18],
  [
    { task: "question.position", make: positionQuestion, shapes: ["pair", "pair", "counted-pair", "line", "corners"] },
    18,
  ],
  [{ task: "question.background", make: backgroundQuestion, shapes: ["single", "pair"] }, 4],
  [{ task: "question.style", make: styleQuestion, shapes: ["single", "pair"] }, 6],
  [{ task: "question.choice", make: choiceQuestion, shapes: ["single"] }, 8],
];

/** The questions that these makers find for a plan, no two alike. */
export function distinctQuestions(
  random: Philox,
  world: TaskWorld,
  plan: ScenePlan,
  makers: readonly QuestionMaker[],
): Question[] {
  const made = makers.flatMap((make) => make(random, world, plan) ?? []);
  return [...new Map(made.map((question) => [question.question, question])).values()];
}

/**
 * A picture and a question with a short exact answer: existence (with negatives as in POPE), counting, colour, position,
 * background, style and multiple choice. Now and then a second question about the same picture follows.
 */
export function question(random: Philox, world: TaskWorld): SampleDraft {
  const kind = pickWeighted(random, QUESTION_KINDS);
  for (;;) {
    const shape = random.pick(kind.shapes);
    const plan = shape === "single" ? singlePlan(random, world) : scenePlan(random, world, shape);
    const first = kind.make(random, world, plan);
    if (first === null) continue;
    const turns = [first];
    // MME asks two questions about each picture.
    const second = chance(random, 0.2) ? kind.make(random, world, plan) : null;
    if (second !== null && second.question !== first.question) turns.push(second);
    return {
      kind: "question",
      task: kind.task,
      items: [
        show(realise(random, world, plan)),
        ...turns.flatMap((turn) => [say(typed(random, capitalise(turn.question))), reply(sentence(turn.answer))]),
      ],
      relations: turns.flatMap((turn) => turn.relations ?? []),
    };
  }
}
