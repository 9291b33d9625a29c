import { expect, test } from "vitest";
import { reportMarkdown, reportOf, shareOf } from "./report.ts";
import type { ItemResult } from "./run-suite.ts";

function result(suite: ItemResult["suite"], group: string, right: boolean, truth: boolean | null): ItemResult {
  return {
    id: "",
    suite,
    group,
    pair: null,
    prompt: "",
    shown: [],
    seed: 0,
    answer: null,
    right,
    aspects: suite === "colour" ? { "colour alone": { right: true, truth: true, reconstruction: null } } : {},
    text: "",
    drew: suite === "colour",
    pictures: [],
    truth,
    reconstruction: null,
    seconds: 2,
  };
}

test("Wilson's interval", () => {
  // Newcombe (1998), Table I: 81 of 263.
  expect(shareOf(Array.from({ length: 263 }, (_, i) => i < 81))).toEqual({
    right: 81,
    of: 263,
    share: 0.308,
    low: 0.2553,
    high: 0.3662,
  });
  expect(shareOf([true, true])).toMatchObject({ share: 1, high: 1 });
});

test("rows are suites in order, then their groups, what training showed first", () => {
  const results = [
    result("naming", "curated", true, true),
    result("colour", "heldout-colour", false, true),
    result("colour", "train", true, true),
    result("colour", "train", true, false),
  ];
  const report = reportOf(results, { weights: "abc", steps: 20 }, "a judge");
  expect(report).toMatchObject({ items: 4, seconds: 8, settings: { weights: "abc" } });
  expect(
    report.rows.map(({ suite, part, model, truth }) => [suite, part, model.right, model.of, truth?.right]),
  ).toEqual([
    ["colour", null, 2, 3, 2],
    ["colour", "train", 2, 2, 1],
    ["colour", "heldout-colour", 0, 1, 1],
    ["colour", "colour alone", 3, 3, 3],
    ["naming", null, 1, 1, 1],
  ]);
  expect(report.rows.map(({ reconstruction }) => reconstruction)).toEqual([null, null, null, null, null]);
  const lines = reportMarkdown(report).split("\n");
  expect(lines[2]).toMatch(
    /^\| \*\*colour\*\* +\| +66\.7% \| +20\.8% – 93\.8% \| +3 \| +66\.7% \| +\| +100\.0% \| +2\.00 \|$/,
  );
  expect(new Set(lines.slice(0, 7).map((line) => line.length)).size).toBe(1);
  expect(lines.slice(7).join("\n")).toMatch(/Judge: a judge\.\n.*weights abc, steps 20/);
});
