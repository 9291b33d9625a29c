import { createImage, type RgbImage } from "../../core/image.ts";
import type { Concept } from "../../data/world/concepts.ts";
import type { Rgb } from "../../data/world/colours.ts";
import { recolour } from "../../data/world/recolour.ts";
import { resamplePremultiplied, scaleSprite } from "../../data/world/resample.ts";
import type { Sprite } from "../../data/world/sprite.ts";
import type { SpriteBank } from "../../data/world/sprite-bank.ts";
import { componentsOf, mergeComponents, pixelsOf, type Box, type Component } from "./components.ts";

/** Side of the normalised crops that are compared. */
export const SIDE = 24;
export const PIXELS = SIDE * SIDE;
/** Red, green, blue and mask. */
export const PLANES = 4;
/** Side in pixels at which templates are drawn before they are cut out: an ordinary object of a 96 px picture. */
const DRAWN = 56;
/** What a pixel of the mask weighs against a full difference in one channel. */
const MASK_WEIGHT = 0.6;
/** Opaque enough to be seen on a background of another colour. */
const SEEN = 48;

/**
 * What a sprite looks like after cutting out, softened: differences from the background (channels / 255) and the weighted
 * mask, planes of {@link SIDE} × {@link SIDE}. Where `tint` is there, the sprite is `look + tint × colour` in the three colour
 * planes, with the colour's channels in [0, 1].
 */
export interface Template {
  readonly concept: string;
  readonly style: string;
  /** PLANES × PIXELS. */
  readonly look: Float32Array;
  readonly tint: Float32Array | null;
}

/** A sprite at the size at which templates are drawn, and all of its body in black and in white where it has one. */
export interface TemplateSprite {
  readonly concept: string;
  readonly style: string;
  readonly natural: Sprite;
  readonly tinted: { readonly black: Sprite; readonly white: Sprite } | null;
}

/** The sprites of concepts in styles; cells that the bank lacks are left out. */
export function templateSprites(
  bank: SpriteBank,
  concepts: readonly Concept[],
  styles: readonly string[],
): TemplateSprite[] {
  return concepts.flatMap((concept) =>
    styles.filter((style) => bank.has(concept.name, style)).map((style) => templateSprite(bank, concept, style)),
  );
}

function templateSprite(bank: SpriteBank, concept: Concept, style: string): TemplateSprite {
  const natural = bank.variant(concept.name, style, null, DRAWN);
  const names = { concept: concept.name, style, natural };
  const body = concept.recolourable ? bank.body(concept.name, style) : null;
  if (!body) return { ...names, tinted: null };
  const stored = bank.sprite(concept.name, style);
  const inColour = (name: string, rgb: Rgb) =>
    scaleSprite({ ...stored, rgba: recolour(stored.rgba, { name, rgb }, body) }, DRAWN);
  return { ...names, tinted: { black: inColour("black", [0, 0, 0]), white: inColour("white", [255, 255, 255]) } };
}

/** What the sprites look like on a background; those that cannot be seen there are left out. */
export function templatesOn(background: Rgb, sprites: readonly TemplateSprite[]): Template[] {
  return sprites.flatMap(({ concept, style, natural, tinted }) => {
    const look = naturalLook(natural, background);
    return [
      ...(look ? [{ concept, style, look, tint: null }] : []),
      ...(tinted ? [{ concept, style, ...tintedLook(tinted.black, tinted.white, background) }] : []),
    ];
  });
}

/** Cuts a component out of a picture: as {@link Template.look}. */
export function cutOut(image: RgbImage, background: Rgb, component: Component): Float32Array {
  return planesOf(pixelsOf(image, component), component.box, background);
}

/** Null where nothing of the sprite can be seen. */
function naturalLook(sprite: Sprite, background: Rgb): Float32Array | null {
  const image = over(sprite, background);
  const parts = componentsOf(image, background);
  return parts.length === 0 ? null : cutOut(image, background, mergeComponents(parts));
}

function tintedLook(black: Sprite, white: Sprite, background: Rgb): Pick<Template, "look" | "tint"> {
  const component = opaquePart(black);
  const look = cutOut(over(black, background), background, component);
  const bright = cutOut(over(white, background), background, component);
  // The three planes have the same tint; the mean evens out rounding.
  const tint = new Float32Array(PIXELS);
  for (let i = 0; i < PIXELS; i++)
    for (let c = 0; c < 3; c++) tint[i] = tint[i]! + (bright[c * PIXELS + i]! - look[c * PIXELS + i]!) / 3;
  return { look, tint };
}

function over({ size, rgba }: Sprite, background: Rgb): RgbImage {
  const image = createImage(size, size);
  for (let i = 0, at = 0; i < image.data.length; at += 4)
    for (let c = 0; c < 3; c++, i++)
      image.data[i] = Math.min(255, Math.round(rgba[at + c]! + (background[c]! * (255 - rgba[at + 3]!)) / 255));
  return image;
}

function opaquePart({ size, rgba }: Sprite): Component {
  const mask = new Uint8Array(size * size);
  for (let i = 0; i < mask.length; i++) if (rgba[4 * i + 3]! > SEEN) mask[i] = 1;
  let [left, right, top, bottom] = [size, -1, size, -1];
  mask.forEach((bit, i) => {
    if (bit === 0) return;
    left = Math.min(left, i % size);
    right = Math.max(right, i % size);
    top = Math.min(top, Math.floor(i / size));
    bottom = Math.max(bottom, Math.floor(i / size));
  });
  const box = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  const own = new Uint8Array(box.width * box.height);
  for (let y = 0; y < box.height; y++)
    own.set(mask.subarray((top + y) * size + left, (top + y) * size + left + box.width), y * box.width);
  return { box, mask: own, area: own.reduce((sum, bit) => sum + bit, 0) };
}

/** The square around the box, scaled: what lies in it as differences from the background. */
function planesOf(rgba: Uint8Array, { width, height }: Pick<Box, "width" | "height">, background: Rgb): Float32Array {
  const side = Math.max(width, height);
  const window = { x: (width - side) / 2, y: (height - side) / 2, side };
  const small = resamplePremultiplied(rgba, width, height, SIDE, window);
  const planes = new Float32Array(PLANES * PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    const alpha = small[4 * i + 3]! / 255;
    for (let c = 0; c < 3; c++) planes[c * PIXELS + i] = (small[4 * i + c]! - alpha * background[c]!) / 255;
    planes[3 * PIXELS + i] = MASK_WEIGHT * alpha;
  }
  return softened(softened(planes));
}

/** Each plane under a 3 × 3 binomial filter: what is compared should depend little on how sharp a picture is. */
function softened(planes: Float32Array): Float32Array {
  const out = new Float32Array(planes.length);
  for (let plane = 0; plane < PLANES; plane++) {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        let sum = 0;
        for (let ny = Math.max(0, y - 1); ny <= Math.min(SIDE - 1, y + 1); ny++)
          for (let nx = Math.max(0, x - 1); nx <= Math.min(SIDE - 1, x + 1); nx++)
            sum += (ny === y ? 2 : 1) * (nx === x ? 2 : 1) * planes[plane * PIXELS + ny * SIDE + nx]!;
        out[plane * PIXELS + y * SIDE + x] = sum / 16;
      }
    }
  }
  return out;
}
