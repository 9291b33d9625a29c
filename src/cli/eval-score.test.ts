import { expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { jsonLines, scratchFolder } from "../../tests/support/scratch-folder.ts";
import { benchmarks, findBenchmark } from "../eval/benchmarks/registry.ts";

const scratch = scratchFolder();
const files = {
  "answers.jsonl": jsonLines([{ answer: "Yes" }, { answer: "No" }]),
  "labels.json": jsonLines([
    { text: "Is it?", label: "yes" },
    { text: "Is it?", label: "no" },
    { text: "Is it?", label: "no" },
  ]),
};

async function run(...argv: readonly string[]) {
  const folder = await scratch(files);
  return runFakeCli(["eval", "score", ...argv.map((value) => value.replace("@", `${folder}/`))]);
}
const paths = ["--answers", "@answers.jsonl", "--questions", "@labels.json"];

test("prints one JSON object", async () => {
  const { code, stdout, stderr } = await run("pope", ...paths, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual({
    benchmark: "pope",
    protocol: "official",
    scorer: "mogao pope 1",
    scores: {
      overall: 1,
      splits: { answers: { TP: 1, FP: 0, TN: 1, FN: 0, accuracy: 1, precision: 1, recall: 1, f1: 1, yes_ratio: 0.5 } },
    },
    items: 3,
    missing: 1,
    failed: 0,
    notes: ["the official scorer ignores questions without an answer"],
  });
});

test("prints what the official scorer prints, and everything else on stderr", async () => {
  const { stdout, stderr } = await run("POPE", ...paths);
  expect(stdout).toBe(
    "TP\tFP\tTN\tFN\t\n1\t0\t1\t0\nAccuracy: 1.0\nPrecision: 1.0\nRecall: 1.0\nF1 score: 1.0\nYes ratio: 0.5\n",
  );
  expect(stderr).toBe(
    "mogao pope 1, protocol official: 3 items, 1 missing, 0 failed\nnote: the official scorer ignores questions without an answer\n",
  );
});

test.each([
  [["bar", ...paths], 'unknown benchmark "bar": expected pope, '],
  [
    ["pope", ...paths, "--protocol", "best"],
    '--protocol: expected official, bagel, fixed, lmms_eval, vlmevalkit for pope, found "best"',
  ],
  [["pope", "--questions", "@labels.json"], "required option '--answers <PATH>' not specified"],
  [["pope", "--answers", ""], "--answers: expected a file or a folder, found nothing"],
  [paths, "missing required argument 'BENCHMARK'"],
])("bad arguments end with code 2 and one line: %j", async (argv, message) => {
  const { code, stdout, stderr } = await run(...argv);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

test("benchmarks have one name in several writings", () => {
  for (const name of ["SEED-Bench", "seed_bench", "seed"]) expect(findBenchmark(name).title).toBe("SEED-Bench");
  expect(findBenchmark("DPG").name).toBe("dpgbench");
});

test("its help names every benchmark and protocol and fits a screen", async () => {
  const { stdout } = await run("--help");
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  for (const { name, protocols } of benchmarks) {
    expect(stdout).toContain(name);
    for (const protocol of protocols) expect(stdout).toContain(protocol);
  }
});
