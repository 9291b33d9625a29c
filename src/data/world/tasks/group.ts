import type { Philox } from "../../../core/random.ts";
import { captionOf, stylePhrase } from "../captions.ts";
import { draw, reply, say, show, type SampleDraft } from "../draft.ts";
import { counted, fill, list, numberWord, one, pronoun, sentence, withArticle } from "../grammar.ts";
import { adjectivesOf, realise, type Group, type ScenePlan } from "../scene-plan.ts";
import type { Scene } from "../scene.ts";
import {
  chance,
  pickConcepts,
  pickDistinct,
  pickStyle,
  pickTemplate,
  pickWeighted,
  typed,
  type TaskWorld,
} from "../task-world.ts";
import { singlePlan } from "./draw-single.ts";

/** {x} is "an apple" or, of a shown picture, "it"; {values} "red, green and blue"; {n} and {kinds} "three colours". */
const NAMED = [
  "Draw {x} in {values}.",
  "Draw {x} in {values}, please.",
  "Please draw {x} in {values}.",
  "Show {x} in {values}.",
  "Paint {x} in {values}.",
  "Can you draw {x} in {values}?",
  "Show me {x} in {values}.",
  "Make pictures of {x} in {values}.",
  "I want to see {x} in {values}.",
  "Pictures of {x} in {values}",
  "Draw {n} pictures of {x}: in {values}.",
  "Create a series: {x} in {values}.",
  "{x} in {values}, one picture each",
] as const;

const COUNTED = [
  "Draw {x} in {n} {kinds}.",
  "Draw {x} in {n} different {kinds}.",
  "Please draw {x} in {n} {kinds}.",
  "Show {x} in {n} {kinds}.",
  "Show me {x} in {n} different {kinds}.",
  "Paint {x} in {n} {kinds}.",
  "Can you draw {x} in {n} {kinds}?",
  "Make {n} pictures of {x} in different {kinds}.",
  "I want {x} in {n} {kinds}.",
  "{x} in {n} {kinds}",
  "{n} pictures of {x} in different {kinds}",
] as const;

const VARIED = [
  "Draw {values} in separate pictures.",
  "Draw {n} pictures: {values}.",
  "Show {values}, one picture each.",
  "Make a series of pictures: {values}.",
  "Please draw {values}, each in its own picture.",
  "A series of pictures: {values}",
  "Paint {values}, one after the other.",
  "Draw one after the other: {values}.",
] as const;

const ON_BACKGROUNDS = [
  "Draw {x} on {values} backgrounds.",
  "Draw {x} on {values} backgrounds, please.",
  "Please draw {x} on {values} backgrounds.",
  "Show {x} on {values} backgrounds.",
  "Paint {x} on {values} backgrounds.",
  "Draw {x} on {n} different backgrounds.",
  "Show me {x} on {n} backgrounds.",
  "Make {n} pictures of {x} on different backgrounds.",
  "{x} on {values} backgrounds",
] as const;

interface Variant {
  /** How the request lists it: "red". */
  readonly value: string;
  /** How the model announces it: "a red apple". */
  readonly caption: string;
  readonly scene: Scene;
}

type Maker = (random: Philox, world: TaskWorld, plan: ScenePlan, scene: Scene) => Variants | null;

interface Variants {
  readonly kinds: "colours" | "styles" | "backgrounds" | "numbers";
  readonly variants: readonly Variant[];
}

/** The same thing several times (group generation): in colours, styles, on backgrounds, or in growing numbers. */
export function group(random: Philox, world: TaskWorld): SampleDraft {
  for (;;) {
    const plan = singlePlan(random, world);
    const first: ScenePlan = { ...plan, arrangement: { type: "alone" } };
    const scene = realise(random, world, first);
    const make = pickWeighted<Maker>(random, [
      [inColours, 45],
      [inStyles, 22],
      [onBackgrounds, 18],
      [inNumbers, 15],
    ]);
    const made = make(random, world, first, scene);
    if (made === null) continue;
    const shown = made.kinds !== "numbers" && chance(random, 0.25);
    const spoken = { ...plan.groups[0], colour: made.kinds === "colours" ? null : plan.groups[0].colour };
    const x = shown ? pronoun(spoken.concept) : one(spoken.concept, adjectivesOf(spoken, spoken.colour !== null));
    const prompt = typed(random, requestFor(random, world, made, x));
    const answers = made.variants.flatMap((variant) => [reply(sentence(variant.caption)), draw(variant.scene)]);
    const items = [...(shown ? [show(scene)] : []), say(prompt), ...answers];
    return { kind: "group", task: `group.${made.kinds}`, items, relations: [] };
  }
}

