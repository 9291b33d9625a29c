import type { Philox } from "../../../core/random.ts";
import type { Caption } from "../captions.ts";
import { draw, reply, say, show, type DraftItem, type SampleDraft, type StatedRelation } from "../draft.ts";
import { capitalise, fill, here } from "../grammar.ts";
import { realise, type ScenePlan } from "../scene-plan.ts";
import { anywhere, chance, pickTemplate, pickWeighted, typed, type TaskWorld } from "../task-world.ts";
import { plainCaption, scenePlan } from "./draw-scene.ts";
import { singlePlan } from "./draw-single.ts";
import { editStep, type EditStep, type Picture } from "./edit-steps.ts";
import { EDIT_SENTENCES, EDIT_TEMPLATES } from "./edit-templates.ts";

/** The request for a step as a turn of its own. */
export function editRequest(random: Philox, world: TaskWorld, step: EditStep): string {
  const { terse } = EDIT_TEMPLATES[step.operation];
  if (chance(random, 0.2)) {
    const prompt = fill(pickTemplate(random, world, `edit-terse-${step.operation}`, terse), step.words);
    return chance(random, 0.5) ? prompt : `${capitalise(prompt)}.`;
  }
  const phrase = editPhrase(random, world, step);
  return typed(random, fill(pickTemplate(random, world, "edit-sentence", EDIT_SENTENCES), { i: phrase }));
}

/** "make it green": the step as a verb phrase. */
export function editPhrase(random: Philox, world: TaskWorld, step: EditStep): string {
  const { phrases } = EDIT_TEMPLATES[step.operation];
  return fill(pickTemplate(random, world, `edit-${step.operation}`, phrases), step.words);
}

/**
 * What the model says before it draws: "Now it is green.", or, where other things are there than before or in other places, what the
 * new picture shows: "Here is a cat to the left of a dog."
 */
export function editAnswer(step: EditStep): string {
  return answerTo(step).text;
}

/** What the request and the answer state together. */
export function editRelations(step: EditStep): StatedRelation[] {
  return [...step.relations, ...answerTo(step).relations];
}

function answerTo({ operation, after, words }: EditStep): Caption {
  const { answer } = EDIT_TEMPLATES[operation];
  if (answer !== null) return { text: fill(answer, words), relations: [] };
  const { text, plural, relations } = plainCaption(after.plan);
  return { text: here(text, plural), relations };
}

/** A picture to start editing from: one object, several equal ones or two. */
export function startPicture(random: Philox, world: TaskWorld): Picture {
  const shape = pickWeighted(random, [
    ["single", 50],
    ["count", 12],
    ["pair", 38],
  ] as const);
  const plan: ScenePlan = shape === "single" ? singlePlan(random, world) : scenePlan(random, world, shape);
  return { plan, scene: realise(random, world, plan) };
}

/** A picture and an instruction: the changed picture; sometimes a second instruction follows. */
export function edit(random: Philox, world: TaskWorld): SampleDraft {
  for (;;) {
    const start = startPicture(random, anywhere(world));
    const first = editStep(random, world, start);
    if (first === null) continue;
    const second = chance(random, 0.2) ? editStep(random, world, first.after) : null;
    const steps = second === null ? [first] : [first, second];
    return {
      kind: "edit",
      task: `edit.${first.operation}`,
      items: [show(start.scene), ...steps.flatMap((step) => editTurn(random, world, step))],
      relations: steps.flatMap(editRelations),
    };
  }
}

/** One instruction and what follows it. */
export function editTurn(random: Philox, world: TaskWorld, step: EditStep): DraftItem[] {
  return [say(editRequest(random, world, step)), reply(editAnswer(step)), draw(step.after.scene)];
}
