import type { Philox } from "../../../core/random.ts";
import { captionOf } from "../captions.ts";
import { reply, say, show, type SampleDraft } from "../draft.ts";
import { bare, capitalise, sentence } from "../grammar.ts";
import { realise, type ScenePlan } from "../scene-plan.ts";
import { chance, pickTemplate, typed, type TaskWorld } from "../task-world.ts";
import { DESCRIBE_REQUESTS, NAME_REQUESTS, WHAT_QUESTIONS } from "./caption-templates.ts";
import { scenePlan } from "./draw-scene.ts";
import { singlePlan } from "./draw-single.ts";

/** What is asked about a picture as a whole, and the answer. */
interface Caption extends Pick<SampleDraft, "task" | "relations"> {
  readonly prompt: string;
  readonly answer: string;
}

/** One object: its name, what it is, or a description with its background. */
export function captionSingle(random: Philox, world: TaskWorld): SampleDraft {
  const plan = singlePlan(random, world);
  const picture = show(realise(random, world, plan));
  return draft(random, picture, singleCaption(random, world, plan));
}

/** The request for a caption of one object, and the caption. */
export function singleCaption(random: Philox, world: TaskWorld, plan: ScenePlan): Caption {
  const group = plan.groups[0]!;
  const form = random.int(3);
  if (form === 0) {
    const prompt = pickTemplate(random, world, "caption-name", NAME_REQUESTS);
    return { task: "caption.name", prompt, answer: `${capitalise(bare(group.concept))}.`, relations: [] };
  }
  if (form === 1) {
    const { size: _, ...plain } = group;
    const alone: ScenePlan = { ...plan, groups: [plain], arrangement: { type: "alone" } };
    const prompt = pickTemplate(random, world, "caption-what", WHAT_QUESTIONS);
    return { task: "caption.what", prompt, answer: sentence(captionOf(null, alone, {}).text), relations: [] };
  }
  const prompt = pickTemplate(random, world, "caption-describe", DESCRIBE_REQUESTS);
  const caption = captionOf(null, plan, { naturalColours: true, background: true });
  return { task: "caption.describe", prompt, answer: sentence(caption.text), relations: [] };
}

/** Several objects: a list of them, or a description with their places and the background. */
export function captionScene(random: Philox, world: TaskWorld): SampleDraft {
  const plan = scenePlan(random, world);
  const picture = show(realise(random, world, plan));
  return draft(random, picture, sceneCaption(random, world, plan));
}

/** The request for a caption of a scene of several objects, and the caption. */
export function sceneCaption(random: Philox, world: TaskWorld, plan: ScenePlan): Caption {
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
  picture: ReturnType<typeof show>,
  { task, prompt, answer, relations }: Caption,
): SampleDraft {
  return { kind: "caption", task, items: [picture, say(typed(random, prompt)), reply(answer)], relations };
}