function requestFor(random: Philox, world: TaskWorld, { kinds, variants }: Variants, x: string): string {
  const n = numberWord(variants.length);
  const values = list(variants.map((variant) => variant.value));
  if (kinds === "numbers") return fill(pickTemplate(random, world, "group-varied", VARIED), { n, values });
  if (kinds === "backgrounds")
    return fill(pickTemplate(random, world, "group-backgrounds", ON_BACKGROUNDS), { x, n, values });
  if (chance(random, 0.35)) return fill(pickTemplate(random, world, "group-counted", COUNTED), { x, n, kinds });
  return fill(pickTemplate(random, world, "group-named", NAMED), { x, n, values });
}

/** The same layout for every variant, so that only the named property changes. */
function inColours(random: Philox, world: TaskWorld, plan: ScenePlan, scene: Scene): Variants | null {
  const [subject] = plan.groups as [Group];
  const colours = world.colours.filter((colour) =>
    world.stands(subject.concept.name, subject.style.name, colour, plan.background),
  );
  if (!subject.concept.recolourable || colours.length < 2) return null;
  const chosen = pickDistinct(random, colours, Math.min(colours.length, 2 + random.int(2)));
  return {
    kinds: "colours",
    variants: chosen.map((colour) => ({
      value: colour,
      caption: one(subject.concept, colour),
      scene: {
        ...scene,
        objects: scene.objects.map((object) => ({
          ...object,
          colour: colour === subject.concept.naturalColour ? null : colour,
        })),
      },
    })),
  };
}

function inStyles(random: Philox, world: TaskWorld, plan: ScenePlan, scene: Scene): Variants | null {
  const [subject] = plan.groups as [Group];
  const styles = world.styles.filter((style) => world.hasSprite(subject.concept, style));
  if (styles.length < 2) return null;
  const chosen = pickDistinct(random, styles, Math.min(styles.length, 2 + random.int(2)));
  return {
    kinds: "styles",
    variants: chosen.map((style) => ({
      value: `${style.promptName} style`,
      caption: `${captionOf(null, plan, {}).text} ${stylePhrase(null, style.promptName)}`,
      scene: { ...scene, objects: scene.objects.map((object) => ({ ...object, style: style.name })) },
    })),
  };
}

function onBackgrounds(random: Philox, world: TaskWorld, plan: ScenePlan, scene: Scene): Variants | null {
  const [subject] = plan.groups as [Group];
  const visible = world.backgrounds.filter((item) =>
    world.stands(subject.concept.name, subject.style.name, subject.colour, item),
  );
  if (visible.length < 2) return null;
  const chosen = pickDistinct(random, visible, Math.min(visible.length, 2 + random.int(2)));
  const caption = captionOf(null, plan, {}).text;
  return {
    kinds: "backgrounds",
    variants: chosen.map((background) => ({
      value: background,
      caption: `${caption} on ${withArticle(background)} background`,
      scene: { ...scene, background },
    })),
  };
}

function inNumbers(random: Philox, world: TaskWorld, plan: ScenePlan): Variants | null {
  const [concept] = pickConcepts(random, world, 1);
  const style = pickStyle(random, world, [concept!]);
  if (!world.stands(concept!.name, style.name, null, plan.background)) return null;
  const numbers = pickDistinct(random, [1, 2, 3, 4, 5, 6], 2 + random.int(2)).sort((a, b) => a - b);
  return {
    kinds: "numbers",
    variants: numbers.map((count) => {
      const words = counted(count, concept!);
      const groups: Group[] = [{ concept: concept!, style, colour: null, count }];
      const picture = realise(random, world, { ...plan, groups, arrangement: { type: "alone" } });
      return { value: words, caption: words, scene: picture };
    }),
  };
}
