import { expect, test } from "vitest";
import { describeGoldens, golden } from "../../../tests/support/evaluation-goldens.ts";
import { formatFixed } from "../python/number.ts";
import { table4Average, type Table4 } from "./table-4.ts";

describeGoldens("the average of Table 4", "paper/golden", () => {
  type Row = Table4 & { readonly model: string; readonly Avg: number };
  test.each(golden<{ table4_5: readonly Row[] }>("paper", "golden", "mogao_tables.json").table4_5)(
    "for $model",
    (row) => {
      expect(formatFixed(table4Average(row), 1)).toBe(formatFixed(row.Avg, 1));
    },
  );
});

test("MME-P hardly counts", () => {
  expect(table4Average({ POPE: 90, MMB: 90, SEED: 90, GQA: 90, MMMU: 90, "MME-P": 2000 })).toBeCloseTo(451 / 6, 12);
});
