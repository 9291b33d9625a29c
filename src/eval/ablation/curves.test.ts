import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { curveChart } from "./curve-chart.ts";
import { bandOf, flowLosses } from "./curves.ts";

const losses = (...values: readonly number[]) => values.map((flow, i) => ({ step: i + 1, flow }));

test("losses of one source are read from a run's metrics, without steps that drew nothing or have no number", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mogao-curves-"));
  const lines: { flow?: number | null; text: number | null; source?: string }[] = [
    { flow: 2, text: 1 },
    { text: 1 },
    { flow: 0, text: 3 },
    { flow: null, text: null },
    { flow: 1.5, text: 1 },
    { flow: 0.5, text: 1, source: "converse" },
  ];
  await writeFile(
    join(folder, "metrics.jsonl"),
    lines.map(({ source = "draw", ...metrics }, i) => `${JSON.stringify({ step: i + 1, metrics, source })}\n`).join(""),
  );
  expect(await flowLosses(folder, "draw")).toEqual([
    { step: 1, flow: 2 },
    { step: 5, flow: 1.5 },
  ]);
  await rm(folder, { recursive: true });
});

test("a band has mean, lowest and highest of the seeds; stretches that one of them lacks are left out", () => {
  expect(bandOf([losses(4, 2), losses(2, 1, 9)], 3)).toEqual({
    step: [1, 2],
    mean: [3, 1.5],
    low: [2, 1],
    high: [4, 2],
  });
  const long = bandOf([losses(...Array.from({ length: 125 }, () => 1))], 125);
  // Sixty stretches at most, of three steps.
  expect([long.step.length, long.step[0], long.step.at(-1)]).toEqual([42, 3, 125]);
});

test("the chart names its curves, keeps to the range after the first fall, and escapes", () => {
  const steps = Array.from({ length: 20 }, (_, i) => i + 1);
  const mean = steps.map((step) => (step === 1 ? 1000 : 1 / step));
  const band = { step: steps, mean, low: mean.map((value) => value * 0.9), high: mean.map((value) => value * 1.1) };
  const svg = curveChart("Flow <loss>", [{ variant: "A", label: "M & N", band }]);
  expect(svg).toContain("Flow &lt;loss&gt;");
  expect(svg).toContain("A: M &amp; N");
  const labels = [...svg.matchAll(/text-anchor="end">([\d.-]+)</g)].map((match) => Number(match[1]));
  expect(Math.max(...labels)).toBeLessThan(1);
  expect(svg).not.toMatch(/NaN|undefined/);
  expect(curveChart("none", [])).not.toMatch(/NaN|undefined|Infinity/);
});
