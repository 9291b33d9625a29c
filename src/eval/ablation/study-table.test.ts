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
const run = (variant: string, seed: number, flow: number): StudyRun => ({ variant, seed, samples: 64, seconds: 9, flow, report }); // prettier-ignore

const variants = STUDIES.architecture.variants.slice(0, 2);
const models = new Map(
  (["A", "B"] as const).map((id) => [id as string, summarize({ ...presets.nano, ...ablations[id] })]),
);
// The losses differ much between seeds and little within one.
const runs = [run("A", 0, 1), run("B", 0, 0.9), run("A", 1, 3), run("B", 1, 2.7)];

test("means and deviations over seeds; gains are paired by seed", () => {
  const [a, b] = studyRows(variants, runs, models);
  expect(a!.flow.mean).toBe(2);
  expect(a!.flow.deviation).toBeCloseTo(Math.SQRT2, 12);
  expect(a!.flowGain).toBeNull();
  expect(b!.flowGain!.mean).toBeCloseTo(0.2, 12);
  expect(b!.flowGain!.deviation).toBeCloseTo(Math.SQRT1_2 * 0.2, 12);
  expect(studyRows(variants, runs.slice(0, 2), models)[1]!.flow).toEqual({ mean: 0.9, deviation: null });
});

test("scores are in percent of the most possible, MME too, and so is their mean", () => {
  const [a] = studyRows(variants, runs, models);
  const means = Object.fromEntries(Object.entries(a!.scores).map(([name, { mean }]) => [name, mean]));
  // MME: accuracy 50, both 0, of one task: 50 of 800.
  expect(means).toEqual({ naming: 50, "World-POPE F1": 100, "World-MME": 6.25 });
  expect(a!.average.mean).toBeCloseTo((50 + 100 + 6.25) / 3, 12);
});

test("the table has a row a variant, and says how many seeds and items it stands on", () => {
  const rows = studyRows(variants, runs, models);
  const text = studyMarkdown({ title: "T", note: "N.", steps: 5, seeds: 2, rows, runs, curves: [] });
  expect(text).toMatch(/\| B +\| +IL-RoPE, VAE \| .* \| 1\.8000 ± 1\.2728 \| 0\.2000 ± 0\.1414 \|/);
  expect(text).toContain(
    "2 seeds, mean ± standard deviation; 5 items a run. Scores in percent of the most possible. N.",
  );
});
