import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { Interrupted } from "./context.ts";
import { trainCommand } from "./train.ts";

const config = join(import.meta.dirname, "../../tests/support/toy-config.ts");
let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "mogao-cli-train-"));
});
afterEach(() => rm(out, { recursive: true }));

/** Runs the verb; `onWrite` sees what is printed and may press Ctrl-C. */
async function run(argv: readonly string[], onWrite?: (text: string, pressCtrlC: () => void) => void) {
  const written = { stdout: "", stderr: "" };
  let listener: (() => void) | undefined;
  const output = (name: "stdout" | "stderr") => ({
    write(text: string) {
      written[name] += text;
      onWrite?.(text, () => listener?.());
    },
  });
  const command = trainCommand({
    stdout: output("stdout"),
    stderr: output("stderr"),
    onInterrupt(added) {
      listener = added;
      return () => (listener = undefined);
    },
  }).exitOverride();
  const error: unknown = await command
    .parseAsync([config, "--out", out, "--threads", "1", ...argv], { from: "user" })
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  return { ...written, error };
}

test("trains, tells people on stderr and prints the checkpoint", async () => {
  const { stdout, stderr, error } = await run(["--steps", "3", "--set", "task.width=12"]);
  expect(error).toBeUndefined();
  expect(stdout).toBe(`${join(out, "checkpoints", "step-00000003")}\n`);
  expect(stderr).toMatch(/Costs nothing.*\nONNX Runtime .*\ntoy-regression: 0\.00 M parameters, step 0 of 3\n/);
  expect(stderr).toMatch(/\nstep 3\/3 {2}loss \S+ {2}\S+ samples\/s {2}\S+ GFLOP\/s {2}0s left\n/);
  const state = JSON.parse(await readFile(join(out, "checkpoints", "step-00000003", "state.json"), "utf8")) as object;
  expect(state).toMatchObject({ step: 3, identity: { settings: { width: 12 } } });
});

test("Ctrl-C writes a checkpoint that --resume goes on from", async () => {
  const stopped = await run(["--steps", "1000000"], (text, pressCtrlC) => text.startsWith("step 1/") && pressCtrlC());
  expect(stopped.error).toBeInstanceOf(Interrupted);
  expect(stopped.stderr).toContain("stopping after this step");
  expect(stopped.stdout.trim()).toBe(join(out, "checkpoints", "step-00000001"));
  const resumed = await run(["--resume", "--steps", "4", "--json"]);
  expect(resumed.error).toBeUndefined();
  expect(resumed.stderr).toContain("step 1 of 4");
  expect(JSON.parse(resumed.stdout)).toEqual({
    step: 4,
    finished: true,
    loss: expect.any(Number),
    skipped: 0,
    checkpoint: join(out, "checkpoints", "step-00000004"),
  });
});

test.each([
  [["--set", "task.wide=1"], /task has no "wide"/],
  [["--steps", "none"], /--steps: expected a whole number/],
  [["--device", "tpu"], /--device: expected cpu, webgpu, cuda/],
  [["--init-from", "/no/such"], /\/no\/such: no such file/],
])("rejects %j", async (argv, message) => {
  const { error, stdout } = await run(argv);
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).toMatch(message);
  expect(stdout).toBe("");
});
