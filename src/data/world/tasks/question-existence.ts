import type { Philox } from "../../../core/random.ts";
import type { Category, Concept } from "../concepts.ts";
import { fill, many, numberWord, one } from "../grammar.ts";
import { adjectivesOf, type Group, type ScenePlan } from "../scene-plan.ts";
import { CURATED_CONCEPTS, splitOfConcept, splitOfPair } from "../splits.ts";
import { chance, colourOf, pickTemplate, type TaskWorld } from "../task-world.ts";
import { otherColours } from "./question-look.ts";
import type { Question } from "./question.ts";
import { COUNT, COUNT_CHECK, EXISTS, MORE } from "./question-templates.ts";

/** Plurals of the categories that people count: "animals". */
export const CATEGORY_PLURALS: Readonly<Partial<Record<Category, string>>> = {
  animal: "animals",
  vehicle: "vehicles",
  plant: "plants",
  building: "buildings",
  music: "musical instruments",
};

/**
 * "Is there a red apple?": yes and no equally often. Negatives are as in POPE: any absent concept, one of the frequent
 * ones, or one that likes to occur with what is there (the same category); or the right concept in another colour.
 */
export function existsQuestion(random: Philox, world: TaskWorld, plan: ScenePlan): Question | null {
  const group = random.pick(plan.groups);
  const { concept } = group;
  const colour = colourOf(group);
  const others = concept.recolourable
    ? otherColours(world, concept, colour).filter((other) => !plan.groups.some((g) => colourOf(g) === other))
    : [];
  const asksColour = colour !== null && others.length > 0 && chance(random, 0.3);
  const absent = asksColour ? concept : absentConcept(random, world, plan, group);
  // Whether both answers can be asked for is known before one is chosen, so that neither is the rarer one.
  if (absent === null) return null;
  if (chance(random, 0.5)) return exists(random, world, concept, asksColour ? colour : "", "yes");
  return exists(random, world, absent, asksColour ? random.pick(others) : "", "no");
}

function exists(random: Philox, world: TaskWorld, concept: Concept, adjectives: string, answer: string): Question {
  const template = pickTemplate(random, world, "question-exists", EXISTS);
  return { question: fill(template, { x: one(concept, adjectives) }), answer };
}

/** How POPE chooses what to ask for that is not there. */
export const NEGATIVES = ["random", "popular", "co-occurring"] as const;
export type Negatives = (typeof NEGATIVES)[number];

/**
 * A concept that the plan lacks; "co-occurring" is of the group's category. It is of the group's split and may share a
 * picture with all groups: of what training holds back it would otherwise hear "no" alone.
 */
export function absentConcept(
  random: Philox,
  world: TaskWorld,
  plan: ScenePlan,
  group: Group,
  negatives: Negatives = random.pick(NEGATIVES),
): Concept | null {
  const split = splitOfConcept(group.concept.name);
  const fits = ({ name }: Concept) =>
    splitOfConcept(name) === split && plan.groups.every((g) => splitOfPair(g.concept.name, name) === "train");
  const absent = world.concepts.filter((concept) => !plan.groups.some((g) => g.concept.name === concept.name));
  const preferred = absent.filter((concept) =>
    negatives === "random"
      ? true
      : negatives === "popular"
        ? CURATED_CONCEPTS.has(concept.name)
        : concept.category === group.concept.category,
  );
  return random.shuffle(preferred).find(fits) ?? random.shuffle(absent).find(fits) ?? null;
}

/** "How many apples are there?" or, of a category, "How many animals are there?"; and "Are there three apples?". */
export function countQuestion(random: Philox, world: TaskWorld, plan: ScenePlan): Question | null {
  const { words, count } = countable(random, world, plan);
  // "Are there one apple?" is no question, so that of one thing any claim would be wrong.
  if (count >= 2 && chance(random, 0.35)) {
    const claimed = chance(random, 0.5) ? count : nearby(random, count);
    const template = pickTemplate(random, world, "question-count-check", COUNT_CHECK);
    const question = fill(template, { n: numberWord(claimed), xs: words });
    return { question, answer: claimed === count ? "yes" : "no" };
  }
  const template = pickTemplate(random, world, "question-count", COUNT);
  return { question: fill(template, { xs: words }), answer: numberWord(count) };
}

function countable(random: Philox, world: TaskWorld, plan: ScenePlan): { words: string; count: number } {
  const group = random.pick(plan.groups);
  const category = CATEGORY_PLURALS[group.concept.category];
  const kind = random.uniform();
  if (kind < 0.08) {
    const absent = absentConcept(random, world, plan, group);
    if (absent !== null) return { words: many(absent), count: 0 };
  }
  if (kind < 0.25 && category !== undefined) {
    const members = plan.groups.filter((g) => g.concept.category === group.concept.category);
    return { words: category, count: members.reduce((sum, g) => sum + g.count, 0) };
  }
  const total = plan.groups.reduce((sum, g) => sum + g.count, 0);
  if (kind < 0.32) return { words: "objects", count: total };
  const colour = group.colour !== null && chance(random, 0.3);
  return {
    words: many(group.concept, adjectivesOf({ concept: group.concept, colour: group.colour }, colour)),
    count: group.count,
  };
}

function nearby(random: Philox, count: number): number {
  if (count === 2) return count + 1 + random.int(2);
  return chance(random, 0.5) ? count + 1 : count - 1;
}

/** "Are there more cats than apples?", "Which are there more of, cats or apples?" */
export function moreQuestion(random: Philox, world: TaskWorld, plan: ScenePlan): Question | null {
  const [first, second] = random.shuffle([...plan.groups]);
  if (first === undefined || second === undefined || first.count === second.count) return null;
  const template = pickTemplate(random, world, "question-more", MORE);
  const question = fill(template, { xs: many(first.concept), ys: many(second.concept) });
  const larger = first.count > second.count ? first : second;
  if (template.includes(" or ")) return { question, answer: many(larger.concept) };
  return { question, answer: larger === first ? "yes" : "no" };
}
