import type { Philox } from "../../core/random.ts";
import { InputError } from "../../core/errors.ts";
import type { Concept } from "./concepts.ts";
import { casual } from "./grammar.ts";
import type { Style } from "./styles.ts";
import type { Wordings } from "./wordings.ts";

/** What tasks may draw from: the vocabulary of a curriculum and the size of its pictures. */
export interface TaskWorld {
  readonly concepts: readonly Concept[];
  readonly styles: readonly Style[];
  /** Names of the colours that sprites are recoloured to. */
  readonly colours: readonly string[];
  /** Names in the background palette. */
  readonly backgrounds: readonly string[];
  /** Side of the square pictures, in pixels. */
  readonly imageSize: number;
  /** Pixels between the places that composed scenes may use; 1 leaves them free. */
  readonly grid: number;
  readonly wordings: Wordings;
  /** Whether a style has the concept. */
  hasSprite(concept: Concept, style: Style): boolean;
  /** The word for the colour of the style's own drawing, as far as recolouring would change it; null where it has none. */
  drawnColour(concept: Concept, style: Style): string | null;
  /** Whether the sprite stands out from the background. */
  stands(concept: string, style: string, colour: string | null, background: string): boolean;
}

/** A concept as it is to be drawn. */
export interface Subject {
  readonly concept: Concept;
  readonly style: Style;
  /** Recoloured to, or null for natural colours. */
  readonly colour: string | null;
}

export function chance(random: Philox, probability: number): boolean {
  return random.uniform() < probability;
}

/** Uniform in [low, high). */
export function between(random: Philox, low: number, high: number): number {
  return low + random.uniform() * (high - low);
}

/** Items with weights; the weights need not sum to 1. */
export function pickWeighted<T>(random: Philox, entries: readonly (readonly [T, number])[]): T {
  let left = random.uniform() * entries.reduce((sum, entry) => sum + entry[1], 0);
  for (const [item, weight] of entries) {
    left -= weight;
    if (left < 0) return item;
  }
  return entries[entries.length - 1]![0];
}

/** `count` distinct items in random order. Throws an InputError when there are fewer. */
export function pickDistinct<T>(random: Philox, items: readonly T[], count: number): T[] {
  if (items.length < count)
    throw new InputError(
      `world: a task wants ${count} different ones (concepts, colours or backgrounds), found ${items.length}`,
    );
  return random.shuffle([...items]).slice(0, count);
}

/** A wording of the task, from the half that the world allows. `templates` is one list per task, never changed. */
export function pickTemplate(random: Philox, world: TaskWorld, task: string, templates: readonly string[]): string {
  return world.wordings.pick(random, task, templates);
}

/** Sometimes typed in a hurry; lists of options keep their letters. */
export function typed(random: Philox, text: string): string {
  return chance(random, 0.15) && !text.includes("\n") ? casual(text) : text;
}

/** The world of pictures that are only shown: their things stand anywhere, on no grid. */
export function anywhere(world: TaskWorld): TaskWorld {
  return { ...world, grid: 1 };
}

export function pickStyle(random: Philox, world: TaskWorld, concepts: readonly Concept[]): Style {
  const styles = world.styles.filter((style) => concepts.every((concept) => world.hasSprite(concept, style)));
  if (styles.length === 0) {
    throw new InputError(`world: no style draws all of ${concepts.map((concept) => concept.name).join(", ")}`);
  }
  return random.pick(styles);
}

/** Distinct concepts, of one category when given. */
export function pickConcepts(
  random: Philox,
  world: TaskWorld,
  count: number,
  accept: (concept: Concept) => boolean = () => true,
): Concept[] {
  return pickDistinct(random, world.concepts.filter(accept), count);
}

/** A colour to recolour to, other than the natural one; null when the concept keeps its colours. */
export function pickColour(
  random: Philox,
  world: TaskWorld,
  concept: Concept,
  probability: number,
  except: readonly (string | null)[] = [],
): string | null {
  if (!concept.recolourable || !chance(random, probability)) return null;
  const colours = world.colours.filter((colour) => colour !== concept.naturalColour && !except.includes(colour));
  return colours.length > 0 ? random.pick(colours) : null;
}

/** A background that every subject stands out from: white where possible when none is asked for. */
export function pickBackground(random: Philox, world: TaskWorld, subjects: readonly Subject[], plain: boolean): string {
  const visible = world.backgrounds.filter((background) =>
    subjects.every(({ concept, style, colour }) => world.stands(concept.name, style.name, colour, background)),
  );
  const choices = visible.length > 0 ? visible : world.backgrounds;
  return plain && choices.includes("white") ? "white" : random.pick(choices);
}

/** What people call the subject's colour, or null when it has several. */
export function colourOf(subject: Pick<Subject, "concept" | "colour">): string | null {
  return subject.colour ?? subject.concept.naturalColour;
}
