import { expect, it } from "vitest";
import { interpret } from "../graph/interpret.ts";
import { input } from "../graph/primitives.ts";
import { MASKED } from "./attends.ts";
import { effectiveKeys } from "./effective-keys.ts";

const [rows, textRows, size] = [24, 20, 2];

/** Two heads with one key head: all queries (length, 0) of the first head, (0, 0) of the second; key i is (i, 0); causal. */
function seen(length: number) {
  const { text, visual } = effectiveKeys(
    input("queries", [1, rows, 2, size]),
    input("keys", [1, rows, 1, size]),
    input("bias", [1, 1, rows, rows]),
    textRows,
  );
  const places = Array.from({ length: rows }, (_, i) => i);
  const [ofText, ofVisual] = interpret([text, visual!], {
    queries: { shape: [1, rows, 2, size], data: places.flatMap(() => [length, 0, 0, 0]) },
    keys: { shape: [1, rows, 1, size], data: places.flatMap((i) => [i, 0]) },
    bias: { shape: [1, 1, rows, rows], data: places.flatMap((i) => places.map((j) => (j <= i ? 0 : MASKED))) },
  });
  return { text: [...ofText!.data], visual: [...ofVisual!.data] };
}

it("counts all visible keys where scores are equal, in rows that see sixteen and more", () => {
  const { text, visual } = seen(0);
  // Rows 15 to 19 see 16 to 20 keys, rows 20 to 23 see 21 to 24.
  for (const keys of text) expect(keys).toBeCloseTo(18, 6);
  for (const keys of visual) expect(keys).toBeCloseTo(22.5, 6);
});

it("counts one key where a head's scores are far apart, and by head", () => {
  const { text, visual } = seen(200);
  expect(text[0]).toBeCloseTo(1, 6);
  expect(visual[0]).toBeCloseTo(1, 6);
  expect(text[1]).toBeCloseTo(18, 6);
});
