import fastCheck from "fast-check";
import { expect, test } from "vitest";
import { Philox } from "../../core/random.ts";
import { arrange, band, corner, half, WHOLE } from "./arrange.ts";

const regions = [
  WHOLE,
  half("left"),
  half("right"),
  half("above"),
  half("below"),
  band(0, 3, "row"),
  band(2, 3, "column"),
  corner(3),
];

test("sprites stay inside their region and apart from each other by a thirteenth of their size", () => {
  const inputs = [fastCheck.integer({ min: 0, max: 1e6 }), fastCheck.integer({ min: 1, max: 6 }), fastCheck.constantFrom(...regions)] as const; // prettier-ignore
  fastCheck.assert(
    fastCheck.property(...inputs, (seed, count, region) => {
      const places = arrange(new Philox(seed), count, region, 0.9);
      expect(places).toHaveLength(count);
      for (const [i, { x, y, size }] of places.entries()) {
        expect(x - size / 2).toBeGreaterThanOrEqual(region.x - 1e-9);
        expect(x + size / 2).toBeLessThanOrEqual(region.x + region.width + 1e-9);
        expect(y - size / 2).toBeGreaterThanOrEqual(region.y - 1e-9);
        expect(y + size / 2).toBeLessThanOrEqual(region.y + region.height + 1e-9);
        for (const other of places.slice(0, i)) {
          const gap = Math.max(Math.abs(x - other.x), Math.abs(y - other.y)) - size;
          expect(gap).toBeGreaterThanOrEqual(size / 13);
        }
      }
    }),
  );
});

test("halves are apart in the direction of the relation", () => {
  const left = arrange(new Philox(1), 1, half("left"))[0]!;
  const right = arrange(new Philox(2), 1, half("right"))[0]!;
  expect(right.x - left.x).toBeGreaterThan(2 * Math.abs(right.y - left.y));
});
