import type { Philox } from "../../../core/random.ts";
import { captionOf } from "../captions.ts";
import type { Concept } from "../concepts.ts";
import { draw, reply, say, type SampleDraft } from "../draft.ts";
import { fill, RELATIONS } from "../grammar.ts";
import { realise, type Group, type ScenePlan } from "../scene-plan.ts";
import {
  chance,
  colourOf,
  pickBackground,
  pickColour,
  pickConcepts,
  pickStyle,
  pickTemplate,
  typed,
  type TaskWorld,
} from "../task-world.ts";

/** Asked in a sentence: the answer says a few words, then draws. */
export const DRAW_REQUESTS = [
  "Draw {x}.",
  "Draw {x}, please.",
  "Draw me {x}.",
  "Please draw {x}.",
  "Can you draw {x}?",
  "Could you draw {x} for me?",
  "Paint {x}.",
  "Sketch {x}.",
  "Show me {x}.",
  "Make a picture of {x}.",
  "Make an image of {x}.",
  "Create an image of {x}.",
  "Generate a picture of {x}.",
  "Generate an image of {x}.",
  "I want a picture of {x}.",
  "I would like to see {x}.",
  "I need a drawing of {x}.",
  "Give me a picture of {x}.",
  "Let me see {x}.",
  "Would you paint {x}?",
  "Now draw {x}.",
  "Produce a picture showing {x}.",
] as const;

/** Captions and key words: the answer is the picture alone. */
export const DRAW_CAPTIONS = [
  "{x}",
  "{X}.",
  "{x}",
  "a picture of {x}",
  "A picture of {x}.",
  "an image of {x}",
  "a photo of {x}",
  "A photo of {x}.",
  "a drawing of {x}",
  "an emoji of {x}",
  "an icon of {x}",
  "picture: {x}",
  "image of {x}",
  "drawing of {x}",
  "A picture showing {x}.",
] as const;

const ANSWERS = ["Here is {x}.", "Here is {x}.", "This is {x}.", "Sure, here is {x}."];
const PLURAL_ANSWERS = ["Here are {x}.", "Here are {x}.", "These are {x}.", "Sure, here are {x}."];

/** Request, answer and picture of a plan whose caption is `caption`; `plain` is how the answer calls the objects. */
export function drawRequest(
  random: Philox,
  world: TaskWorld,
  caption: string,
  plain: string,
  plural: boolean,
): { readonly prompt: string; readonly answer: string | null } {
  if (chance(random, 0.6)) {
    const prompt = fill(pickTemplate(random, world, "draw-request", DRAW_REQUESTS), { x: caption });
    const answer = fill(random.pick(plural ? PLURAL_ANSWERS : ANSWERS), { x: plain });
    return { prompt: typed(random, prompt), answer };
  }
  const prompt = fill(pickTemplate(random, world, "draw-caption", DRAW_CAPTIONS), { x: caption });
  return { prompt: typed(random, prompt), answer: null };
}

/** One sprite: "Draw a red apple." → "Here is a red apple." and the picture. */
export function drawSingle(random: Philox, world: TaskWorld): SampleDraft {
  const plan = singlePlan(random, world);
  const [group] = plan.groups;
  const spoken = { ...plan, groups: [{ ...group, concept: spokenConcept(random, group.concept) }] };
  const caption = captionOf(random, spoken, {
    naturalColours: colourOf(group) !== null && chance(random, 0.3),
    style: chance(random, 0.5),
    background: plan.background !== "white" || chance(random, 0.05),
  });
  const plain = captionOf(null, { ...plan, arrangement: { type: "alone" } }, {}).text;
  const { prompt, answer } = drawRequest(random, world, caption.text, plain, false);
  const picture = draw(realise(random, world, plan));
  const items = answer === null ? [say(prompt), picture] : [say(prompt), reply(answer), picture];
  return { kind: "draw", task: "draw.single", items, relations: [] };
}

/** Now and then another name for the same thing: "plane". */
function spokenConcept(random: Philox, concept: Concept): Concept {
  if (concept.synonyms.length === 0 || !chance(random, 0.1)) return concept;
  return { ...concept, name: random.pick(concept.synonyms) };
}

/** One object in the middle or at a side, sometimes recoloured, large, small or on a coloured background. */
export function singlePlan(random: Philox, world: TaskWorld): ScenePlan & { readonly groups: readonly [Group] } {
  const [concept] = pickConcepts(random, world, 1) as [Concept];
  const subject = {
    concept,
    style: pickStyle(random, world, [concept]),
    colour: pickColour(random, world, concept, 0.5),
  };
  const extra = random.uniform();
  const group: Group = {
    ...subject,
    count: 1,
    ...(extra < 0.15 ? { size: random.pick(["big", "small"] as const) } : {}),
  };
  const place = extra > 0.92 ? { place: random.pick(RELATIONS) } : {};
  return {
    groups: [group],
    arrangement: { type: "alone", ...place },
    background: pickBackground(random, world, [subject], chance(random, 0.6)),
  };
}
