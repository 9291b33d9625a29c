import type { Philox } from "../../../core/random.ts";
import { reply, say, show, type SampleDraft } from "../draft.ts";
import { capitalise, sentence } from "../grammar.ts";
import { realise } from "../scene-plan.ts";
import { pickWeighted, typed, type TaskWorld } from "../task-world.ts";
import { sceneCaption, singleCaption } from "./caption.ts";
import { scenePlan, type SceneShape } from "./draw-scene.ts";
import { singlePlan } from "./draw-single.ts";
import { existsQuestion } from "./question-existence.ts";
import { distinctQuestions, QUESTION_KINDS } from "./question.ts";

/** What a word means for a picture is learnt where there is one thing to see, and used where there are several. */
const SHAPES: readonly (readonly [SceneShape | "single", number])[] = [
  ["single", 40],
  ["count", 15],
  ["pair", 22],
  ["counted-pair", 6],
  ["line", 10],
  ["corners", 7],
];
/** Questions of existence, and of other kinds, at most. */
const EXISTENCE = 4;
const OTHERS = 4;
/** How often a caption comes first, and how often last. */
const CAPTION = { first: 0.3, last: 0.2 };

/**
 * A picture and a list of questions about it, each with a short exact answer: what is there, then how many, in which colour and
 * where. Many answers share one look at the picture, and "no" stands beside "yes". A later question takes things for granted that
 * an earlier one asks for, so existence comes first. Now and then a caption precedes all: then answers follow from words, which is
 * the easier half of learning to compare what is asked with what is there.
 */
export function quiz(random: Philox, world: TaskWorld): SampleDraft {
  for (;;) {
    const shape = pickWeighted(random, SHAPES);
    const plan = shape === "single" ? singlePlan(random, world) : scenePlan(random, world, shape);
    const kinds = QUESTION_KINDS.filter(([{ shapes, make }]) => make !== existsQuestion && shapes.includes(shape));
    const makers = [
      ...Array.from({ length: EXISTENCE }, () => existsQuestion),
      // Evenly, not by their weights, so that rare kinds such as multiple choice are practised too.
      ...Array.from({ length: OTHERS }, () => random.pick(kinds)[0].make),
    ];
    const turns = distinctQuestions(random, world, plan, makers);
    if (turns.length < 2) continue;
    const place = random.uniform();
    const captioned = place < CAPTION.first + CAPTION.last;
    const caption = captioned ? (shape === "single" ? singleCaption : sceneCaption)(random, world, plan) : null;
    const questions = turns.flatMap(({ question, answer }) => [
      say(typed(random, capitalise(question))),
      reply(sentence(answer)),
    ]);
    const described = caption ? [say(typed(random, caption.prompt)), reply(caption.answer)] : [];
    const exchanges = place < CAPTION.first ? [...described, ...questions] : [...questions, ...described];
    return {
      kind: "question",
      task: "quiz",
      items: [show(realise(random, world, plan)), ...exchanges],
      relations: [...turns.flatMap(({ relations }) => relations ?? []), ...(caption?.relations ?? [])],
    };
  }
}
