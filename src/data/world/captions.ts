import type { Philox } from "../../core/random.ts";
import type { StatedRelation } from "./draft.ts";
import {
  counted,
  list,
  OPPOSITE,
  PLACE_PHRASES,
  pronoun,
  RELATION_PHRASES,
  withArticle,
  type Relation,
} from "./grammar.ts";
import { adjectivesOf, type Group, type ScenePlan } from "./scene-plan.ts";

/** What a caption mentions of a plan beyond its objects. */
export interface Mentions {
  /** Natural colours too; colours that sprites were recoloured to are always said. */
  readonly naturalColours?: boolean;
  readonly background?: boolean;
  readonly style?: boolean;
  /** How the groups stand; "alone" places are always said. */
  readonly arrangement?: boolean;
  /** "3 apples" instead of "three apples". */
  readonly digits?: boolean;
}

/** A noun phrase with commas and "and" inside but no capital or full stop, and the relations that it states. */
export interface Caption {
  readonly text: string;
  readonly relations: readonly StatedRelation[];
}

const BACKGROUND_PHRASES = [
  "on {background} background",
  "on {background} background",
  "with {background} background",
  "against {background} background",
];
const STYLE_PHRASES = ["in {style} style", "in {style} style", "in {style} style", "in the style of {style}"];
const LINE_PHRASES = {
  row: ["from left to right", "side by side", "in a row"],
  column: ["from top to bottom", "one below the other", "in a column"],
} as const;
export const CORNER_NAMES = ["top left", "top right", "bottom left", "bottom right"] as const;

/** "two red apples". */
export function groupPhrase(group: Group, mentions: Mentions): string {
  const colour = group.colour !== null || mentions.naturalColours === true;
  return counted(group.count, group.concept, adjectivesOf(group, colour), mentions.digits);
}

/** The caption of a plan in free wording; with `random` null in its plainest one, as answers have it. */
export function captionOf(random: Philox | null, plan: ScenePlan, mentions: Mentions): Caption {
  const phrases = plan.groups.map((group) => groupPhrase(group, mentions));
  const { text, relations } = arrangedText(random, plan, phrases, mentions);
  const words = [text];
  if (mentions.style) words.push(stylePhrase(random, plan.groups[0]!.style.promptName));
  if (mentions.background) words.push(backgroundPhrase(random, plan.background));
  return { text: words.join(" "), relations };
}

export function backgroundPhrase(random: Philox | null, background: string): string {
  const phrase = random ? random.pick(BACKGROUND_PHRASES) : BACKGROUND_PHRASES[0]!;
  return phrase.replace("{background}", withArticle(background));
}

export function stylePhrase(random: Philox | null, style: string): string {
  return (random ? random.pick(STYLE_PHRASES) : STYLE_PHRASES[0]!).replace("{style}", style);
}

/** What "a left of b" states of both. */
export function statedBy(first: string, relation: Relation, second: string): StatedRelation[] {
  return [
    { concept: first, relation },
    { concept: second, relation: OPPOSITE[relation] },
  ];
}

function arrangedText(random: Philox | null, plan: ScenePlan, phrases: readonly string[], mentions: Mentions): Caption {
  const { groups, arrangement } = plan;
  if (arrangement.type === "alone") {
    const [place] = arrangement.place === undefined ? [] : PLACE_PHRASES[arrangement.place];
    return { text: place === undefined ? phrases[0]! : `${phrases[0]} ${place}`, relations: [] };
  }
  if (!mentions.arrangement) return { text: list(phrases), relations: [] };
  if (arrangement.type === "pair") {
    const relations = statedBy(groups[0]!.concept.name, arrangement.relation, groups[1]!.concept.name);
    return { text: pairText(random, groups, phrases, arrangement.relation), relations };
  }
  if (arrangement.type === "line") {
    const directions = LINE_PHRASES[arrangement.axis];
    const forward: Relation = arrangement.axis === "row" ? "left" : "above";
    const relations = groups.flatMap((group, index) =>
      groups.slice(index + 1).flatMap((later) => statedBy(group.concept.name, forward, later.concept.name)),
    );
    const direction = random ? random.pick(directions) : directions[0]!;
    return { text: `${list(phrases)} ${direction}`, relations };
  }
  return { text: list(phrases.map((phrase, index) => `${phrase} in the ${CORNER_NAMES[index]}`)), relations: [] };
}

function pairText(
  random: Philox | null,
  groups: readonly Group[],
  [first, second]: readonly string[],
  relation: Relation,
): string {
  const form = random ? random.int(8) : 0;
  const there = random ? random.pick(RELATION_PHRASES[relation]) : RELATION_PHRASES[relation][0]!;
  const here = PLACE_PHRASES[relation][0]!;
  const opposite = PLACE_PHRASES[OPPOSITE[relation]][0]!;
  if (form < 4) return `${first} ${there} ${second}`;
  if (form === 4) return `${first} ${here} and ${second} ${opposite}`;
  if (form === 5) return `${first} ${here}, ${second} ${opposite}`;
  if (form === 6) return `${second} with ${first} ${there} ${pronoun(groups[1]!.concept, groups[1]!.count)}`;
  return `${first}, and ${RELATION_PHRASES[OPPOSITE[relation]][0]} ${pronoun(groups[0]!.concept, groups[0]!.count)}, ${second}`;
}
