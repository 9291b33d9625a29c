import { hueDistance, nameColour, toHsv, type Colour, type Rgb } from "./colours.ts";
import type { Sprite } from "./sprite.ts";

/** Pixels this far from the dominant hue, in degrees, belong to the body. */
const BODY_HUE = 40;
/** Paler and darker pixels have no hue to speak of. */
const BODY_SATURATION = 0.22;
const BODY_VALUE = 0.16;
/** Below this saturation a pixel keeps its colour; between the two it changes in part, so that shine has no hard edge. */
const LEAST_SATURATION = 0.08;
const OPAQUE = 128;
/** How far tones lighter than the median go towards white, and darker ones towards black: details stay visible. */
const CONTRAST = 0.8;

/** The part of a sprite that has its main hue. */
export interface Body {
  /** Degrees. */
  readonly hue: number;
  /** Share of the opaque pixels. */
  readonly share: number;
  /** Median luma, 0 to 255. */
  readonly luma: number;
  /** The word for most of its pixels. */
  readonly colour: string;
}

/** Whether a pixel belongs to a body of that hue. */
export function inBody(rgb: Rgb, bodyHue: number): boolean {
  const [hue, saturation, value] = toHsv(rgb);
  return saturation >= BODY_SATURATION && value >= BODY_VALUE && hueDistance(hue, bodyHue) <= BODY_HUE;
}

/** The dominant hue of a straight sprite, or null where it has none (black, white and gray drawings). */
export function bodyOf(sprite: Sprite): Body | null {
  const histogram = new Float64Array(360);
  const { rgba } = sprite;
  let opaque = 0;
  let coloured = 0;
  for (let i = 0; i < rgba.length; i += 4) {
    if (rgba[i + 3]! < OPAQUE) continue;
    opaque++;
    const [hue, saturation, value] = toHsv([rgba[i]!, rgba[i + 1]!, rgba[i + 2]!]);
    if (saturation < BODY_SATURATION || value < BODY_VALUE) continue;
    coloured++;
    histogram[Math.floor(hue)]!++;
  }
  if (coloured === 0) return null;
  const hue = densestHue(histogram);
  const lumas: number[] = [];
  const words = new Map<string, number>();
  for (let i = 0; i < rgba.length; i += 4) {
    const [r, g, b] = [rgba[i]!, rgba[i + 1]!, rgba[i + 2]!];
    if (rgba[i + 3]! < OPAQUE || !inBody([r, g, b], hue)) continue;
    lumas.push(lumaOf(r, g, b));
    const word = nameColour([r, g, b]);
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  lumas.sort((a, b) => a - b);
  const [[colour]] = [...words].sort((a, b) => b[1] - a[1]) as [[string, number]];
  return { hue, share: lumas.length / opaque, luma: lumas[lumas.length >> 1]!, colour };
}

/** Middle of the window of ±20 degrees that holds most pixels. */
function densestHue(histogram: Float64Array): number {
  let [best, hue] = [-1, 0];
  for (let centre = 0; centre < 360; centre++) {
    let near = 0;
    for (let offset = -BODY_HUE / 2; offset <= BODY_HUE / 2; offset++) {
      near += histogram[(centre + offset + 360) % 360]!;
    }
    if (near > best) [best, hue] = [near, centre];
  }
  return hue;
}

function lumaOf(r: number, g: number, b: number): number {
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

/**
 * Gives the body another colour. Its median tone becomes exactly the colour (plain rotation of hue would turn yellow into
 * olive); lighter tones become tints and darker ones shades of it, so that faces, dots and folds survive. Other parts
 * keep their colours. Takes and returns straight RGBA bytes.
 */
export function recolour(source: Uint8Array, colour: Colour, body: Body): Uint8Array {
  const [red, green, blue] = colour.rgb;
  const rgba = new Uint8Array(source);
  for (let i = 0; i < rgba.length; i += 4) {
    if (source[i + 3] === 0) continue;
    const [r, g, b] = [source[i]!, source[i + 1]!, source[i + 2]!];
    const most = Math.max(r, g, b);
    const range = most - Math.min(r, g, b);
    if (range < LEAST_SATURATION * most || range === 0) continue;
    const sector = most === r ? (g - b) / range : most === g ? (b - r) / range + 2 : (r - g) / range + 4;
    if (hueDistance(sector * 60 + 360, body.hue) > BODY_HUE) continue;
    const saturation = range / most;
    const strength = Math.min(1, (saturation - LEAST_SATURATION) / (BODY_SATURATION - LEAST_SATURATION));
    const luma = lumaOf(r, g, b);
    // tone × scale + lift: towards white above the median, towards black below it.
    const lift = luma > body.luma ? (CONTRAST * (luma - body.luma)) / (255 - body.luma) : 0;
    const scale = luma > body.luma ? 1 - lift : 1 - CONTRAST * (1 - luma / body.luma);
    rgba[i] = r + strength * (red * scale + 255 * lift - r) + 0.5;
    rgba[i + 1] = g + strength * (green * scale + 255 * lift - g) + 0.5;
    rgba[i + 2] = b + strength * (blue * scale + 255 * lift - b) + 0.5;
  }
  return rgba;
}
