import type { Philox } from "../../../core/random.ts";
import type { Concept } from "../concepts.ts";
import { splitOfColouring } from "../facts.ts";
import { bare, fill, the, verb } from "../grammar.ts";
import type { ScenePlan } from "../scene-plan.ts";
import { chance, colourOf, pickDistinct, pickTemplate, type TaskWorld } from "../task-world.ts";
import { splitOfConcept, splitOfStyle } from "../splits.ts";
import type { Question } from "./question.ts";
import { BACKGROUND, CHOICE, COLOUR, COLOUR_CHECK, STYLE, STYLE_CHECK } from "./question-templates.ts";

/** "What colour is the apple?", "Is the apple red?", "Is the apple red or green?" */
export function colourQuestion(random: Philox, world: TaskWorld, plan: ScenePlan): Question | null {
  const group = random.pick(plan.groups);
  const colour = colourOf(group);
  if (colour === null) return null;
  const words = { the: the(group.concept, "", group.count), is: verb(group.concept, group.count) };
  if (chance(random, 0.6)) {
    return { question: fill(pickTemplate(random, world, "question-colour", COLOUR), words), answer: colour };
  }
  const others = otherColours(world, group.concept, colour);
  if (others.length === 0) return null;
  const other = random.pick(others);
  const template = pickTemplate(random, world, "question-colour-check", COLOUR_CHECK);
  if (template.includes("{other}")) return { question: fill(template, { ...words, colour, other }), answer: colour };
  const right = chance(random, 0.5);
  return { question: fill(template, { ...words, colour: right ? colour : other }), answer: right ? "yes" : "no" };
}

/** Colours to deny of a concept; of those that are held out for it training would otherwise hear "no" alone. */
export function otherColours(world: TaskWorld, concept: Concept, colour: string | null): string[] {
  return world.colours.filter((other) => other !== colour && splitOfColouring(concept, other) === "train");
}

export function backgroundQuestion(random: Philox, world: TaskWorld, plan: ScenePlan): Question {
  return { question: pickTemplate(random, world, "question-background", BACKGROUND), answer: plan.background };
}

export function styleQuestion(random: Philox, world: TaskWorld, plan: ScenePlan): Question | null {
  const style = plan.groups[0]!.style;
  if (chance(random, 0.6)) {
    return { question: pickTemplate(random, world, "question-style", STYLE), answer: `${style.promptName} style` };
  }
  const others = world.styles.filter(
    (item) => item !== style && plan.groups.every((g) => splitOfStyle(g.concept.name, item.name) !== "heldout-cell"),
  );
  if (others.length === 0) return null;
  const right = chance(random, 0.5);
  const asked = right ? style : random.pick(others);
  const template = pickTemplate(random, world, "question-style-check", STYLE_CHECK);
  return { question: fill(template, { style: asked.promptName }), answer: right ? "yes" : "no" };
}

/** Multiple choice with letters, as in MMBench and SEED-Bench; the answer is the letter. */
export function choiceQuestion(random: Philox, world: TaskWorld, plan: ScenePlan): Question | null {
  const { concept } = plan.groups[0]!;
  // Of one split: a held-out name must not be the one that is always wrong.
  const split = splitOfConcept(concept.name);
  const others = world.concepts.filter((item) => item.name !== concept.name && splitOfConcept(item.name) === split);
  if (others.length < 3) return null;
  const options = random.shuffle([concept, ...pickDistinct(random, others, 3)]);
  const question = `${pickTemplate(random, world, "question-choice", CHOICE)}\n${optionLines(options)}`;
  return { question, answer: "ABCD"[options.indexOf(concept)]! };
}

/** "A. cat", "B. dog", … a line each. */
export function optionLines(options: readonly Concept[]): string {
  return options.map((option, index) => `${"ABCD"[index]}. ${bare(option)}`).join("\n");
}
