import { InputError } from "../../core/errors.ts";

export type Rgb = readonly [number, number, number];

/** A colour that sprites can be given, with the word that people use for it. */
export interface Colour {
  readonly name: string;
  /** What the body's median pixel becomes, 0 to 255. */
  readonly rgb: Rgb;
}

export const COLOURS: readonly Colour[] = [
  { name: "red", rgb: [224, 36, 36] },
  { name: "orange", rgb: [247, 134, 22] },
  { name: "yellow", rgb: [250, 212, 40] },
  { name: "green", rgb: [56, 166, 62] },
  { name: "blue", rgb: [44, 100, 224] },
  { name: "purple", rgb: [136, 62, 192] },
  { name: "pink", rgb: [250, 134, 184] },
  { name: "brown", rgb: [134, 84, 44] },
  { name: "black", rgb: [38, 38, 40] },
  { name: "white", rgb: [243, 243, 244] },
  { name: "gray", rgb: [140, 142, 146] },
];

const byName = new Map(COLOURS.map((colour) => [colour.name, colour]));

export function colourNamed(name: string): Colour {
  const found = byName.get(name);
  if (found) return found;
  throw new InputError(`colour: expected one of ${[...byName.keys()].join(", ")}, found "${name}"`);
}

/** Hue in degrees [0, 360), saturation and value in [0, 1]. */
export function toHsv([r, g, b]: Rgb): [hue: number, saturation: number, value: number] {
  const most = Math.max(r, g, b);
  const range = most - Math.min(r, g, b);
  if (range === 0) return [0, 0, most / 255];
  const sector = most === r ? (g - b) / range : most === g ? (b - r) / range + 2 : (r - g) / range + 4;
  return [(sector * 60 + 360) % 360, range / most, most / 255];
}

export function fromHsv(hue: number, saturation: number, value: number): [number, number, number] {
  const channel = (offset: number) => {
    const k = (offset + hue / 60) % 6;
    return Math.round(255 * value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}

/** Distance of two hues in degrees, 0 to 180. */
export function hueDistance(a: number, b: number): number {
  const difference = Math.abs(a - b) % 360;
  return Math.min(difference, 360 - difference);
}

/**
 * The word that people use for a colour. Gray tones go by brightness (slate counts as gray), muted dark oranges are
 * brown, pale reds pink, lime is green; the rest goes by hue.
 */
export function nameColour(rgb: Rgb): string {
  const [hue, saturation, value] = toHsv(rgb);
  if (value < 0.22) return "black";
  const cool = hue >= 170 && hue < 265;
  if (saturation < 0.1 || (cool && saturation < (value > 0.86 ? 0.12 : 0.24))) {
    return value > 0.82 ? "white" : value < 0.3 ? "black" : "gray";
  }
  if (hue < 46 && hue >= 4 && value < 0.8 && (hue >= 12 ? value < 0.74 || saturation < 0.7 : saturation < 0.7)) {
    return saturation < 0.14 ? "gray" : "brown";
  }
  if (value > 0.75 && saturation < (hue < 32 && hue > 14 ? 0.36 : 0.52) && (hue < 32 || hue >= 300)) return "pink";
  if (hue < 14 || hue >= 342) return "red";
  if (hue < 38) return "orange";
  if (hue < 60) return "yellow";
  if (hue < 170) return "green";
  if (hue < 252) return "blue";
  if (hue < 300) return "purple";
  return "pink";
}
