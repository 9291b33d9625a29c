import type { Philox } from "../../../core/random.ts";
import { captionOf } from "../captions.ts";
import { reply, say, show, type SampleDraft } from "../draft.ts";
import { bare, capitalise, sentence } from "../grammar.ts";
import { realise, type ScenePlan } from "../scene-plan.ts";
import { chance, pickTemplate, typed, type TaskWorld } from "../task-world.ts";
import { scenePlan } from "./draw-scene.ts";
import { singlePlan } from "./draw-single.ts";

const WHAT_QUESTIONS = [
  "What is this?",
  "What do you see?",
  "What is in the picture?",
  "What does the picture show?",
  "What can you see here?",
  "What is shown here?",
  "Tell me what this is.",
  "What's this?",
  "What is in this image?",
  "What does this image show?",
  "Which things are in the picture?",
  "Say what you see.",
  "What am I looking at?",
  "What is it?",
  "What do we have here?",
] as const;

const NAME_REQUESTS = [
  "Name the object.",
  "Name it in one word.",
  "Name this object.",
  "What is the name of the object?",
  "Which object is this?",
  "Name what you see.",
  "Object name?",
  "What is this object called?",
  "Identify the object.",
  "Give the name of the object.",
  "Name the thing in the picture.",
  "What object is shown?",
  "Which thing is it?",
  "Just the name, please.",
  "What would you call this?",
] as const;

const DESCRIBE_REQUESTS = [
  "Describe the picture.",
  "Describe the image.",
  "Describe this picture.",
  "Describe what you see.",
  "Please describe the picture.",
  "Can you describe this image?",
  "Caption this.",
  "Write a caption.",
  "Write a caption for this picture.",
  "Caption the image.",
  "Tell me about the picture.",
  "Describe the scene.",
  "Could you describe the picture?",
  "Put the picture into words.",
  "Give a caption for the image.",
  "What would be a good caption?",
] as const;

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
  if (chance(random, 0.4)) {
    const prompt = pickTemplate(random, world, "caption-what", WHAT_QUESTIONS);
    return draft(random, "caption.list", picture, prompt, sentence(captionOf(null, plan, {}).text));
  }
  const prompt = pickTemplate(random, world, "caption-describe", DESCRIBE_REQUESTS);
  const caption = captionOf(null, plan, { arrangement: true, background: true });
  const result = draft(random, "caption.scene", picture, prompt, sentence(caption.text));
  return { ...result, relations: caption.relations };
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
