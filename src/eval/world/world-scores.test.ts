import { expect, test } from "vitest";
import type { Suite } from "./item.ts";
import type { ItemResult } from "./run-suite.ts";
import { worldScores } from "./world-scores.ts";

function result(suite: Suite, group: string, right: boolean, more: Partial<ItemResult> = {}): ItemResult {
  const rest = { id: "", prompt: "", shown: [], seed: 0, aspects: {}, text: "", drew: false, pictures: [], seconds: 0 };
  return { ...rest, suite, group, pair: null, answer: null, right, truth: true, reconstruction: null, ...more };
}
const scoreOf = (name: string, results: readonly ItemResult[]) => worldScores(results).find((score) => score.name === name); // prettier-ignore

test("World-GenEval is the unweighted mean of six tasks, and not given for fewer", () => {
  const five = (["single", "two", "counting", "colour", "relation"] as const).map((suite) => result(suite, "train", true)); // prettier-ignore
  expect(scoreOf("World-GenEval", five)).toBeUndefined();
  const all = [...five, result("binding", "train", false), result("single", "train", false), result("single", "heldout-template", false)]; // prettier-ignore
  // (50 + 4 · 100 + 0) / 6: single has one right of two, what is held out does not count.
  expect(scoreOf("World-GenEval", all)).toEqual({
    name: "World-GenEval",
    most: 100,
    model: 75,
    truth: 100,
    reconstruction: null,
    items: 7,
  });
});

test("World-POPE: F1 per kind of negatives, averaged", () => {
  const answers = (group: string, rights: readonly boolean[]) =>
    rights.map((right, i) => result("pope", group, right, { answer: i < 2 ? "yes" : "no" }));
  const results = [
    // Two hits, one false alarm: F1 = 4 / 5. One hit, one miss, none: 2 / 3. No hits: 0.
    ...answers("random", [true, true, true, false]),
    ...answers("popular", [true, false, true, true]),
    ...answers("co-occurring", [false, false, true, true]),
  ];
  expect(scoreOf("World-POPE F1", results)!.model).toBeCloseTo((100 * (4 / 5 + 2 / 3 + 0)) / 3, 2);
  expect(scoreOf("World-POPE accuracy", results)!.model).toBeCloseTo((100 * 8) / 12, 2);
});

test("World-MME: 100 (acc + acc+) summed over tasks; half a pair counts for acc alone", () => {
  const pair = (group: string, name: string, ...rights: readonly boolean[]) =>
    rights.map((right) => result("mme", group, right, { pair: name }));
  const results = [
    ...pair("existence", "a", true, true),
    ...pair("existence", "b", true, false),
    ...pair("colour", "c", true, true),
    ...pair("colour", "d", true),
  ];
  const score = scoreOf("World-MME", results)!;
  expect([score.model, score.most]).toEqual([75 + 50 + 100 + 100, 800]);
});

test("a score of the judge only where it judged everything", () => {
  const results = [result("choice", "train", true), result("choice", "train", false, { truth: null })];
  expect(scoreOf("World-MC", results)).toMatchObject({ model: 50, truth: null });
});

test("nothing is said of benchmarks that were not run, nor of POPE without anything to be found", () => {
  expect(worldScores([])).toEqual([]);
  const negatives = [result("pope", "random", true, { answer: "no" })];
  expect(worldScores(negatives).map(({ name }) => name)).toEqual(["World-POPE accuracy"]);
});
