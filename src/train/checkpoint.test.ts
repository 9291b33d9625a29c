import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toyRegression } from "../../tests/support/toy-regression.ts";
import { toyRunOptions } from "../../tests/support/toy-run-options.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import type { Runtime } from "../runtime/types.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { latestCheckpoint, readProgress } from "./checkpoint.ts";
import { train, type TrainOptions } from "./loop.ts";

let runtime: Runtime;
let folder: string;
let runs = 0;

beforeAll(async () => {
  runtime = await openRuntime({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "mogao-checkpoint-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function options(overrides: Partial<TrainOptions> = {}): TrainOptions {
  return { ...toyRunOptions, runtime, outDir: join(folder, `run-${runs++}`), ...overrides };
}

/** Bytes of every tensor of a checkpoint. */
async function contents(checkpoint: string): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const part of ["weights", "ema", "optimizer"]) {
    const file = await openSafetensors(join(checkpoint, `${part}.safetensors`));
    for (const name of file.names) {
      const { buffer, byteOffset, byteLength } = await file.readFloat32(name);
      all.set(`${part}/${name}`, Buffer.from(buffer, byteOffset, byteLength).toString("base64"));
    }
    await file.close();
  }
  return all;
}

describe("resuming", () => {
  test("six steps equal three, a resumption and three more, bit for bit", async () => {
    const straight = options();
    const interrupted = options({ steps: 3 });
    const { checkpoint } = await train(toyRegression(), straight);
    await train(toyRegression(), interrupted);
    const resumed = await train(toyRegression(), { ...interrupted, steps: 6, resume: true });
    expect(await contents(resumed.checkpoint)).toEqual(await contents(checkpoint));
    const [a, b] = [await readProgress(checkpoint), await readProgress(resumed.checkpoint)];
    expect({ ...b, seconds: 0 }).toEqual({ ...a, seconds: 0 });
  });

  test("continues the metrics, without the steps that were lost", async () => {
    const run = options({ steps: 3 });
    await train(toyRegression(), run);
    const path = join(run.outDir, "metrics.jsonl");
    const text = await readFile(path, "utf8");
    await writeFile(path, `${text}{"step":4,"loss":9}\n{"step":5,"lo`);
    await train(toyRegression(), { ...run, steps: 6, resume: true });
    const lines = (await readFile(path, "utf8")).trim().split("\n");
    expect(lines.slice(0, 3).join("\n")).toBe(text.trim());
    expect(lines.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("needs to be asked for, and the same configuration", async () => {
    const run = options({ steps: 2, identity: { width: 16, words: ["a", "b"] } });
    const { checkpoint } = await train(toyRegression(), run);
    await expect(train(toyRegression(), run)).rejects.toThrow(/holds a run already/);
    const resumed = { ...run, resume: true };
    const tries: [Partial<TrainOptions>, number, RegExp][] = [
      [{ identity: { width: 16, words: ["a", "c"] } }, 16, /settings\.words\.1 was "b", is "c"/],
      [{ seed: 4 }, 16, /seed was 3, is 4/],
      [{}, 20, /parameters\.hidden\.bias was "adamw \[16\]", is "adamw \[20\]"/],
      [{ optimizer: {} }, 16, /parameters\.hidden\.weight was "muon \[16, 4\]", is "adamw \[16, 4\]"/],
    ];
    for (const [change, width, message] of tries)
      await expect(train(toyRegression({ width }), { ...resumed, ...change })).rejects.toThrow(message);
    expect((await readProgress(checkpoint)).step).toBe(2);
    await expect(train(toyRegression(), resumed)).resolves.toMatchObject({ step: 2, checkpoint });
  });

  test("can forget the optimizer's moments", async () => {
    const run = options({ steps: 3 });
    await train(toyRegression(), run);
    const kept = await train(toyRegression(), { ...run, steps: 3, resume: true });
    const before = [...kept.weights.get("head.weight")!];
    const reset = await train(toyRegression(), { ...run, steps: 4, resume: true, resetOptimizer: true });
    expect((await readProgress(reset.checkpoint)).updates).toBe(1);
    // The first AdamW step without a past moves every element by the learning rate, up to decay.
    const moved = reset.weights.get("head.weight")!.map((value, i) => Math.abs(value - before[i]!));
    for (const distance of moved) expect(distance).toBeCloseTo(0.01, 2);
  });
});

describe("initFrom", () => {
  test("takes averaged weights that match by name and shape", async () => {
    const source = options({ steps: 5 });
    const { averages } = await train(toyRegression(), source);
    const abort = AbortSignal.abort();
    const notes: string[] = [];
    const run = options({ signal: abort, initFrom: source.outDir, reporter: { note: (text) => notes.push(text) } });
    const same = await train(toyRegression(), run);
    for (const [name, values] of averages) expect([...same.weights.get(name)!]).toEqual([...values]);
    expect([...same.averages.get("head.bias")!]).toEqual([...averages.get("head.bias")!]);
    const wider = await train(toyRegression({ width: 20 }), options({ ...run, outDir: join(folder, `run-${runs++}`) }));
    expect([...wider.weights.get("head.bias")!]).toEqual([...averages.get("head.bias")!]);
    expect(notes.join("\n")).toMatch(/1 parameters from .*; 3 start afresh: .*hidden\.weight/);
  });

  test("says that the samples of a run with the same seed come again", async () => {
    const source = options({ steps: 2 });
    await train(toyRegression(), source);
    const notesOf = async (seed: number) => {
      const notes: string[] = [];
      const reporter = { note: (text: string) => notes.push(text) };
      await train(toyRegression(), options({ steps: 1, initFrom: source.outDir, seed, reporter }));
      return notes.join("\n");
    };
    expect(await notesOf(source.seed)).toMatch(`seed ${source.seed} too: its first samples`);
    expect(await notesOf(source.seed + 1)).not.toMatch("first samples");
  });

  test("fails where nothing matches or nothing is there", async () => {
    await expect(train(toyRegression(), options({ initFrom: join(folder, "nowhere") }))).rejects.toThrow(/nowhere/);
  });
});

describe("checkpoints", () => {
  test("only the newest ones are kept, and leftovers of a killed save are removed", async () => {
    const run = options({ checkpointMinutes: 0, keepCheckpoints: 2 });
    const leftover = join(run.outDir, "checkpoints", ".step-00000009.writing");
    await mkdir(leftover, { recursive: true });
    await writeFile(join(leftover, "state.json"), "{");
    await train(toyRegression(), run);
    expect((await readdir(join(run.outDir, "checkpoints"))).sort()).toEqual(["step-00000005", "step-00000006"]);
  });

  test("a damaged one is an error, not a guess", async () => {
    const run = options();
    const { checkpoint } = await train(toyRegression(), run);
    await writeFile(join(checkpoint, "state.json"), `{"format":1,"step":-1}`);
    await expect(train(toyRegression(), { ...run, resume: true })).rejects.toThrow(/state\.json: .*step/);
  });

  test(
    "kill -9 at any moment leaves a complete one, equal to that of an undisturbed run",
    { timeout: 120_000 },
    async () => {
      const { outDir } = options();
      const child = join(import.meta.dirname, "../../tests/support/train-until-killed.ts");
      let step = 0;
      // Each life makes some checkpoints and dies a little later in the making of the next one.
      for (const delay of [0, 2, 5, 9, 14]) {
        const life = spawn(process.execPath, [child, outDir, "1000000"], { stdio: ["ignore", "pipe", "inherit"] });
        let checkpoints = 0;
        for await (const text of life.stdout) {
          checkpoints += String(text).split("checkpoint ").length - 1;
          if (checkpoints >= 3) break;
        }
        const death = life.exitCode === null ? once(life, "exit") : Promise.resolve();
        await new Promise((resolve) => setTimeout(resolve, delay));
        life.kill("SIGKILL");
        await death;
        const newest = await latestCheckpoint(outDir);
        const progress = await readProgress(newest!);
        expect(progress.step).toBeGreaterThanOrEqual(step + 3);
        step = progress.step;
      }
      const undisturbed = await train(toyRegression({ width: 2000 }), options({ steps: step }));
      expect(await contents((await latestCheckpoint(outDir))!)).toEqual(await contents(undisturbed.checkpoint));
    },
  );
});
