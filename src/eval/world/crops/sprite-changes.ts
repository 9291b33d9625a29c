/** Changes of premultiplied sprites: small ones leave a drawing what it is, large ones make it something else. */
import type { Philox } from "../../../core/random.ts";
import { resamplePremultiplied } from "../../../data/world/resample.ts";
import type { Sprite } from "../../../data/world/sprite.ts";

/** A value for every pixel of a square of `size`, from normal values of deviation 1 on `cells` + 1 nodes a side, smoothly between. */
export function smoothField(random: Philox, cells: number, size: number): Float32Array {
  const nodes = random.fillNormal(new Float32Array((cells + 1) ** 2));
  const field = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    const [row, v] = split((y * cells) / size);
    for (let x = 0; x < size; x++) {
      const [column, u] = split((x * cells) / size);
      const at = row * (cells + 1) + column;
      const above = nodes[at]! + u * (nodes[at + 1]! - nodes[at]!);
      const below = nodes[at + cells + 1]! + u * (nodes[at + cells + 2]! - nodes[at + cells + 1]!);
      field[y * size + x] = above + v * (below - above);
    }
  }
  return field;
}

/** The cell that a place lies in, and an ease from one side of it to the other. */
function split(place: number): [cell: number, ease: number] {
  const cell = Math.floor(place);
  const u = place - cell;
  return [cell, u * u * (3 - 2 * u)];
}

/** Every pixel taken from elsewhere: `strength` is the deviation of the way there, as a share of the side. */
export function warped(sprite: Sprite, random: Philox, cells: number, strength: number): Sprite {
  const { size, rgba } = sprite;
  const [dx, dy] = [smoothField(random, cells, size), smoothField(random, cells, size)];
  const out = new Uint8Array(rgba.length);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const sourceX = Math.round(x + strength * size * dx[i]!);
      const sourceY = Math.round(y + strength * size * dy[i]!);
      if (sourceX < 0 || sourceY < 0 || sourceX >= size || sourceY >= size) continue;
      const from = 4 * (sourceY * size + sourceX);
      for (let c = 0; c < 4; c++) out[4 * i + c] = rgba[from + c]!;
    }
  }
  return { ...sprite, rgba: out };
}

/** As if drawn with so few pixels a side: detail is lost, the size stays. */
export function coarsened(sprite: Sprite, pixels: number): Sprite {
  const { size, rgba } = sprite;
  const small = resamplePremultiplied(rgba, size, size, pixels);
  return { ...sprite, rgba: resamplePremultiplied(small, pixels, pixels, size) };
}

/** A disc of a colour, or a hole where there is none, wherever the sprite is; centre and radius as shares of the side. */
export function covered(
  sprite: Sprite,
  x0: number,
  y0: number,
  radius: number,
  colour: readonly number[] | null,
): Sprite {
  return perPixel(sprite, (rgba, at, x, y) => {
    if ((x - x0) ** 2 + (y - y0) ** 2 > radius ** 2) return;
    const alpha = colour === null ? 0 : rgba[at + 3]!;
    for (let c = 0; c < 3; c++) rgba[at + c] = colour === null ? 0 : (colour[c]! * alpha) / 255;
    rgba[at + 3] = alpha;
  });
}

/** Two sprites of one size laid over each other: `share` of the first. */
export function blended(first: Sprite, second: Sprite, share: number): Sprite {
  const rgba = first.rgba.map((value, i) => Math.round(share * value + (1 - share) * second.rgba[i]!));
  return { ...first, rgba };
}

/** The first sprite on one side of a line through the middle, the second on the other. */
export function spliced(first: Sprite, second: Sprite, turn: number): Sprite {
  const [cosine, sine] = [Math.cos(2 * Math.PI * turn), Math.sin(2 * Math.PI * turn)];
  return perPixel(first, (rgba, at, x, y) => {
    if ((x - 0.5) * cosine + (y - 0.5) * sine > 0) rgba.set(second.rgba.subarray(at, at + 4), at);
  });
}

/** Turned about its middle: there by `turn` radians, outside less and less. */
export function swirled(sprite: Sprite, turn: number): Sprite {
  const { size, rgba } = sprite;
  return perPixel(sprite, (out, at, x, y) => {
    const [dx, dy] = [x - 0.5, y - 0.5];
    const angle = turn * Math.max(0, 1 - Math.hypot(dx, dy) / 0.6);
    const column = Math.floor(size * (0.5 + dx * Math.cos(angle) - dy * Math.sin(angle)));
    const row = Math.floor(size * (0.5 + dx * Math.sin(angle) + dy * Math.cos(angle)));
    const inside = column >= 0 && row >= 0 && column < size && row < size;
    const from = 4 * (row * size + column);
    for (let c = 0; c < 4; c++) out[at + c] = inside ? rgba[from + c]! : 0;
  });
}

/** What lies on one side of a line through the middle. */
export function withoutHalf(sprite: Sprite, turn: number): Sprite {
  return spliced(sprite, { ...sprite, rgba: new Uint8Array(sprite.rgba.length) }, turn);
}

/** The squares of a grid in another order, at most a quarter of them at their places. */
export function shuffled(sprite: Sprite, random: Philox, cells: number): Sprite {
  const { size, rgba } = sprite;
  const cell = Math.floor(size / cells);
  const order = Array.from({ length: cells * cells }, (_, i) => i);
  do random.shuffle(order);
  while (order.filter((from, to) => from === to).length > order.length / 4);
  const out = new Uint8Array(rgba.length);
  order.forEach((from, to) => {
    const corner = (index: number) => Math.floor(index / cells) * cell * size + (index % cells) * cell;
    for (let y = 0; y < cell; y++) {
      const start = 4 * (corner(from) + y * size);
      out.set(rgba.subarray(start, start + 4 * cell), 4 * (corner(to) + y * size));
    }
  });
  return { ...sprite, rgba: out };
}

/** A random outline in patches of a few of the sprite's colours. */
export function blobOf(sprite: Sprite, random: Philox): Sprite {
  const { size, rgba } = sprite;
  const opaque = Array.from({ length: size * size }, (_, i) => i).filter((i) => rgba[4 * i + 3]! > 200);
  if (opaque.length === 0) return sprite;
  const colours = Array.from({ length: 1 + random.int(3) }, () => {
    const from = 4 * random.pick(opaque);
    return rgba.subarray(from, from + 3);
  });
  const outline = smoothField(random, 2 + random.int(3), size);
  const patches = colours.map(() => smoothField(random, 2 + random.int(4), size));
  return perPixel({ ...sprite, rgba: new Uint8Array(rgba.length) }, (out, at, x, y) => {
    const i = at / 4;
    // Round as a whole, ragged by the field.
    const inside = 1.2 - 5.5 * Math.hypot(x - 0.5, y - 0.5) ** 1.5 + 0.6 * outline[i]!;
    if (inside <= 0.2 || Math.hypot(x - 0.5, y - 0.5) > 0.48) return;
    const best = patches.reduce((a, b) => (b[i]! > a[i]! ? b : a));
    out.set(colours[patches.indexOf(best)]!, at);
    out[at + 3] = 255;
  });
}

/** A copy that `change` was let at for each pixel; x and y from 0 to 1. */
function perPixel(sprite: Sprite, change: (rgba: Uint8Array, at: number, x: number, y: number) => void): Sprite {
  const { size } = sprite;
  const rgba = new Uint8Array(sprite.rgba);
  for (let y = 0, at = 0; y < size; y++)
    for (let x = 0; x < size; x++, at += 4) change(rgba, at, (x + 0.5) / size, (y + 0.5) / size);
  return { ...sprite, rgba };
}
