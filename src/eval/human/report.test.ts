import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { humanMarkdown } from "./markdown.ts";
import { readRatings, type Rating } from "./rating.ts";
import { humanReport } from "./report.ts";

/** Scores of each item by two raters. */
function ratings(model: string, dimension: string, ...scores: readonly (readonly [number, number])[]): Rating[] {
  return scores.flatMap((pair, index) =>
    pair.map((score, i) => ({ item: `i${index}`, model, dimension, rater: ["ann", "bob"][i]!, score })),
  );
}

const BOTH = [
  ...ratings("base", "alignment", [2, 3], [1, 2], [3, 3], [2, 2]),
  ...ratings("base", "structure", [4, 4], [4, 4], [4, 4], [4, 4]),
  ...ratings("ours", "alignment", [4, 5], [3, 4], [5, 5], [4, 4]),
  ...ratings("ours", "structure", [4, 4], [4, 4], [4, 4], [4, 4]),
];

test("arithmetic means per model and dimension, over all dimensions, with intervals over items", () => {
  const { means, raters, items, ratings: count } = humanReport(BOTH);
  expect([raters, items, count]).toEqual([["ann", "bob"], 4, 32]);
  expect(means.map(({ model, dimension, mean }) => [model, dimension, mean])).toEqual([
    ["base", "alignment", 2.25],
    ["base", "structure", 4],
    ["base", "overall", 3.125],
    ["ours", "alignment", 4.25],
    ["ours", "structure", 4],
    ["ours", "overall", 4.125],
  ]);
  const [alignment, structure] = means;
  // Item means 2.5, 1.5, 3 and 2: resampled means have the standard deviation 0.28.
  expect(alignment!.low).toBeGreaterThan(1.6);
  expect(alignment!.low).toBeLessThan(1.8);
  expect(alignment!.high).toBeGreaterThan(2.6);
  expect(alignment!.high).toBeLessThan(2.9);
  expect([structure!.low, structure!.high]).toEqual([4, 4]);
});

test("the interval covers the truth about as often as it says", () => {
  // 60 experiments of 40 items, each score 1 or 5 with equal odds: the true mean is 3.
  let word = 1;
  const next = () => ((word = (word * 48_271) % 2_147_483_647) / 2_147_483_647 < 0.5 ? 1 : 5);
  let covered = 0;
  for (let experiment = 0; experiment < 60; experiment++) {
    const scores = Array.from({ length: 40 }, (): Rating[] => [
      { item: String(word), model: "m", dimension: "d", rater: "r", score: next() },
    ]).flat();
    const [row] = humanReport(scores).means;
    if (row!.low <= 3 && row!.high >= 3) covered++;
  }
  expect(covered).toBeGreaterThanOrEqual(52);
});

test("differences are paired: what an item does to both models cancels", () => {
  const { differences } = humanReport(BOTH);
  expect(differences.map(({ models, dimension, mean, low, high }) => [models, dimension, mean, low, high])).toEqual([
    [["base", "ours"], "alignment", -2, -2, -2],
    [["base", "ours"], "structure", 0, 0, 0],
    [["base", "ours"], "overall", -1, -1, -1],
  ]);
  const apart = [
    { item: "1", model: "a", dimension: "d", rater: "r", score: 1 },
    { item: "2", model: "b", dimension: "d", rater: "r", score: 5 },
  ];
  expect(humanReport(apart).differences).toEqual([]);
});

test("agreement per dimension", () => {
  const { agreement } = humanReport(BOTH);
  expect(agreement[0]!.alpha).toBeGreaterThan(0.7);
  expect(agreement).toMatchObject([{ units: 8 }, { dimension: "structure", alpha: null, units: 8 }]);
});

test("the same ratings in another order give the same report, and it reads well", () => {
  const text = humanMarkdown(humanReport(BOTH));
  expect(humanMarkdown(humanReport([...BOTH].reverse()))).toBe(text);
  expect(text).toMatch(/^\| model \| dimension \| mean \|/);
  expect(text).toMatch(/\| base +\| +overall \| 3\.13 \|/);
  expect(text).toMatch(/\| base − ours \| +alignment \| −2\.00 \| −2\.00 – −2\.00 \|/);
  expect(text).toMatch(/\| structure +\| undefined \|/);
  expect(text).toContain("32 ratings of 4 items by 2 raters");
});

test("files of ratings: the last score of a rater stands, over all files; bad ones are told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mogao-ratings-"));
  const path = join(folder, "r.jsonl");
  const line = (score: unknown, rater = "ann") =>
    `${JSON.stringify({ item: "1", model: "m", dimension: "d", rater, score, note: "kept out" })}\n`;
  await writeFile(path, line(2) + line(5) + line(1, "bob"));
  await writeFile(join(folder, "later.jsonl"), line(3, "bob"));
  expect((await readRatings([path])).map(({ score }) => score)).toEqual([5, 1]);
  expect((await readRatings([path, join(folder, "later.jsonl")])).map(({ score }) => score)).toEqual([5, 3]);
  for (const [text, message] of [
    ["", "expected ratings, found none"],
    [line(6), "rating 1: expected {item, model, dimension, rater, score 1-5}: score"],
    [line("5"), "score: Invalid input"],
    [line(4.5), "score"],
    [`${line(4)}[]\n`, "rating 2"],
  ] as const) {
    await writeFile(path, text);
    await expect(readRatings([path])).rejects.toThrow(message);
  }
  await rm(folder, { recursive: true });
});
