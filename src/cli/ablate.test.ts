import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { STUDIES } from "../eval/ablation/studies.ts";

const out = ["--out", join(tmpdir(), "mogao-no-such-study")];

test.each([
  [["--study", "size"], "--study: expected architecture, teacher-forcing, lambda, dropout, guidance"],
  [
    ["--only", "A,X", "--config", "tests/support/tiny-ablation.ts"],
    '--only: expected names among A, B, C, D, found "X"',
  ],
  [["--config", "/no/such.ts"], "/no/such.ts: cannot be loaded"],
  [["--study", "guidance", "--only", "A"], "--only: expected no variants with --study guidance"],
  [["--seeds", "0"], "--seeds: expected a whole number from 1"],
])("rejects %j", async (argv, message) => {
  const { code, stdout, stderr } = await runFakeCli(["ablate", ...out, ...argv]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
});

test("its help fits a screen and names every study", async () => {
  const { stdout } = await runFakeCli(["ablate", "--help"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  for (const study of [...Object.keys(STUDIES), "guidance"]) expect(stdout).toContain(`${study}:`);
  expect(stdout).toContain("Examples:\n  mogao ablate");
});
