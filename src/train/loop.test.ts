import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRuntime } from "../runtime/open-runtime.ts";
import type { Runtime } from "../runtime/types.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { train, type TrainOptions } from "./loop.ts";
import type { StepRecord } from "./reporter.ts";
import { toyRegression } from "../../tests/support/toy-regression.ts";

let runtime: Runtime;
let folder: string;
let runs = 0;

beforeAll(async () => {
  runtime = await openRuntime({ device: "cpu", threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "mogao-train-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function options(overrides: Partial<TrainOptions> = {}): TrainOptions {
  return {
    runtime,
    outDir: join(folder, `run-${runs++}`),
    steps: 6,
    seed: 3,
    schedule: { kind: "constant", peak: 0.01, warmup: 2 },
    optimizer: {
      adamw: { weightDecay: 0.1 },
      muon: { select: ({ name }) => name === "hidden.weight" },
      emaDecay: 0.99,
    },
    ...overrides,
  };
}

async function contents(checkpoint: string): Promise<Map<string, number[]>> {
  const all = new Map<string, number[]>();
  for (const part of ["weights", "ema", "optimizer"]) {
    const file = await openSafetensors(join(checkpoint, `${part}.safetensors`));
    for (const name of file.names) all.set(`${part}/${name}`, [...(await file.readFloat32(name))]);
    await file.close();
  }
  return all;
}

async function metricsOf(outDir: string): Promise<StepRecord[]> {
  const text = await readFile(join(outDir, "metrics.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as StepRecord);
}

describe("train", () => {
  test("learns a linear function to almost nothing, with batches of changing size", async () => {
    const { loss, averages, weights } = await train(
      toyRegression({ rows: (step) => 16 + (step % 3), width: 32 }),
      options({ steps: 1500, schedule: { kind: "cosine", peak: 0.02, warmup: 20 } }),
    );
    expect(loss).toBeLessThan(1e-4);
    expect([...averages.keys()]).toEqual([...weights.keys()]);
  });

  test("six steps equal three, a resumption and three more, bit for bit", async () => {
    const straight = await train(toyRegression(), options());
    const interrupted = options({ steps: 3 });
    await train(toyRegression(), interrupted);
    const resumed = await train(toyRegression(), { ...interrupted, steps: 6, resume: true });
    expect(await contents(resumed.checkpoint)).toEqual(await contents(straight.checkpoint));
    const [a, b] = [await metricsOf(join(straight.checkpoint, "../..")), await metricsOf(interrupted.outDir)];
    expect(b.map(({ step, loss, samples }) => [step, loss, samples])).toEqual(
      a.map(({ step, loss, samples }) => [step, loss, samples]),
    );
  });
});
