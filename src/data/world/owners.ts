import { spriteOf, topLeft } from "./render.ts";
import type { Scene } from "./scene.ts";
import type { SpriteBank } from "./sprite-bank.ts";

/** Of a cell that shows no object, and of one that shows too little of several things to be called anything. */
export const NOTHING = -1;
export const UNCLEAR = -2;

/** A pixel belongs to what covers it by more than half. */
const OPAQUE = 128;
/** Shares of a cell's pixels: at least so many belong to the object that it shows; below so many, it shows nothing. */
const SHOWN = 0.2;
const EMPTY = 0.04;

/**
 * Which object each cell of a grid shows: cells of `side` pixels in reading order → index in `scene.objects`, {@link NOTHING} or
 * {@link UNCLEAR}. Where objects overlap, the upper one counts. Sides of the scene must be multiples of `side`.
 */
export function ownersOf(scene: Scene, bank: SpriteBank, side: number): Int16Array {
  const columns = scene.width / side;
  const rows = scene.height / side;
  const pixels = pixelOwners(scene, bank);
  const owners = new Int16Array(rows * columns);
  const counts = new Float64Array(scene.objects.length);
  for (let cell = 0; cell < owners.length; cell++) {
    counts.fill(0);
    const left = (cell % columns) * side;
    const top = Math.floor(cell / columns) * side;
    for (let y = top; y < top + side; y++)
      for (let x = left; x < left + side; x++) {
        const owner = pixels[y * scene.width + x]!;
        if (owner >= 0) counts[owner]!++;
      }
    const total = counts.reduce((sum, count) => sum + count, 0) / side ** 2;
    const most = counts.indexOf(Math.max(...counts));
    if (total < EMPTY) owners[cell] = NOTHING;
    else owners[cell] = counts[most]! / side ** 2 >= SHOWN ? most : UNCLEAR;
  }
  return owners;
}

function pixelOwners(scene: Scene, bank: SpriteBank): Int16Array {
  const { width, height } = scene;
  const pixels = new Int16Array(width * height).fill(NOTHING);
  for (const [index, object] of scene.objects.entries()) {
    const { size, rgba } = spriteOf(scene, object, bank);
    const [left, top] = topLeft(size, object.x * width, object.y * height);
    for (let y = Math.max(0, -top); y < Math.min(size, height - top); y++)
      for (let x = Math.max(0, -left); x < Math.min(size, width - left); x++)
        if (rgba[(y * size + x) * 4 + 3]! >= OPAQUE) pixels[(top + y) * width + left + x] = index;
  }
  return pixels;
}
