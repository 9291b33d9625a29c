import type { RgbImage } from "../../core/image.ts";
import type { Rgb } from "../../data/world/colours.ts";

/** Pixels: left and top edge, width and height. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Connected pixels that differ from the background, or several such sets taken for one thing. */
export interface Component {
  readonly box: Box;
  /** Pixels. */
  readonly area: number;
  /** 1 for pixels of the component; box.height × box.width, row by row. */
  readonly mask: Uint8Array;
}

/**
 * A pixel differs from the background if one channel does by more than this, of 255: above the noise that an autoencoder
 * leaves on plain ground, below the palest sprite on it.
 */
export const DIFFERENCE = 24;
/** Components of this many pixels or fewer are noise. */
const SPECK = 3;
/** Pixels around the picture that tell the background. */
const RING = 2;
/** Two boxes that share this part of the smaller one are those of one thing: an eye within a face. */
const CONTAINED = 0.5;

/** The most common colour of the picture's border, averaged over those of its pixels that are near it. */
export function backgroundOf({ width, height, data }: RgbImage): Rgb {
  const ring: number[] = [];
  for (let y = 0; y < height; y++) {
    const inner = y >= RING && y < height - RING;
    for (let x = 0; x < width; x += inner && x === RING - 1 ? Math.max(1, width - 2 * RING + 1) : 1)
      ring.push(3 * (y * width + x));
  }
  // Bins of 32 in two grids, shifted by half a bin: a colour on the edge of one grid's bin is inside the other's.
  let [most, best]: [number, readonly number[]] = [0, ring];
  for (const shift of [0, 16]) {
    const bin = (at: number) =>
      ((data[at]! + shift) >> 5) * 256 + ((data[at + 1]! + shift) >> 5) * 16 + ((data[at + 2]! + shift) >> 5);
    for (const pixels of Map.groupBy(ring, bin).values())
      if (pixels.length > most) [most, best] = [pixels.length, pixels];
  }
  const mean = (channel: number) =>
    Math.round(best.reduce((sum, at) => sum + data[at + channel]!, 0) / Math.max(1, best.length));
  return [mean(0), mean(1), mean(2)];
}

/**
 * Connected components (8 neighbours) of what differs from the background, the largest first. Parts whose boxes touch or
 * lie in each other are one component, as the parts of an emoji do.
 */
export function componentsOf(image: RgbImage, background: Rgb): Component[] {
  const mask = differenceMask(image, background);
  let parts = connected(mask, image.width, image.height).filter(({ area }) => area > SPECK);
  for (let merged = true; merged;) {
    merged = false;
    const kept: Component[] = [];
    for (const part of parts) {
      const index = kept.findIndex((other) => belongTogether(part.box, other.box));
      if (index < 0) kept.push(part);
      else {
        kept[index] = mergeComponents([kept[index]!, part]);
        merged = true;
      }
    }
    parts = kept;
  }
  return parts.sort((a, b) => b.area - a.area);
}

/** One component of all pixels of several. */
export function mergeComponents(parts: readonly Component[]): Component {
  const x = Math.min(...parts.map(({ box }) => box.x));
  const y = Math.min(...parts.map(({ box }) => box.y));
  const width = Math.max(...parts.map(({ box }) => box.x + box.width)) - x;
  const height = Math.max(...parts.map(({ box }) => box.y + box.height)) - y;
  const mask = new Uint8Array(width * height);
  for (const { box, mask: part } of parts) {
    for (let row = 0; row < box.height; row++) {
      const to = (box.y - y + row) * width + box.x - x;
      for (let column = 0; column < box.width; column++)
        if (part[row * box.width + column] === 1) mask[to + column] = 1;
    }
  }
  return { box: { x, y, width, height }, mask, area: parts.reduce((sum, { area }) => sum + area, 0) };
}

/** What a component covers of its picture, straight RGBA of its box: opaque within the component, transparent elsewhere. */
export function pixelsOf(image: RgbImage, { box, mask }: Component): Uint8Array {
  const rgba = new Uint8Array(box.width * box.height * 4);
  for (let y = 0, i = 0; y < box.height; y++) {
    let from = ((box.y + y) * image.width + box.x) * 3;
    for (let x = 0; x < box.width; x++, i++, from += 3) {
      if (mask[i] === 0) continue;
      rgba.set(image.data.subarray(from, from + 3), 4 * i);
      rgba[4 * i + 3] = 255;
    }
  }
  return rgba;
}

/** Pixels between two boxes, along the axis where they are further apart; negative where they overlap. */
export function boxGap(a: Box, b: Box): number {
  return Math.max(
    Math.max(a.x, b.x) - Math.min(a.x + a.width, b.x + b.width),
    Math.max(a.y, b.y) - Math.min(a.y + a.height, b.y + b.height),
  );
}

function belongTogether(a: Box, b: Box): boolean {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return false;
  return width * height >= CONTAINED * Math.min(a.width * a.height, b.width * b.height);
}

/** 1 where a pixel differs from the colour. */
function differenceMask({ data }: RgbImage, [r, g, b]: Rgb): Uint8Array {
  const mask = new Uint8Array(data.length / 3);
  for (let i = 0, at = 0; i < mask.length; i++, at += 3) {
    const most = Math.max(Math.abs(data[at]! - r), Math.abs(data[at + 1]! - g), Math.abs(data[at + 2]! - b));
    if (most > DIFFERENCE) mask[i] = 1;
  }
  return mask;
}

function connected(mask: Uint8Array, width: number, height: number): Component[] {
  const seen = new Uint8Array(mask.length);
  const found: Component[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0 || seen[start] === 1) continue;
    const pixels = [start];
    seen[start] = 1;
    let [left, right, top, bottom] = [width, 0, height, 0];
    for (let i = 0; i < pixels.length; i++) {
      const x = pixels[i]! % width;
      const y = (pixels[i]! - x) / width;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (mask[next] === 0 || seen[next] === 1) continue;
          seen[next] = 1;
          pixels.push(next);
        }
      }
    }
    const box = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
    const own = new Uint8Array(box.width * box.height);
    for (const pixel of pixels) own[(Math.floor(pixel / width) - top) * box.width + (pixel % width) - left] = 1;
    found.push({ box, area: pixels.length, mask: own });
  }
  return found;
}
