import { fromHsv, hueDistance, toHsv, type Colour } from "./colours.ts";
import type { Sprite } from "./sprite.ts";

/** Pixels this far from the dominant hue, in degrees, belong to the body. */
const BODY_HUE = 40;
/** Paler and darker pixels have no hue to speak of. */
const BODY_SATURATION = 0.22;
const BODY_VALUE = 0.16;
const OPAQUE = 128;

/** The part of a sprite that has its main hue. */
export interface Body {
  /** Degrees. */
  readonly hue: number;
  /** Share of the opaque pixels. */
  readonly share: number;
  /** Median brightness, 0 to 1. */
  readonly value: number;
}

/** The dominant hue of a straight sprite, or null where it has none (black, white and gray drawings). */
export function bodyOf(sprite: Sprite): Body | null {
  const histogram = new Float64Array(360);
  let opaque = 0;
  const colours: [number, number][] = [];
  const { rgba } = sprite;
  for (let i = 0; i < rgba.length; i += 4) {
    if (rgba[i + 3]! < OPAQUE) continue;
    opaque++;
    const [hue, saturation, value] = toHsv([rgba[i]!, rgba[i + 1]!, rgba[i + 2]!]);
    if (saturation < BODY_SATURATION || value < BODY_VALUE) continue;
    histogram[Math.floor(hue)]!++;
    colours.push([hue, value]);
  }
  if (colours.length === 0) return null;
  let [best, hue] = [-1, 0];
  for (let centre = 0; centre < 360; centre++) {
    let near = 0;
    for (let offset = -BODY_HUE / 2; offset <= BODY_HUE / 2; offset++)
      near += histogram[(centre + offset + 360) % 360]!;
    if (near > best) [best, hue] = [near, centre];
  }
  const values = colours
    .flatMap(([h, value]) => (hueDistance(h, hue) <= BODY_HUE ? [value] : []))
    .sort((a, b) => a - b);
  return { hue, share: values.length / opaque, value: values[values.length >> 1]! };
}

/**
 * Gives the body another colour: hue and saturation are set, brightness is scaled so that the body's median becomes the
 * colour's (plain rotation of hue would turn yellow into olive). Takes and returns straight sprites.
 */
export function recolour(sprite: Sprite, colour: Colour, body: Body): Sprite {
  const [hue, saturation, value] = toHsv(colour.rgb);
  const rgba = new Uint8Array(sprite.rgba);
  const scale = value / body.value;
  for (let i = 0; i < rgba.length; i += 4) {
    if (rgba[i + 3] === 0) continue;
    const [h, s, v] = toHsv([rgba[i]!, rgba[i + 1]!, rgba[i + 2]!]);
    if (s < 0.08 || hueDistance(h, body.hue) > BODY_HUE) continue;
    // Pale pixels (shine) keep some of their paleness, so that the change has no hard edge.
    const strength = Math.min(1, s / BODY_SATURATION);
    const [r, g, b] = fromHsv(hue, saturation * strength, Math.min(1, v * (strength * scale + 1 - strength)));
    rgba[i] = r;
    rgba[i + 1] = g;
    rgba[i + 2] = b;
  }
  return { ...sprite, rgba };
}
