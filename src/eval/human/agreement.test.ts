import { expect, test } from "vitest";
import { krippendorffAlpha } from "./agreement.ts";

/** Rows of raters over units, "." where one did not rate, as values of each unit. */
function unitsOf(...rows: readonly string[]): number[][] {
  const cells = rows.map((row) => row.split(" "));
  return cells[0]!.map((_, unit) =>
    cells.flatMap((row) => {
      const value = row[unit]!;
      return value === "." ? [] : [Number(value)];
    }),
  );
}

/** Krippendorff (2011), sections C to E: four observers, twelve units, values missing. */
const KRIPPENDORFF_2011 = unitsOf(
  "1 2 3 3 2 1 4 1 2 . . .",
  "1 2 3 3 2 2 4 1 2 5 . 3",
  ". 3 3 3 2 3 4 2 2 5 1 .",
  "1 2 3 3 2 4 4 1 2 5 1 .",
);

test("Krippendorff's own worked example, to its three digits", () => {
  expect(krippendorffAlpha(KRIPPENDORFF_2011, "nominal")).toBeCloseTo(0.743, 3);
  expect(krippendorffAlpha(KRIPPENDORFF_2011, "ordinal")).toBeCloseTo(0.815, 3);
  expect(krippendorffAlpha(KRIPPENDORFF_2011, "interval")).toBeCloseTo(0.849, 3);
});

test("three coders of fifteen units (Wikipedia's worked example)", () => {
  const units = unitsOf(
    ". . . . . 3 4 1 2 1 1 3 3 . 3",
    "1 . 2 1 3 3 4 3 . . . . . . .",
    ". . 2 1 3 4 4 . 2 1 1 3 3 . 4",
  );
  expect(krippendorffAlpha(units, "nominal")).toBeCloseTo(0.691, 3);
  expect(krippendorffAlpha(units, "interval")).toBeCloseTo(0.811, 3);
});

test("1 for agreement, below 0 for contradiction, null where nothing can be said", () => {
  const agree = unitsOf("1 5 3", "1 5 3");
  for (const metric of ["nominal", "ordinal", "interval"] as const) {
    expect(krippendorffAlpha(agree, metric)).toBe(1);
    expect(krippendorffAlpha(unitsOf("1 5 1 5", "5 1 5 1"), metric)).toBeLessThan(0);
    expect(krippendorffAlpha(unitsOf("4 4", "4 4"), metric)).toBeNull();
    expect(krippendorffAlpha(unitsOf("1 2 . .", ". . 3 4"), metric)).toBeNull();
    expect(krippendorffAlpha([], metric)).toBeNull();
  }
});
