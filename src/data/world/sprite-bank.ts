import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { writeBytesAtomic } from "../../core/atomic-file.ts";
import { InputError } from "../../core/errors.ts";
import { backgroundNamed } from "./backgrounds.ts";
import { colourNamed, type Rgb } from "./colours.ts";
import { conceptNamed, CONCEPTS, iconName } from "./concepts.ts";
import { rasteriseIcons } from "./rasterise.ts";
import { bodyOf, recolour, type Body } from "./recolour.ts";
import { scaleSprite } from "./resample.ts";
import type { Sprite } from "./sprite.ts";
import { STYLES, styleNamed } from "./styles.ts";

/** Side of the stored sprites: as large as the largest object of a 96 px scene, and half as much again. */
const STORED_SIZE = 144;
/** Share of the square that a drawing fills, so that sizes compare between styles. */
const FILL = 0.96;
const CACHE_FOLDER = join(".cache", "world");
/** Least distance of a sprite's outline from the background, in units of 0 to 255 a channel. */
const LEAST_CONTRAST = 56;
/** Scaled and recoloured sprites kept in memory, in bytes. */
const VARIANT_BYTES = 96 * 2 ** 20;

/** Every concept in every style that has it, drawn once and kept; scaled and recoloured variants come from a bounded cache. */
export class SpriteBank {
  readonly #sprites: ReadonlyMap<string, Sprite>;
  readonly #bodies = new Map<string, Body | null>();
  readonly #outlines = new Map<string, Rgb>();
  readonly #variants = new Map<string, Sprite>();
  #variantBytes = 0;

  private constructor(sprites: ReadonlyMap<string, Sprite>) {
    this.#sprites = sprites;
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
      if (this.#variantBytes <= VARIANT_BYTES) break;
      this.#variants.delete(oldest);
      this.#variantBytes -= sprite.rgba.length;
    }
    return made;
  }

  /** Whether a drawing's outline stands out from a background. */
  stands(concept: string, style: string, colour: string | null, background: string): boolean {
    const key = `${concept}/${style}/${colour ?? ""}`;
    let outline = this.#outlines.get(key);
    if (!outline) this.#outlines.set(key, (outline = outlineColour(this.#coloured(concept, style, colour))));
    const { rgb } = backgroundNamed(background);
    return Math.max(...outline.map((value, i) => Math.abs(value - rgb[i]!))) >= LEAST_CONTRAST;
  }

  #coloured(concept: string, style: string, colour: string | null): Sprite {
    const sprite = this.sprite(concept, style);
    if (colour === null) return sprite;
    const body = this.body(concept, style);
    return body ? recolour(sprite, colourNamed(colour), body) : sprite;
  }
}

/** One byte a cell (drawn or missing), then their pixels. */
async function drawAll(
  path: string,
  cells: readonly { readonly style: { readonly package: string }; readonly icon: string }[],
): Promise<Uint8Array> {
  const icons = cells.map(({ style, icon }) => ({ package: style.package, icon }));
  const { pictures } = await rasteriseIcons({ size: STORED_SIZE, fill: FILL, icons });
  const cellBytes = STORED_SIZE * STORED_SIZE * 4;
  const bytes = new Uint8Array(cells.length * (cellBytes + 1));
  pictures.forEach((picture, i) => {
    if (!picture) return;
    bytes[i] = 1;
    bytes.set(picture, cells.length + i * cellBytes);
  });
  await mkdir(dirname(path), { recursive: true });
  await writeBytesAtomic(path, bytes);
  return bytes;
}

/** Median colour of the opaque pixels that touch transparent ones. */
function outlineColour({ rgba, size }: Sprite): Rgb {
  const channels: [number[], number[], number[]] = [[], [], []];
  const alpha = (x: number, y: number) =>
    x < 0 || y < 0 || x >= size || y >= size ? 0 : rgba[(y * size + x) * 4 + 3]!;
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      if (alpha(x, y) < 200) continue;
      if (Math.min(alpha(x - 3, y), alpha(x + 3, y), alpha(x, y - 3), alpha(x, y + 3)) > 60) continue;
      channels.forEach((channel, c) => channel.push(rgba[(y * size + x) * 4 + c]!));
    }
  return channels.map((channel) => channel.sort((a, b) => a - b)[channel.length >> 1] ?? 128) as unknown as Rgb;
}
