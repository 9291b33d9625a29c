import type { Philox } from "../../../core/random.ts";
import { captionOf } from "../captions.ts";
import { reply, say, type SampleDraft } from "../draft.ts";
import { capitalise, fill, sentence } from "../grammar.ts";
import { pickTemplate, pickWeighted, typed, type TaskWorld } from "../task-world.ts";
import { scenePlan, type SceneShape } from "./draw-scene.ts";
import { existsQuestion } from "./question-existence.ts";
import { QUESTION_KINDS, type Question } from "./question.ts";

/** {x} is a caption: "a red apple to the left of two cats". */
const TELLINGS = [
  "Imagine {x}.",
  "Think of {x}.",
  "The picture shows {x}.",
  "My picture shows {x}.",
  "Suppose you see {x}.",
  "I see {x}.",
  "In front of me: {x}.",
  "Somebody drew {x}.",
] as const;

const SHAPES: readonly (readonly [SceneShape, number])[] = [
  ["pair", 40],
  ["counted-pair", 20],
  ["line", 25],
  ["corners", 15],
];
const TOLD = new Set(["question.count", "question.more", "question.colour", "question.position"]);
const EXISTENCE = 6;
const OTHERS = 3;

/**
 * A picture in words alone, and questions about it, existence first. To find in what is there what is asked for is the same
 * whether pictures or words say it, as the ViT's tokens lie in the words' directions; words are read faster.
 */
export function imagine(random: Philox, world: TaskWorld): SampleDraft {
  for (;;) {
    const shape = pickWeighted(random, SHAPES);
    const plan = scenePlan(random, world, shape);
    const kinds = QUESTION_KINDS.filter(([{ task, shapes }]) => TOLD.has(task) && shapes.includes(shape));
    const makers = [
      ...Array.from({ length: EXISTENCE }, () => existsQuestion),
      ...Array.from({ length: kinds.length > 0 ? OTHERS : 0 }, () => random.pick(kinds)[0].make),
    ];
    const turns = new Map<string, Question>();
    for (const make of makers) {
      const made = make(random, world, plan);
      if (made !== null) turns.set(made.question, made);
    }
    if (turns.size < 2) continue;
    const caption = captionOf(random, plan, { arrangement: true, naturalColours: true });
    const telling = fill(pickTemplate(random, world, "imagine", TELLINGS), { x: caption.text });
    const exchanges = [...turns.values()].flatMap(({ question, answer }, i) => {
      const asked = capitalise(question);
      return [say(typed(random, i === 0 ? `${telling} ${asked}` : asked)), reply(sentence(answer))];
    });
    return {
      kind: "chat",
      task: "imagine",
      items: exchanges,
      relations: [...caption.relations, ...[...turns.values()].flatMap(({ relations }) => relations ?? [])],
    };
  }
}
