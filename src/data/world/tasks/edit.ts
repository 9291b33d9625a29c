import type { Philox } from "../../../core/random.ts";
import { draw, reply, say, show, type DraftItem, type SampleDraft } from "../draft.ts";
import { capitalise, fill } from "../grammar.ts";
import { realise, type ScenePlan } from "../scene-plan.ts";
import { chance, pickTemplate, pickWeighted, typed, type TaskWorld } from "../task-world.ts";
import { scenePlan } from "./draw-scene.ts";
import { singlePlan } from "./draw-single.ts";
import { editStep, type EditStep, type Picture } from "./edit-steps.ts";
import { EDIT_SENTENCES, EDIT_TEMPLATES } from "./edit-templates.ts";

/** The request for a step as a turn of its own, and the model's words; null where it draws without a word. */
export function editRequest(
  random: Philox,
  world: TaskWorld,
  step: EditStep,
): { readonly prompt: string; readonly answer: string | null } {
  const { terse } = EDIT_TEMPLATES[step.operation];
  if (chance(random, 0.2)) {
    const prompt = fill(pickTemplate(random, world, `edit-terse-${step.operation}`, terse), step.words);
    return { prompt: chance(random, 0.5) ? prompt : `${capitalise(prompt)}.`, answer: null };
  }
  const phrase = editPhrase(random, world, step);
  const prompt = fill(pickTemplate(random, world, "edit-sentence", EDIT_SENTENCES), { i: phrase });
  return { prompt: typed(random, prompt), answer: editAnswer(step) };
}

/** "make it green": the step as a verb phrase. */
export function editPhrase(random: Philox, world: TaskWorld, step: EditStep): string {
  const { phrases } = EDIT_TEMPLATES[step.operation];
  return fill(pickTemplate(random, world, `edit-${step.operation}`, phrases), step.words);
}

/** "Now it is green." */
export function editAnswer(step: EditStep): string {
  const [answer] = EDIT_TEMPLATES[step.operation].answers;
  return fill(answer!, step.words);
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
    const start = startPicture(random, world);
    const first = editStep(random, world, start);
    if (first === null) continue;
    const second = chance(random, 0.2) ? editStep(random, world, first.after) : null;
    const steps = second === null ? [first] : [first, second];
    return {
      kind: "edit",
      task: `edit.${first.operation}`,
      items: [show(start.scene), ...steps.flatMap((step) => editTurn(random, world, step))],
      relations: steps.flatMap((step) => step.relations),
    };
  }
}

/** One instruction and what follows it. */
export function editTurn(random: Philox, world: TaskWorld, step: EditStep): DraftItem[] {
  const { prompt, answer } = editRequest(random, world, step);
  const picture = draw(step.after.scene);
  return answer === null ? [say(prompt), picture] : [say(prompt), reply(answer), picture];
}
