import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { writeBytesAtomic } from "../../core/atomic-file.ts";
import { InputError } from "../../core/errors.ts";
import { backgroundNamed } from "./backgrounds.ts";
import { colourNamed } from "./colours.ts";
import { conceptNamed, CONCEPTS, iconName } from "./concepts.ts";
import { rasteriseIcons } from "./rasterise.ts";
import { bodyOf, recolour, type Body } from "./recolour.ts";
import { premultiply, scaleSprite } from "./resample.ts";
import type { Sprite } from "./sprite.ts";
import { STYLES, styleNamed } from "./styles.ts";

/** Side of the stored sprites: as large as the largest object of a 96 px scene, and half as much again. */
const STORED_SIZE = 144;
/** Share of the square that a drawing fills, so that sizes compare between styles. */
const FILL = 0.96;
const CACHE_FOLDER = join(".cache", "world");
/** A pixel differs from the background if one channel differs by this much, of 255. */
const LEAST_DIFFERENCE = 56;
/** Share of the outline, or of the whole, that must differ for a sprite to stand out. */
const LEAST_CONTRAST = 0.5;
/** Pixels that are looked at, of the outline and of the whole each. */
const CONTRAST_SAMPLES = 96;
/** Scaled and recoloured sprites kept in memory, in bytes. */
const VARIANT_BYTES = 160 * 2 ** 20;
/** Recoloured sprites of the stored size kept in memory, each 81 KiB. */
const PAINTED = 1024;

/** Every concept in every style that has it, drawn once and kept; scaled and recoloured variants come from a bounded cache. */
export class SpriteBank {
  readonly #sprites: ReadonlyMap<string, Sprite>;
  readonly #bodies = new Map<string, Body | null>();
  readonly #samples = new Map<string, Uint8Array>();
  readonly #variants = new Map<string, Sprite>();
  readonly #painted = new Map<string, Sprite>();
  readonly #largestVariantBytes: number;
  #variantBytes = 0;

  /** `sprites`: straight drawings by "concept/style"; `variantBytes` bounds the cache of scaled ones. */
  constructor(sprites: ReadonlyMap<string, Sprite>, variantBytes = VARIANT_BYTES) {
    this.#sprites = sprites;
    this.#largestVariantBytes = variantBytes;
  }

  /** Loads the drawn sprites from `.cache/world` below `folder`, or draws and stores them first (seconds, once). */
  static async open(folder = process.cwd()): Promise<SpriteBank> {
    const cells = STYLES.flatMap((style) =>
      CONCEPTS.map((concept) => ({ style, concept, icon: iconName(concept, style.name) })),
    );
    const require = createRequire(import.meta.url);
    const versions = STYLES.map((style) => [
      style.package,
      (require(`${style.package}/package.json`) as { version: string }).version,
    ]);
    const key = createHash("sha256")
      .update(JSON.stringify([versions, cells.map(({ style, icon }) => [style.name, icon]), STORED_SIZE, FILL]))
      .digest("hex")
      .slice(0, 16);
    const path = join(folder, CACHE_FOLDER, `sprites-${key}.bin`);
    const bytes = (await readFile(path).catch(() => null)) ?? (await drawAll(path, cells));
    const cellBytes = STORED_SIZE * STORED_SIZE * 4;
    if (bytes.length !== cells.length * (cellBytes + 1))
      throw new InputError(
        `${path}: expected ${cells.length * (cellBytes + 1)} bytes, found ${bytes.length}; delete it`,
      );
    const sprites = new Map<string, Sprite>();
    cells.forEach(({ style, concept }, i) => {
      if (bytes[i] === 0) return;
      const at = cells.length + i * cellBytes;
      sprites.set(`${concept.name}/${style.name}`, {
        size: STORED_SIZE,
        rgba: bytes.subarray(at, at + cellBytes),
        premultiplied: false,
      });
    });
    return new SpriteBank(sprites);
  }

  /** Whether the style draws the concept. */
  has(concept: string, style: string): boolean {
    return this.#sprites.has(`${concept}/${style}`);
  }

  /** The stored drawing, straight alpha; an InputError where the style lacks the concept. */
  sprite(concept: string, style: string): Sprite {
    const found = this.#sprites.get(`${concept}/${style}`);
    if (found) return found;
    conceptNamed(concept);
    styleNamed(style);
    throw new InputError(`sprite: the style "${style}" has no drawing of "${concept}"`);
  }

  /** The part of a drawing that recolouring changes; null where it has no hue. */
  body(concept: string, style: string): Body | null {
    const key = `${concept}/${style}`;
    let body = this.#bodies.get(key);
    if (body === undefined) this.#bodies.set(key, (body = bodyOf(this.sprite(concept, style))));
    return body;
  }

