import type { Philox } from "../../../core/random.ts";
import { captionOf } from "../captions.ts";
import { reply, say, show, type SampleDraft } from "../draft.ts";
import { bare, capitalise, sentence } from "../grammar.ts";
import { realise, type ScenePlan } from "../scene-plan.ts";
import { chance, pickTemplate, typed, type TaskWorld } from "../task-world.ts";
import { DESCRIBE_REQUESTS, NAME_REQUESTS, WHAT_QUESTIONS } from "./caption-templates.ts";
import { scenePlan } from "./draw-scene.ts";
import { singlePlan } from "./draw-single.ts";

/** One object: its name, what it is, or a description with its background. */
export function captionSingle(random: Philox, world: TaskWorld): SampleDraft {
  const plan = singlePlan(random, world);
  const [group] = plan.groups;
  const form = random.int(3);
  const picture = show(realise(random, world, plan));
  if (form === 0) {
    const prompt = pickTemplate(random, world, "caption-name", NAME_REQUESTS);
    return draft(random, "caption.name", picture, prompt, `${capitalise(bare(group.concept))}.`);
  }
  const { size: _, ...plain } = group;
  const alone: ScenePlan = { ...plan, groups: [plain], arrangement: { type: "alone" } };
  if (form === 1) {
    const prompt = pickTemplate(random, world, "caption-what", WHAT_QUESTIONS);
    return draft(random, "caption.what", picture, prompt, sentence(captionOf(null, alone, {}).text));
  }
  const prompt = pickTemplate(random, world, "caption-describe", DESCRIBE_REQUESTS);
  const caption = captionOf(null, plan, { naturalColours: true, background: true });
  return draft(random, "caption.describe", picture, prompt, sentence(caption.text));
}

/** Several objects: a list of them, or a description with their places and the background. */
export function captionScene(random: Philox, world: TaskWorld): SampleDraft {
  const plan = scenePlan(random, world);
  const picture = show(realise(random, world, plan));
  const { task, prompt, answer, relations } = sceneCaption(random, world, plan);
  return { ...draft(random, task, picture, prompt, answer), relations };
}

/** The request for a caption of a scene of several objects, and the caption. */
export function sceneCaption(random: Philox, world: TaskWorld, plan: ScenePlan) {
  if (chance(random, 0.4)) {
    const prompt = pickTemplate(random, world, "caption-what", WHAT_QUESTIONS);
    return { task: "caption.list", prompt, answer: sentence(captionOf(null, plan, {}).text), relations: [] };
  }
  const prompt = pickTemplate(random, world, "caption-describe", DESCRIBE_REQUESTS);
  const caption = captionOf(null, plan, { arrangement: true, background: true });
  return { task: "caption.scene", prompt, answer: sentence(caption.text), relations: caption.relations };
}

function draft(
  random: Philox,
  task: string,
  picture: ReturnType<typeof show>,
  prompt: string,
  answer: string,
): SampleDraft {
  return { kind: "caption", task, items: [picture, say(typed(random, prompt)), reply(answer)], relations: [] };
}
