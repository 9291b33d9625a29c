import type { Philox } from "../../../core/random.ts";
import { captionOf } from "../captions.ts";
import { reply, say, type SampleDraft } from "../draft.ts";
import { capitalise, fill, sentence } from "../grammar.ts";
import { pickTemplate, pickWeighted, typed, type TaskWorld } from "../task-world.ts";
import { scenePlan, type SceneShape } from "./draw-scene.ts";
import { singlePlan } from "./draw-single.ts";
import { existsQuestion } from "./question-existence.ts";
import { distinctQuestions, QUESTION_KINDS } from "./question.ts";

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

/** What is told, how often, and how many questions are of existence and of other kinds. Of one thing there are four names to choose from. */
const SHAPES: readonly (readonly [
  readonly [shape: SceneShape | "single", existence: number, others: number],
  number,
])[] = [
  [["single", 1, 5], 36],
  [["pair", 2, 7], 34],
  [["counted-pair", 2, 6], 14],
  [["line", 2, 6], 12],
  [["corners", 2, 2], 4],
];
const TOLD: Readonly<Record<"one" | "several", ReadonlySet<string>>> = {
  one: new Set(["question.choice"]),
  several: new Set(["question.count", "question.more", "question.colour", "question.position"]),
};

/**
 * A picture in words alone, and questions about it, existence first. To find in what is there what is asked for is the same
 * whether pictures or words say it, as the ViT's tokens lie in the words' directions; words are read faster.
 */
export function imagine(random: Philox, world: TaskWorld): SampleDraft {
  for (;;) {
    const [shape, existence, others] = pickWeighted(random, SHAPES);
    const plan = shape === "single" ? singlePlan(random, world) : scenePlan(random, world, shape);
    const told = TOLD[shape === "single" ? "one" : "several"];
    const kinds = QUESTION_KINDS.filter(([{ task, shapes }]) => told.has(task) && shapes.includes(shape));
    const makers = [
      ...Array.from({ length: existence }, () => existsQuestion),
      ...Array.from({ length: others }, () => random.pick(kinds)[0].make),
    ];
    const turns = distinctQuestions(random, world, plan, makers);
    if (turns.length < 2) continue;
    const caption = captionOf(random, plan, { arrangement: true, naturalColours: true });
    const telling = fill(pickTemplate(random, world, "imagine", TELLINGS), { x: caption.text });
    const exchanges = turns.flatMap(({ question, answer }, i) => {
      const asked = capitalise(question);
      return [say(typed(random, i === 0 ? `${telling} ${asked}` : asked)), reply(sentence(answer))];
    });
    return {
      kind: "chat",
      task: "imagine",
      items: exchanges,
      relations: [...caption.relations, ...turns.flatMap(({ relations }) => relations ?? [])],
    };
  }
}
