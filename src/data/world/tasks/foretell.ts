import type { Philox } from "../../../core/random.ts";
import { reply, say, show, type SampleDraft } from "../draft.ts";
import { fill, sentence } from "../grammar.ts";
import { anywhere, chance, pickTemplate, typed, type TaskWorld } from "../task-world.ts";
import { plainCaption } from "./draw-scene.ts";
import { editPhrase, startPicture } from "./edit.ts";
import { editStep, type Operation } from "./edit-steps.ts";
import { predictableCourse } from "./sequence.ts";

/** {i} is a verb phrase: "remove the cat". */
const AFTER_EDIT = [
  "What does the picture show if you {i}?",
  "What would I see if you {i}?",
  "Suppose you {i}. What is in the picture then?",
  "Imagine that you {i}. What do you see then?",
  "If you {i}, what does the picture show?",
  "You {i}. What is there now?",
  "Say what there will be when you {i}.",
  "What is the picture like after you {i}?",
] as const;

const AFTER_FRAMES = [
  "What comes next?",
  "What does the next picture show?",
  "What will the next frame show?",
  "What happens next?",
  "Say what comes next.",
  "Tell me what the next picture shows.",
  "How does it go on?",
  "What would come next?",
] as const;

/** Of these changes a plain caption says nothing. */
const UNTOLD: ReadonlySet<Operation> = new Set(["resize", "rotate", "style", "background"]);

/** What a changed picture or the next frame would show, in words alone: what a drawing is announced with, without the drawing. */
export function foretell(random: Philox, world: TaskWorld): SampleDraft {
  for (;;) {
    const draft = (chance(random, 0.6) ? afterEdit : afterFrames)(random, anywhere(world));
    if (draft !== null) return draft;
  }
}

function afterEdit(random: Philox, world: TaskWorld): SampleDraft | null {
  const start = startPicture(random, world);
  const step = editStep(random, world, start);
  if (step === null || UNTOLD.has(step.operation)) return null;
  const template = pickTemplate(random, world, "foretell-edit", AFTER_EDIT);
  const question = typed(random, fill(template, { i: editPhrase(random, world, step) }));
  const { text, relations } = plainCaption(step.after.plan);
  const items = [show(start.scene), say(question), reply(sentence(text))];
  return {
    kind: "question",
    task: `foretell.${step.operation}`,
    items,
    relations: [...step.relations, ...relations],
  };
}

function afterFrames(random: Philox, world: TaskWorld): SampleDraft {
  const { task, steps, last } = predictableCourse(random, world);
  const frames = steps.slice(0, -1).map(({ scene }) => show(scene));
  const question = typed(random, pickTemplate(random, world, "foretell-next", AFTER_FRAMES));
  const items = [...frames, say(question), reply(sentence(last))];
  return { kind: "question", task: `foretell.${task}`, items, relations: [] };
}
