import { BACKGROUNDS } from "./backgrounds.ts";
import { COLOURS } from "./colours.ts";
import type { SpriteBank } from "./sprite-bank.ts";
import type { TaskWorld } from "./task-world.ts";

/** What drafts need to know of the pictures. */
export type Palette = Pick<TaskWorld, "colours" | "backgrounds" | "hasSprite" | "drawnColour" | "stands">;

const names = {
  colours: COLOURS.map((colour) => colour.name),
  backgrounds: BACKGROUNDS.map((background) => background.name),
};

/** What the sprites of a bank allow. */
export function bankPalette(bank: SpriteBank): Palette {
  return {
    ...names,
    hasSprite: (concept, style) => bank.has(concept.name, style.name),
    drawnColour: (concept, style) => bank.body(concept.name, style.name)?.colour ?? null,
    stands: (concept, style, colour, background) => bank.stands(concept, style, colour, background),
  };
}

/** For texts alone, where no sprites are at hand: everything can be drawn, and only a colour on itself vanishes. */
export const WORDS_ONLY: Palette = {
  ...names,
  hasSprite: () => true,
  drawnColour: ({ naturalColour }) => naturalColour,
  stands: (_concept, _style, colour, background) => colour !== background,
};
