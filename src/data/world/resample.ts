import type { Sprite } from "./sprite.ts";

/** Part of a picture, in its pixels; may reach over the edges, where everything is transparent. */
export interface SquareWindow {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** For each output pixel the first source pixel and `taps` weights. */
interface AxisWeights {
  readonly taps: number;
  readonly first: Int32Array;
  readonly weights: Float32Array;
}

/**
 * Weights of one axis: each output pixel averages a tent over the source when shrinking (exact area average, no
 * aliasing) and interpolates linearly when growing.
 */
function axisWeights(sourceSize: number, start: number, side: number, size: number): AxisWeights {
  const step = side / size;
  const width = Math.max(step, 1);
  const taps = Math.ceil(width) + 1;
  const first = new Int32Array(size);
  const weights = new Float32Array(size * taps);
  for (let i = 0; i < size; i++) {
    const from = start + (i + 0.5) * step - width / 2;
    const origin = Math.floor(from);
    // Shift windows that cross the edges so that reads stay inside; weights outside the source are dropped.
    const shifted = Math.min(Math.max(origin, 0), Math.max(0, sourceSize - taps));
    first[i] = shifted;
    for (let k = 0; k < taps; k++) {
      const pixel = shifted + k;
      const overlap = Math.min(from + width, pixel + 1) - Math.max(from, pixel);
      if (overlap > 0 && pixel < sourceSize) weights[i * taps + k] = overlap / width;
    }
  }
  return { taps, first, weights };
}

const wholeWeights = new Map<number, AxisWeights>();

function weightsOfWhole(sourceSize: number, size: number): AxisWeights {
  const key = sourceSize * 4096 + size;
  let found = wholeWeights.get(key);
  if (!found) wholeWeights.set(key, (found = axisWeights(sourceSize, 0, sourceSize, size)));
  return found;
}

/**
 * Scales premultiplied RGBA (width × height × 4) into size × size, premultiplied. Without a window the source must be
 * square and all of it is used.
 */
export function resamplePremultiplied(
  source: Uint8Array,
  width: number,
  height: number,
  size: number,
  window?: SquareWindow,
): Uint8Array {
  const horizontal = window ? axisWeights(width, window.x, window.side, size) : weightsOfWhole(width, size);
  const vertical = window ? axisWeights(height, window.y, window.side, size) : weightsOfWhole(height, size);
  const rows = new Float32Array(height * size * 4);
  const { taps, first, weights } = horizontal;
  const usable = Math.min(taps, width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < size; x++) {
      let [r, g, b, a] = [0, 0, 0, 0];
      let at = (y * width + first[x]!) * 4;
      for (let k = 0; k < usable; k++, at += 4) {
        const weight = weights[x * taps + k]!;
        r += weight * source[at]!;
        g += weight * source[at + 1]!;
        b += weight * source[at + 2]!;
        a += weight * source[at + 3]!;
      }
      const to = (y * size + x) * 4;
      rows[to] = r;
      rows[to + 1] = g;
      rows[to + 2] = b;
      rows[to + 3] = a;
    }
  }
  const out = new Uint8Array(size * size * 4);
  const line = new Float32Array(size * 4);
  const usableRows = Math.min(vertical.taps, height);
  for (let y = 0; y < size; y++) {
    line.fill(0.5);
    for (let k = 0; k < usableRows; k++) {
      const weight = vertical.weights[y * vertical.taps + k]!;
      if (weight === 0) continue;
      const at = (vertical.first[y]! + k) * size * 4;
      for (let i = 0; i < line.length; i++) line[i] = line[i]! + weight * rows[at + i]!;
    }
    out.set(line, y * size * 4);
  }
  return out;
}

/** The same picture with its colours multiplied by alpha. */
export function premultiply(sprite: Sprite): Sprite {
  if (sprite.premultiplied) return sprite;
  const rgba = new Uint8Array(sprite.rgba);
  for (let i = 0; i < rgba.length; i += 4) {
    const alpha = rgba[i + 3]!;
    if (alpha === 255) continue;
    rgba[i] = Math.round((rgba[i]! * alpha) / 255);
    rgba[i + 1] = Math.round((rgba[i + 1]! * alpha) / 255);
    rgba[i + 2] = Math.round((rgba[i + 2]! * alpha) / 255);
  }
  return { size: sprite.size, rgba, premultiplied: true };
}

/** Divides premultiplied RGBA by alpha, in place. */
export function unpremultiplyInPlace(rgba: Uint8Array): void {
  for (let i = 0; i < rgba.length; i += 4) {
    const alpha = rgba[i + 3]!;
    if (alpha === 255 || alpha === 0) continue;
    rgba[i] = Math.min(255, Math.round((rgba[i]! * 255) / alpha));
    rgba[i + 1] = Math.min(255, Math.round((rgba[i + 1]! * 255) / alpha));
    rgba[i + 2] = Math.min(255, Math.round((rgba[i + 2]! * 255) / alpha));
  }
}

/** Scales a sprite to `size` × `size` pixels; the result is premultiplied. */
export function scaleSprite(sprite: Sprite, size: number): Sprite {
  const source = premultiply(sprite);
  if (size === source.size) return source;
  return { size, rgba: resamplePremultiplied(source.rgba, source.size, source.size, size), premultiplied: true };
}
