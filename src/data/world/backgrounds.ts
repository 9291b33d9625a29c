import { InputError } from "../../core/errors.ts";
import type { Rgb } from "./colours.ts";

/** A plain background, with the words for it in prompts: "on a light blue background". */
export interface Background {
  readonly name: string;
  readonly rgb: Rgb;
}

export const BACKGROUNDS: readonly Background[] = [
  { name: "white", rgb: [255, 255, 255] },
  { name: "light blue", rgb: [206, 232, 250] },
  { name: "light green", rgb: [212, 240, 206] },
  { name: "light yellow", rgb: [255, 246, 204] },
  { name: "light pink", rgb: [252, 220, 232] },
  { name: "light gray", rgb: [222, 224, 228] },
  { name: "blue", rgb: [64, 128, 208] },
  { name: "green", rgb: [92, 164, 92] },
  { name: "dark blue", rgb: [28, 40, 84] },
  { name: "black", rgb: [20, 20, 22] },
];

const byName = new Map(BACKGROUNDS.map((background) => [background.name, background]));

export function backgroundNamed(name: string): Background {
  const found = byName.get(name);
  if (found) return found;
  throw new InputError(`background: expected one of ${[...byName.keys()].join(", ")}, found "${name}"`);
}

/** The one whose colour is nearest. */
export function nearestBackground(colour: Rgb): Background {
  const distance = ({ rgb }: Background) => rgb.reduce((sum, value, c) => sum + (value - colour[c]!) ** 2, 0);
  return BACKGROUNDS.reduce((a, b) => (distance(b) < distance(a) ? b : a));
}
