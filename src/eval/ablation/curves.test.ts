import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { curveChart } from "./curve-chart.ts";
import { bandOf, flowLosses, lossesBelow } from "./curves.ts";

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
  // 25 stretches at most, of five steps.
  expect([long.step.length, long.step[0], long.step.at(-1)]).toEqual([25, 5, 125]);
});

test("differences are taken step by step, where both have one", () => {
  expect(lossesBelow(losses(3, 2, 1), losses(4, 1).slice(0, 2))).toEqual([
    { step: 1, flow: 1 },
    { step: 2, flow: -1 },
  ]);
});

test("the chart names its curves once, keeps to the range after the first fall, and escapes", () => {
  const steps = Array.from({ length: 20 }, (_, i) => i + 1);
  const mean = steps.map((step) => (step === 1 ? 1000 : 1 / step));
  const band = { step: steps, mean, low: mean.map((value) => value * 0.9), high: mean.map((value) => value * 1.1) };
  const curves = [{ label: "A: M & N", band }];
  const svg = curveChart("Flow <loss>", 20, [
    { axis: "loss", curves },
    { axis: "a > b", curves },
  ]);
  expect(svg).toContain("Flow &lt;loss&gt;");
  expect(svg).toContain("a &gt; b");
  expect(svg.match(/A: M &amp; N/g)).toHaveLength(1);
  expect(svg.match(/<polyline/g)).toHaveLength(2);
  const labels = [...svg.matchAll(/text-anchor="end">([\d.-]+)</g)].map((match) => match[1]!);
  expect(labels.slice(0, labels.length / 2)).toEqual(["0.05", "0.10", "0.15", "0.20"]);
  expect(svg).not.toMatch(/NaN|undefined/);
  expect(curveChart("none", 0, [{ axis: "nothing", curves: [] }])).not.toMatch(/undefined|Infinity/);
});
