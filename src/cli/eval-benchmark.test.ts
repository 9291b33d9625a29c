import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dogs, drawing, popeFiles, prepare, reportOf, run } from "../../tests/support/benchmark-run.ts";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { jsonLines, scratchFolder } from "../../tests/support/scratch-folder.ts";
import { benchmarks } from "../eval/benchmarks/registry.ts";

const scratch = scratchFolder();

test("says what is wrong, before a model is loaded", async () => {
  const failing = async (message: string | RegExp, ...args: Parameters<typeof run>) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  };
  const folder = await prepare(popeFiles);
  await failing(/data: expected val2014\/a\.jpg or a\.jpg, found none of them/, "pope", folder, undefined);
  await failing(
    /--protocol: expected official, .* for pope, found "best"/,
    "pope",
    folder,
    undefined,
    "--protocol",
    "best",
  );
  await failing(/--judge-model: expected the name/, "pope", folder, undefined, "--judge", "http://localhost:1");
  await failing(/nothing\.jsonl: no such file/, "pope", folder, undefined, "--judge", join(folder, "nothing.jsonl"));
  await failing(/Your_Results or eval_tool\/Your_Results, found none/, "mme", folder, undefined);
  await failing(/expected folders of MMMU's subjects/, "mmmu", folder, undefined);
  const drawn = await prepare({ "evaluation_metadata.jsonl": jsonLines([dogs]) });
  await reportOf("geneval", drawn, drawing(), "--steps", "2");
  await failing(/holds results of other weights, settings or judge/, "geneval", drawn, undefined, "--steps", "3");
  await writeFile(join(drawn, "data/evaluation_metadata.jsonl"), jsonLines([{ ...dogs, prompt: "another" }]));
  await failing(/"00000" was another prompt; choose another folder/, "geneval", drawn, undefined, "--steps", "2");
});

test("tables of several runs, with the average when all six are there", async () => {
  const report = (benchmark: string, overall: number, official = true) =>
    JSON.stringify({ benchmark, protocol: "official", official, settings: { weights: "abc" }, scores: { overall } });
  const folder = await scratch({
    "pope/report.json": report("pope", 0.889),
    "mme/report.json": report("mme", 1592),
    "mmb/report.json": report("mmbench", 0.75),
    "seed/report.json": report("seedbench", 74.6),
    "gqa/report.json": report("gqa", 60.9),
    "mmmu/report.json": report("mmmu", 0.442, false),
  });
  const runs = ["pope", "mme", "mmb", "seed", "gqa", "mmmu"].map((name) => join(folder, name));
  const { stdout } = await runFakeCli(["eval", "table", ...runs]);
  // The paper's own row.
  expect(stdout).toMatch(/\| abc +\| +88\.9 \| 1592\.0 \| 75\.0 \| 74\.6 \| 60\.9 \| 44\.2\* \| 57\.4\* \|/);
  expect((await runFakeCli(["eval", "table", runs[0]!])).stdout).toMatch(/\| +88\.9 \| +– \| .* \| +– \|/);
});

test("there is a verb for every benchmark, whose help fits a screen", async () => {
  for (const { name } of benchmarks) {
    const { stdout } = await runFakeCli(["eval", name, "--help"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines[0]).toMatch(new RegExp(`^Usage: mogao eval ${name}(\\|[a-z]+-bench)? \\[options\\]$`));
  }
});
