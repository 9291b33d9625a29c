import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-cli-judges-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("its help fits a screen", async () => {
  const { stdout } = await runFakeCli(["eval", "judges", "--help"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(stdout).toContain("Examples:\n  mogao eval judges");
});

test.each([
  [["--limit", "0"], "--limit: expected a whole number from 1"],
  [["--concepts", "some"], "--concepts: expected curated, all"],
  [["--model", "/no/such"], "--model: expected a folder, found nothing at /no/such"],
  [["--results", "/no/such"], "/no/such/settings.json"],
])("rejects %j before anything long begins", async (argv, message) => {
  const { code, stdout, stderr } = await runFakeCli(["eval", "judges", "--out", join(folder, "out"), ...argv]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^mogao: .*\n$/);
  expect(stderr).toContain(message);
  expect(await readdir(folder)).toEqual([]);
});

test("a folder of results must say of which concepts it is", async () => {
  await writeFile(join(folder, "settings.json"), '{"concepts":7}');
  const { code, stderr } = await runFakeCli(["eval", "judges", "--results", folder, "--out", join(folder, "out")]);
  expect(code).toBe(2);
  expect(stderr).toContain("settings.json: concepts: Invalid input");
});
