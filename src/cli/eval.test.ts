import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { FakeMogao, solid } from "../../tests/support/fake-mogao.ts";
import { SUITES } from "../eval/world/item.ts";
import type { Report } from "../eval/world/report.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-cli-eval-"));
  await writeFile(join(folder, "model.safetensors"), "weights");
});
afterEach(() => rm(folder, { recursive: true }));

const red = (): FakeMogao => new FakeMogao(() => ["Here.", solid(96, 96, [200, 30, 30])]);

function run(argv: readonly string[], model = red()) {
  const where = ["--model", folder, "--out", join(folder, "out")];
  return runFakeCli(["eval", "world", ...where, ...argv], { model, isTTY: !argv.includes("--json") });
}

test("grades, writes report, items and sheet, and goes on where it was", async () => {
  const first = await run(["--suite", "single,draws-when-asked", "--limit", "2", "--steps", "4"]);
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(
    /^\| suite .*\n\| -+.*\n\| \*\*single\*\* +\| +0\.0% (.*\n)+\| \*\*draws-when-asked\*\* +\| 100\.0% /,
  );
  expect(first.stdout.endsWith(`\n${join(folder, "out", "report.html")}\n`)).toBe(true);
  expect(first.stderr).toContain("single 0/2");
  const files = [
    "items.jsonl",
    "pictures",
    "report.html",
    "report.json",
    "report.md",
    "settings.json",
    "sheet-single.png",
  ];
  expect((await readdir(join(folder, "out"))).sort()).toEqual(files);
  const more = red();
  const { stdout, stderr } = await run(["--suite", "single", "--limit", "3", "--steps", "4", "--json"], more);
  expect(more.calls.length).toBe(1);
  expect(more.calls[0]!.options).toMatchObject({ steps: 4, temperature: 0, maxImages: 1 });
  expect(more.disposed).toBe(true);
  expect(stderr).toBe("");
  const report = JSON.parse(stdout) as Report;
  expect(report).toMatchObject({ items: 3, settings: { concepts: "all", steps: 4 } });
  expect(report.settings["judge"]).toMatch(/^trained-1-[0-9a-f]{12}$/);
  expect(report.rows[0]).toMatchObject({ suite: "single", model: { of: 3, right: 0 }, truth: { right: 3 }, drew: 1 });
  expect(JSON.parse(await readFile(join(folder, "out", "report.json"), "utf8"))).toMatchObject({
    rows: report.rows,
  });
});

test("its help fits a screen", async () => {
  const { stdout } = await runFakeCli(["eval", "world", "--help"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  for (const suite of SUITES) expect(stdout).toContain(suite);
  expect(stdout).toContain("Examples:\n  mogao eval world");
});

test("results of other weights or settings are left alone", async () => {
  await run(["--suite", "draws-when-asked", "--limit", "1"]);
  const message = "holds results of other weights, settings or judge; choose another folder with --out";
  expect(await run(["--suite", "draws-when-asked", "--limit", "1", "--steps", "9"])).toMatchObject({
    code: 2,
    stdout: "",
  });
  expect(await run(["--suite", "draws-when-asked", "--limit", "1", "--judge", "template"])).toMatchObject({ code: 2 });
  await writeFile(join(folder, "model.safetensors"), "other weights");
  const { stderr } = await run(["--suite", "draws-when-asked", "--limit", "1"]);
  expect(stderr).toContain(message);
});

test.each([
  [["--suite", "singel"], "--suite: expected names among single, two, counting"],
  [["--limit", "0"], "--limit: expected a whole number from 1"],
  [["--concepts", "some"], "--concepts: expected curated, all"],
  [["--judge", "me"], "--judge: expected trained, template"],
  [["--model", "/no/such"], "--model: expected a folder, found nothing at /no/such"],
  [["--model", import.meta.dirname], "expected a model's folder with safetensors, found none"],
])("rejects %j", async (argv, message) => {
  const { code, stdout, stderr } = await run(argv);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^mogao: .*\n$/);
  expect(stderr).toContain(message);
});
