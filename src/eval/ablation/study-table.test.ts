import { expect, test } from "vitest";
import { summarize } from "../../model/inspect.ts";
import { ablations, presets } from "../../model/presets.ts";
import { reportOf } from "../world/report.ts";
import type { ItemResult } from "../world/run-suite.ts";
import type { StudyRun } from "./run-study.ts";
import { STUDIES } from "./studies.ts";
import { studyMarkdown, studyRows } from "./study-table.ts";

function answered(suite: ItemResult["suite"], group: string, right: boolean, pair: string | null = null): ItemResult {
  const rest = { id: "", prompt: "", shown: [], seed: 0, aspects: {}, text: "", drew: false, pictures: [], seconds: 0 };
  return { ...rest, suite, group, pair, answer: "yes", right, truth: null, reconstruction: null };
}

/** Half of the names, all of POPE, and of MME one of two questions about one picture. */
const report = reportOf(
  [
    answered("naming", "curated", true),
    answered("naming", "curated", false),
    answered("pope", "random", true),
    answered("mme", "colour", true, "a"),
    answered("mme", "colour", false, "a"),
  ],
  {},
  "a judge",
);
const run = (variant: string, seed: number, drawing: number): StudyRun => {
  const losses = { drawing, editing: 0.5, sequences: 0.25, captions: 1, questions: 2 - seed };
  return { variant, seed, samples: 64, seconds: 9, losses, report };
};

const variants = STUDIES.architecture.variants.slice(0, 2);
const models = new Map(
  (["A", "B"] as const).map((id) => [id as string, summarize({ ...presets.nano, ...ablations[id] })]),
);
// The losses differ much between seeds and little within one.
const runs = [run("A", 0, 1), run("B", 0, 0.9), run("A", 1, 3), run("B", 1, 2.7)];

test("means and deviations over seeds; gains are paired by seed", () => {
  const [a, b] = studyRows(variants, runs, models);
  expect(a!.losses.drawing.mean).toBe(2);
  expect(a!.losses.drawing.deviation).toBeCloseTo(Math.SQRT2, 12);
  expect(a!.gains).toBeNull();
  expect(b!.gains!.drawing.mean).toBeCloseTo(0.2, 12);
  expect(b!.gains!.drawing.deviation).toBeCloseTo(Math.SQRT1_2 * 0.2, 12);
  expect(b!.gains!.questions).toEqual({ mean: 0, deviation: 0, values: [0, 0] });
  const [, alone] = studyRows(variants, runs.slice(0, 2), models);
  expect(alone!.losses.drawing).toEqual({ mean: 0.9, deviation: null, values: [0.9] });
});

test("scores are in percent of the most possible, MME too, and so is their mean", () => {
  const [a] = studyRows(variants, runs, models);
  const means = Object.fromEntries(Object.entries(a!.scores).map(([name, { mean }]) => [name, mean]));
  // MME: accuracy 50, both 0, of one task: 50 of 800.
  expect(means).toEqual({ naming: 50, "World-POPE accuracy": 100, "World-MME": 6.25 });
  expect(a!.average.mean).toBeCloseTo((50 + 100 + 6.25) / 3, 12);
});

test("the table has a row a variant, and says how many seeds and items it stands on", () => {
  const rows = studyRows(variants, runs, models);
  const text = studyMarkdown({
    title: "T",
    note: "N.",
    steps: 5,
    seeds: 2,
    rows,
    runs,
    curves: [],
    curveSource: "draw",
  });
  expect(text).toMatch(/\| B +\| +IL-RoPE, VAE \| .* \| +1\.8000 ± 1\.2728 \| +0\.5000 ± 0\.0000 \|/);
  expect(text).toMatch(/\| B +\| 0\.2000 ± 0\.1414 \(2\/2\) \| 0\.0000 ± 0\.0000 \(0\/2\) \|/);
  expect(text).toContain("5 steps of the same samples each, 64 in all; 2 seeds, mean ± standard deviation. N.");
  expect(text).toContain("In percent of the most possible; 5 items a run.");
});
