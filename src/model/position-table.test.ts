import { expect, test } from "vitest";
import { fillPositionTable, tableRows } from "./position-table.ts";

test("BAGEL's table: the first half of the width is the column's, sines before cosines, the second the row's", () => {
  const size = 8;
  const rows = new Float32Array(9 * size);
  fillPositionTable({ side: 3, axes: "WH" }, size, rows);
  const [row, column] = [2, 1];
  const expected = [column, row].flatMap((x) => [Math.sin(x), Math.sin(x / 100), Math.cos(x), Math.cos(x / 100)]);
  const found = [...rows.subarray((row * 3 + column) * size, (row * 3 + column + 1) * size)];
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
});

test("Lance's table of first frames: even thirds for time and row, the rest for the column", () => {
  const size = 16; // 4 + 4 + 8
  const rows = new Float32Array(4 * size);
  fillPositionTable({ side: 2, axes: "THW" }, size, rows);
  const [row, column] = [1, 0];
  const found = [...rows.subarray((row * 2 + column) * size)].slice(0, size);
  const expected = [0, 0, 1, 1, Math.sin(1), Math.sin(0.01), Math.cos(1), Math.cos(0.01), 0, 0, 0, 0, 1, 1, 1, 1];
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
});

test("places count row by row, and a grid beyond the table is an error", () => {
  const table = { side: 3, axes: "WH" } as const;
  expect([
    ...tableRows(table, [
      { row: 0, column: 2 },
      { row: 2, column: 1 },
    ]),
  ]).toEqual([2n, 7n]);
  expect(() => tableRows(table, [{ row: 0, column: 3 }])).toThrow(/column 4; this model has positions for 3×3/);
});