  /** A drawing in a colour (or null: its own) at a size in pixels, premultiplied. */
  variant(concept: string, style: string, colour: string | null, size: number): Sprite {
    const key = `${concept}/${style}/${colour ?? ""}/${size}`;
    const cached = this.#variants.get(key);
    if (cached) {
      // The map keeps the order of insertion: what is used moves to its end, what is dropped is at its start.
      this.#variants.delete(key);
      this.#variants.set(key, cached);
      return cached;
    }
    const made = scaleSprite(this.#coloured(concept, style, colour), size);
    this.#variants.set(key, made);
    this.#variantBytes += made.rgba.length;
    for (const [oldest, sprite] of this.#variants) {
      if (this.#variantBytes <= this.#largestVariantBytes) break;
      this.#variants.delete(oldest);
      this.#variantBytes -= sprite.rgba.length;
    }
    return made;
  }

  /**
   * Share of a drawing's outline that differs visibly from a background, or of its whole area where that is larger (a red
   * sign with a white rim is plain on white). 0 to 1.
   */
  contrast(concept: string, style: string, colour: string | null, background: string): number {
    const [r, g, b] = backgroundNamed(background).rgb;
    const samples = this.#contrastSamples(concept, style, colour);
    const half = CONTRAST_SAMPLES * 4;
    const different = [0, 0];
    for (let i = 0; i < samples.length; i += 4) {
      const red = Math.abs(samples[i]! - r);
      const green = Math.abs(samples[i + 1]! - g);
      const blue = Math.abs(samples[i + 2]! - b);
      if (Math.max(red, green, blue) >= LEAST_DIFFERENCE) different[i < half ? 0 : 1]!++;
    }
    return Math.max(...different) / CONTRAST_SAMPLES;
  }

  /** Whether a drawing stands out from a background: white on white does not. */
  stands(concept: string, style: string, colour: string | null, background: string): boolean {
    return this.contrast(concept, style, colour, background) >= LEAST_CONTRAST;
  }

  /** Straight RGBA of pixels of the outline, then of the whole, in the given colour. */
  #contrastSamples(concept: string, style: string, colour: string | null): Uint8Array {
    const key = `${concept}/${style}/${colour ?? ""}`;
    const cached = this.#samples.get(key);
    if (cached) return cached;
    const body = colour === null ? null : this.body(concept, style);
    const samples =
      colour === null || body === null
        ? contrastSamples(this.sprite(concept, style))
        : recolour(this.#contrastSamples(concept, style, null), colourNamed(colour), body);
    this.#samples.set(key, samples);
    return samples;
  }

  /** A drawing in a colour at its stored size, premultiplied: what variants are scaled from. */
  #coloured(concept: string, style: string, colour: string | null): Sprite {
    const key = `${concept}/${style}/${colour ?? ""}`;
    let coloured = this.#painted.get(key);
    if (coloured) return coloured;
    const sprite = this.sprite(concept, style);
    const body = colour === null ? null : this.body(concept, style);
    coloured = premultiply(
      colour !== null && body ? { ...sprite, rgba: recolour(sprite.rgba, colourNamed(colour), body) } : sprite,
    );
    if (this.#painted.size >= PAINTED) this.#painted.delete(this.#painted.keys().next().value!);
    this.#painted.set(key, coloured);
    return coloured;
  }
}

/** One byte a cell (drawn or missing), then their pixels. */
async function drawAll(
  path: string,
  cells: readonly { readonly style: { readonly package: string }; readonly icon: string | null }[],
): Promise<Uint8Array> {
  const wanted = cells.flatMap(({ style, icon }, cell) =>
    icon === null ? [] : [{ cell, package: style.package, icon }],
  );
  const { pictures } = await rasteriseIcons({ size: STORED_SIZE, fill: FILL, icons: wanted });
  const cellBytes = STORED_SIZE * STORED_SIZE * 4;
  const bytes = new Uint8Array(cells.length * (cellBytes + 1));
  pictures.forEach((picture, i) => {
    if (!picture) return;
    const { cell } = wanted[i]!;
    bytes[cell] = 1;
    bytes.set(picture, cells.length + cell * cellBytes);
  });
  await writeBytesAtomic(path, bytes);
  return bytes;
}

/** Evenly chosen opaque pixels that lie next to transparent ones, then evenly chosen ones of all, as straight RGBA. */
function contrastSamples({ rgba, size }: Sprite): Uint8Array {
  const alpha = (x: number, y: number) =>
    x < 0 || y < 0 || x >= size || y >= size ? 0 : rgba[(y * size + x) * 4 + 3]!;
  const outline: number[] = [];
  const all: number[] = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (alpha(x, y) < 200) continue;
      all.push(y * size + x);
      if (Math.min(alpha(x - 3, y), alpha(x + 3, y), alpha(x, y - 3), alpha(x, y + 3)) < 60) outline.push(y * size + x);
    }
  }
  const samples = new Uint8Array(2 * CONTRAST_SAMPLES * 4);
  [outline, all].forEach((pixels, part) => {
    for (let i = 0; i < CONTRAST_SAMPLES; i++) {
      const pixel = pixels[Math.floor((i * pixels.length) / CONTRAST_SAMPLES)] ?? 0;
      samples.set(rgba.subarray(pixel * 4, pixel * 4 + 4), (part * CONTRAST_SAMPLES + i) * 4);
    }
  });
  return samples;
}
