import type { Philox } from "../../../core/random.ts";
import { reply, say, show, type SampleDraft } from "../draft.ts";
import { capitalise, sentence } from "../grammar.ts";
import { realise } from "../scene-plan.ts";
import { chance, pickWeighted, typed, type TaskWorld } from "../task-world.ts";
import { sceneCaption } from "./caption.ts";
import { scenePlan, type SceneShape } from "./draw-scene.ts";
import { singlePlan } from "./draw-single.ts";
import { existsQuestion } from "./question-existence.ts";
import { QUESTION_KINDS, type Question } from "./question.ts";

/** Existence is hardest to learn where there is most to see, and is asked there most. */
const SHAPES: readonly (readonly [SceneShape | "single", number])[] = [
  ["single", 18],
  ["count", 14],
  ["pair", 32],
  ["counted-pair", 10],
  ["line", 16],
  ["corners", 10],
];
const EXISTENCE = { one: 2, several: 4 };
/** Questions of other kinds, at most. */
const OTHERS = 4;

/**
 * A picture and a list of questions about it, each with a short exact answer: what is there, then how many, in which colour and
 * where, and sometimes a caption. Many answers share one look at the picture, and "no" stands beside "yes". A later question
 * takes things for granted that an earlier one asks for, so existence comes first and captions last.
 */
export function quiz(random: Philox, world: TaskWorld): SampleDraft {
  for (;;) {
    const shape = pickWeighted(random, SHAPES);
    const plan = shape === "single" ? singlePlan(random, world) : scenePlan(random, world, shape);
    const several = plan.groups.length > 1;
    const kinds = QUESTION_KINDS.filter(([{ shapes, make }]) => make !== existsQuestion && shapes.includes(shape));
    const makers = [
      ...Array.from({ length: several ? EXISTENCE.several : EXISTENCE.one }, () => existsQuestion),
      ...Array.from({ length: OTHERS }, () => pickWeighted(random, kinds).make),
    ];
    const turns = new Map<string, Question>();
    for (const make of makers) {
      const made = make(random, world, plan);
      if (made !== null) turns.set(made.question, made);
    }
    if (turns.size < 2) continue;
    const caption = several && chance(random, 0.5) ? sceneCaption(random, world, plan) : null;
    return {
      kind: "question",
      task: "quiz",
      items: [
        show(realise(random, world, plan)),
        ...[...turns.values()].flatMap(({ question, answer }) => [
          say(typed(random, capitalise(question))),
          reply(sentence(answer)),
        ]),
        ...(caption ? [say(typed(random, caption.prompt)), reply(caption.answer)] : []),
      ],
      relations: [...[...turns.values()].flatMap(({ relations }) => relations ?? []), ...(caption?.relations ?? [])],
    };
  }
}
