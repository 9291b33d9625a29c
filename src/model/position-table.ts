/** Positions that are added to tokens: fixed sines and cosines of row and column (BAGEL, Lance; the paper has none). */
import { InputError } from "../core/errors.ts";
import { Embedding } from "../nn/layers.ts";
import type { ParameterScope } from "../nn/parameters.ts";
import type { PositionTable } from "./config.ts";
import type { Cell } from "./sequence.ts";

/** Period of the slowest sinusoid, in places. */
const PERIOD = 10_000;

/** A parameter of shape [side², size], since checkpoints hold theirs. */
export function positionTable(scope: ParameterScope, table: PositionTable, size: number): Embedding {
  return new Embedding(scope, table.side ** 2, size, {
    kind: "table",
    fill: (into) => fillPositionTable(table, size, into),
  });
}

/**
 * Writes the rows of all places, [side², size], row·side + column. Each coordinate has a part of the width, its sines first and then
 * its cosines. Two coordinates share it evenly; of three the first two have an even third, the last one what is left.
 */
export function fillPositionTable({ side, axes }: PositionTable, size: number, into: Float32Array): void {
  const third = 2 * Math.floor(size / 6);
  const parts = axes === "WH" ? [size / 2, size / 2] : [third, third, size - 2 * third];
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      let at = (row * side + column) * size;
      const coordinates = axes === "WH" ? [column, row] : [0, row, column];
      coordinates.forEach((coordinate, axis) => {
        const half = parts[axis]! / 2;
        for (let i = 0; i < half; i++) {
          const angle = coordinate * PERIOD ** (-i / half);
          into[at + i] = Math.sin(angle);
          into[at + half + i] = Math.cos(angle);
        }
        at += 2 * half;
      });
    }
}

/** Rows of the table for places on a grid. Throws InputError where it is too small. */
export function tableRows({ side }: PositionTable, cells: readonly Cell[]): BigInt64Array {
  return BigInt64Array.from(cells, ({ row, column }) => {
    if (row >= side || column >= side)
      throw new InputError(
        `picture: its grid of tokens reaches row ${row + 1}, column ${column + 1}; this model has positions for ${side}×${side}`,
      );
    return BigInt(row * side + column);
  });
}
