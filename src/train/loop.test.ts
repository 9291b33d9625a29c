import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRuntime } from "../runtime/open-runtime.ts";
import type { Runtime } from "../runtime/types.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { toyRegression } from "../../tests/support/toy-regression.ts";
import { toyRunOptions } from "../../tests/support/toy-run-options.ts";
import { train, type TrainOptions } from "./loop.ts";
import type { StepRecord } from "./reporter.ts";

let runtime: Runtime;
let folder: string;
let runs = 0;

beforeAll(async () => {
  runtime = await openRuntime({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "mogao-train-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function options(overrides: Partial<TrainOptions> = {}): TrainOptions {
  return { ...toyRunOptions, runtime, outDir: join(folder, `run-${runs++}`), ...overrides };
}

async function metricsOf({ outDir }: TrainOptions): Promise<StepRecord[]> {
  const text = await readFile(join(outDir, "metrics.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as StepRecord);
}

describe("train", () => {
  test("learns a linear function to almost nothing, with batches of changing size", async () => {
    const { loss, finished } = await train(
      toyRegression({ rows: (step) => 16 + (step % 3), width: 32 }),
      options({ steps: 1500, schedule: { kind: "cosine", peak: 0.02, warmup: 20 } }),
    );
    expect(loss).toBeLessThan(1e-4);
    expect(finished).toBe(true);
  });

  test("averages weights, so that the average is steadier than the weights", async () => {
    const { weights, averages } = await train(toyRegression(), options({ steps: 300 }));
    const [weight, average] = [weights.get("head.weight")!, averages.get("head.weight")!];
    expect([...average]).not.toEqual([...weight]);
    const distance = Math.hypot(...average.map((value, i) => value - weight[i]!)) / Math.hypot(...weight);
    expect(distance).toBeLessThan(0.2);
  });

  test("writes what a task lets be observed, from the averaged weights", async () => {
    const task = toyRegression({ frozenHidden: true });
    const run = options({ steps: 2, optimizer: {} });
    const { averages } = await train({ ...task, observed: { loss: task.loss } }, run);
    const { loss } = JSON.parse(await readFile(join(run.outDir, "observed-0000002.json"), "utf8")) as { loss: number };
    const again = await train(task, options({ steps: 2, optimizer: {} }));
    expect([...again.averages.get("head.bias")!]).toEqual([...averages.get("head.bias")!]);
    // Of the last batch, after the step that it made.
    expect(loss).toBeGreaterThan(0);
    expect(loss).toBeLessThan(again.loss!);
  });

  test("reads frozen parameters and leaves them alone", async () => {
    const task = toyRegression({ frozenHidden: true });
    const before = [...task.frozen!.get("hidden.weight")!];
    const { weights } = await train(task, options({ steps: 3, optimizer: {} }));
    expect([...weights.keys()]).toEqual(["head.weight", "head.bias"]);
    expect([...task.frozen!.get("hidden.weight")!]).toEqual(before);
    await expect(train({ ...task, frozen: new Map() }, options({ optimizer: {} }))).rejects.toThrow(
      /"hidden\.\w+", which is neither trained nor frozen/,
    );
  });

  test("starts from the task's own values where it has some", async () => {
    const bias = new Float32Array([3, 4, 5]);
    const run = { signal: AbortSignal.abort() };
    const { weights, averages } = await train(
      { ...toyRegression(), start: new Map([["head.bias", bias]]) },
      options(run),
    );
    expect([...weights.get("head.bias")!, ...averages.get("head.bias")!]).toEqual([3, 4, 5, 3, 4, 5]);
    for (const [name, message] of [
      ["head.weight", /"head.weight" with 3 values, expected 48/],
      ["tail", /"tail" with 3 values, expected none/],
    ] as const)
      await expect(train({ ...toyRegression(), start: new Map([[name, bias]]) }, options(run))).rejects.toThrow(
        message,
      );
  });

  test("skips steps with a loss that is not finite, and counts them", async () => {
    const poisoned = (step: number) => step === 2 || step === 3;
    const notes: string[] = [];
    const run = options({ reporter: { note: (message) => notes.push(message) } });
    const { skipped, weights } = await train(toyRegression({ poisoned }), run);
    expect(skipped).toBe(2);
    expect([...weights.values()].every((values) => values.every(Number.isFinite))).toBe(true);
    expect((await metricsOf(run)).map((record) => record.skipped)).toEqual([false, false, true, true, false, false]);
    expect(notes.filter((note) => note.includes("skipped"))).toHaveLength(2);
    const before = await train(toyRegression(), options({ steps: 2 }));
    const after = await train(toyRegression({ poisoned }), options({ steps: 4 }));
    expect([...after.averages.get("head.weight")!]).toEqual([...before.averages.get("head.weight")!]);
  });

  test("gives up after so many skipped steps in a row", async () => {
    const run = options({ steps: 50, maxSkipped: 4 });
    await expect(train(toyRegression({ poisoned: (step) => step >= 5 }), run)).rejects.toThrow(
      /diverged.*4 steps in a row, up to step 9 .*loss NaN/,
    );
  });

  test("clips to the global norm", async () => {
    // After one step AdamW's first moments are half of the clipped gradients.
    const run = options({ steps: 1, optimizer: { adamw: { beta1: 0.5 }, clip: 1e-3 } });
    await train(toyRegression(), run);
    const [record] = await metricsOf(run);
    expect(record!.gradientNorm).toBeGreaterThan(0.1);
    const { means } = await momentsOf(run);
    expect(Math.hypot(...means)).toBeCloseTo(0.5e-3, 7);
  });

  test("asks for the next batch while a step computes, and never for one too many", async () => {
    const events: string[] = [];
    const watched: Runtime = {
      ...runtime,
      async load(model, settings) {
        const program = await runtime.load(model, settings);
        if (!program.outputNames.includes("loss")) return program;
        return {
          inputNames: program.inputNames,
          outputNames: program.outputNames,
          async run(feeds, into) {
            events.push("run");
            const outputs = await program.run(feeds, into);
            events.push("ran");
            return outputs;
          },
          dispose: () => program.dispose(),
        };
      },
    };
    // Wide enough to compute for longer than it takes to ask.
    const task = toyRegression({ width: 20_000 });
    await train(
      {
        ...task,
        batch: (step) => {
          events.push(`batch ${step}`);
          return task.batch(step);
        },
        close: async () => void events.push("close"),
      },
      options({ runtime: watched, steps: 2 }),
    );
    expect(events).toEqual(["batch 0", "run", "batch 1", "ran", "run", "ran", "close"]);
  });

  test("stops after the step in progress when aborted, with a checkpoint to go on from", async () => {
    const abort = new AbortController();
    const run = options({ steps: 100, reporter: { step: ({ step }) => step === 4 && abort.abort() } });
    const stopped = await train(toyRegression(), { ...run, signal: abort.signal });
    expect(stopped).toMatchObject({ step: 4, finished: false });
    const resumed = await train(toyRegression(), { ...run, steps: 5, resume: true });
    expect(resumed).toMatchObject({ step: 5, finished: true });
  });

  test("reports at the end, from the averaged weights", async () => {
    const reports: [number, number][] = [];
    const { averages } = await train(
      { ...toyRegression(), report: async (step, weights) => void reports.push([step, weights.get("head.bias")![0]!]) },
      options(),
    );
    expect(reports).toEqual([[6, averages.get("head.bias")![0]!]]);
  });

  test("records what a step did", async () => {
    const run = options({ steps: 2 });
    await train(toyRegression(), run);
    const [first, second] = await metricsOf(run);
    expect(first).toMatchObject({
      step: 1,
      samples: 16,
      learningRate: 0.01 / 3,
      metrics: { bias: expect.any(Number) },
    });
    expect(second!.seconds).toBeGreaterThan(first!.seconds);
    expect(second!.gflopsPerSecond / second!.samplesPerSecond).toBeCloseTo((6 * 16 * 7) / 1e9);
  });

  test("gives the same on onnxruntime-node", async () => {
    process.env["MOGAO_RUNTIME"] = "ort-node";
    try {
      const other = await openRuntime({ threads: 1 });
      expect(other.description).toContain("onnxruntime-node");
      const [a, b] = [
        await train(toyRegression(), options()),
        await train(toyRegression(), options({ runtime: other })),
      ];
      const [x, y] = [a.averages.get("hidden.weight")!, b.averages.get("hidden.weight")!];
      x.forEach((value, i) => expect(y[i]).toBeCloseTo(value, 5));
    } finally {
      delete process.env["MOGAO_RUNTIME"];
    }
  });
});

async function momentsOf({ outDir, steps }: TrainOptions): Promise<{ means: number[] }> {
  const path = join(outDir, "checkpoints", `step-${String(steps).padStart(8, "0")}`, "optimizer.safetensors");
  const file = await openSafetensors(path);
  const means: number[] = [];
  for (const name of file.names) if (name.startsWith("mean.")) means.push(...(await file.readFloat32(name)));
  await file.close();
  return { means };
}
