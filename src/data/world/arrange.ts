import type { Philox } from "../../core/random.ts";
import type { Relation } from "./grammar.ts";
import { between } from "./task-world.ts";

/** Where one sprite stands: centre and side as in `SceneObject`, for square pictures. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** A part of the picture, in fractions of its side. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const WHOLE: Region = { x: 0.02, y: 0.02, width: 0.96, height: 0.96 };

/** Sprites fill at most this part of their cell, so that neighbours stay apart by more than a thirteenth. */
const FILL = 0.86;

/** The part of the picture on one side of its middle line. */
export function half(relation: Relation): Region {
  if (relation === "left") return { x: 0.02, y: 0.02, width: 0.47, height: 0.96 };
  if (relation === "right") return { x: 0.51, y: 0.02, width: 0.47, height: 0.96 };
  if (relation === "above") return { x: 0.02, y: 0.02, width: 0.96, height: 0.47 };
  return { x: 0.02, y: 0.51, width: 0.96, height: 0.47 };
}

/** One of `count` equal bands of the picture, from the left or from the top. */
export function band(index: number, count: number, axis: "row" | "column"): Region {
  const step = 0.96 / count;
  const start = 0.02 + step * index;
  return axis === "row"
    ? { x: start, y: 0.02, width: step, height: 0.96 }
    : { x: 0.02, y: start, width: 0.96, height: step };
}

/** Top left, top right, bottom left, bottom right. */
export function corner(index: number): Region {
  return { x: index % 2 === 0 ? 0.02 : 0.51, y: index < 2 ? 0.02 : 0.51, width: 0.47, height: 0.47 };
}

/** How far a sprite stands from the middle of its cell, at most. */
export const JITTER = 0.06;

/**
 * `count` places in a region without overlap, row by row, with some jitter. The grid is one with the largest cells;
 * a last row that is not full is centred. `largest` bounds the side of a sprite, `jitter` its way from the middle.
 */
export function arrange(random: Philox, count: number, region: Region, largest = 0.62, jitter = JITTER): Place[] {
  let columns = 1;
  let cell = 0;
  for (let candidate = 1; candidate <= count; candidate++) {
    const side = Math.min(region.width / candidate, region.height / Math.ceil(count / candidate));
    if (side > cell || (side === cell && random.uniform() < 0.5)) [cell, columns] = [side, candidate];
  }
  const rows = Math.ceil(count / columns);
  const size = Math.min(largest, cell * FILL * between(random, 0.88, 1));
  // A loose cell (one object in a tall half) keeps near its middle, so that relations stay plain.
  const slack = Math.min(jitter, (cell - size * 1.08) / 2);
  const places: Place[] = [];
  for (let i = 0; i < count; i++) {
    const row = Math.floor(i / columns);
    const inRow = row === rows - 1 ? count - columns * row : columns;
    const pitchX = Math.min(region.width / columns, cell * 1.15);
    const pitchY = Math.min(region.height / rows, cell * 1.15);
    const x = region.x + region.width / 2 + ((i % columns) - (inRow - 1) / 2) * pitchX;
    const y = region.y + region.height / 2 + (row - (rows - 1) / 2) * pitchY;
    places.push({ x: x + between(random, -slack, slack), y: y + between(random, -slack, slack), size });
  }
  return places;
}

/** The place with its centre on multiples of `grid` pixels and its side cut to a multiple of half as many; 1 leaves it as it is. */
export function snapped({ x, y, size }: Place, imageSize: number, grid: number): Place {
  if (grid === 1) return { x, y, size };
  const nearest = (value: number) => (Math.round((value * imageSize) / grid) * grid) / imageSize;
  const halves = Math.max(2, Math.floor((2 * size * imageSize) / grid));
  return { x: nearest(x), y: nearest(y), size: (halves * grid) / 2 / imageSize };
}

/**
 * Snapped places with sides cut, in half steps of the grid, until neighbours are a thirteenth of the larger one apart: nearest
 * multiples may lie closer to each other than the places did.
 */
export function keptApart<T extends Place>(places: readonly T[], imageSize: number, grid: number): T[] {
  const step = grid / 2 / imageSize;
  const sizes = places.map(({ size }) => size);
  const tooClose = (i: number, j: number) => {
    const apart = Math.max(Math.abs(places[i]!.x - places[j]!.x), Math.abs(places[i]!.y - places[j]!.y));
    const larger = Math.max(sizes[i]!, sizes[j]!);
    return larger > step && apart - (sizes[i]! + sizes[j]!) / 2 < larger / 13;
  };
  for (let i = 0; i < places.length; i++)
    for (let j = 0; j < i; j++)
      while (tooClose(i, j)) {
        const larger = Math.max(sizes[i]!, sizes[j]!);
        // A group's sprites have one size and keep it.
        sizes.forEach((size, k) => size === larger && (sizes[k] = size - step));
      }
  return places.map((place, i) => ({ ...place, size: sizes[i]! }));
}
