/**
 * Which way of training learns most in a given time: `npm run bench -- trials NAME [--minutes N]`.
 *
 * The arms of a trial train the default model's drawing (configs/emoji-nano.ts) from scratch, all at once on equal shares of
 * the cores, for the same time at a constant rate. Their weights then predict the velocity of the same unseen samples at the
 * same times; lower is better. Writes nothing but a table and one line of JSON.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import emojiNano from "../configs/emoji-nano.ts";
import { InputError } from "../src/core/errors.ts";
import type { ParameterValues } from "../src/nn/parameters.ts";
import { compileModel } from "../src/onnx/emit.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import type { HostTensor, Runtime } from "../src/runtime/types.ts";
import { train } from "../src/train/loop.ts";
import type { OptimizerOptions } from "../src/train/optimizer/plan.ts";
import { worldTask, type WorldTaskSettings } from "../src/train/world-task.ts";
import { printTable } from "./measure.ts";

interface Arm {
  /** Replaces parts of the default model's settings. */
  readonly task?: Partial<WorldTaskSettings>;
  readonly source?: Partial<WorldTaskSettings["sources"][number]>;
  /** Default 2e-3. */
  readonly rate?: number;
  readonly optimizer?: OptimizerOptions;
}

// What all arms share but for what they change; the default model's own settings have moved on with the results.
const base: WorldTaskSettings = { ...(emojiNano.task as WorldTaskSettings), copies: 2 };
const drawing = {
  ...base.sources.find(({ name }) => name === "draw")!,
  samplesPerStep: 48,
  capacity: { text: 56, visual: 144 },
};
const { muon: blocks, adamw } = emojiNano.train.optimizer as OptimizerOptions;
const muon: NonNullable<OptimizerOptions["muon"]> = { ...blocks!, blockRows: undefined };
const single = { ...drawing.world, families: { "draw-single": 1 } };

const trials: Readonly<Record<string, Readonly<Record<string, Arm>>>> = {
  optimizer: { "Muon, 3 iterations": {}, AdamW: { optimizer: { adamw } } },
  "muon-iterations": {
    "3 iterations": {},
    "5 iterations": { optimizer: { adamw, muon: { ...muon, iterations: 5 } } },
  },
  "muon-blocks": {
    "whole matrices": { rate: 4e-3 },
    "blocks of 64 rows": { rate: 4e-3, optimizer: { adamw, muon: { ...muon, blockRows: 64 } } },
  },
  rate: { "2e-3": {}, "4e-3": { rate: 4e-3 } },
  batch: { "48 samples": {}, "24 samples": { source: { samplesPerStep: 24 } } },
  "batch-and-rate": {
    "48 samples, 8e-3": { rate: 8e-3 },
    "24 samples, 4e-3": { rate: 4e-3, source: { samplesPerStep: 24 } },
  },
  copies: {
    "1 noise level": { task: { copies: 1 }, source: { capacity: { text: 56, visual: 72 } } },
    "4 noise levels": { task: { copies: 4 }, source: { capacity: { text: 56, visual: 288 } } },
  },
  curriculum: { "singles and scenes": {}, "singles alone": { source: { world: single } } },
  "time-shift": { "1.5": {}, "3": { task: { timeShift: 3 } } },
};

function settingsOf({ task, source }: Arm): WorldTaskSettings {
  return {
    ...base,
    ...task,
    sources: [{ ...drawing, ...source }],
    preview: { ...base.preview, prompts: [] },
  };
}

/** Mean velocity error over fixed batches that no arm trains on: another seed, every condition kept. */
async function score(runtime: Runtime, weights: ParameterValues, world: WorldTaskSettings["sources"][number]["world"]) {
  const settings = settingsOf({ task: { copies: 1, drop: { all: 0, text: 0, vit: 0, vae: 0 } }, source: { world } });
  const task = await worldTask(settings, { runtime, seed: 1_000_003, outDir: "" });
  const { bytes, inputs } = compileModel({ flow: task.metrics["flow"]! });
  const program = await runtime.load(bytes);
  const parameters: Record<string, HostTensor> = {};
  for (const { name, role, shape } of inputs)
    if (role === "parameter")
      parameters[name] = { type: "float32", shape: shape as number[], data: weights.get(name)! } as HostTensor;
  let sum = 0;
  const batches = 12;
  for (let step = 0; step < batches; step++) {
    const { feeds } = await task.batch(step);
    const wanted = program.inputNames.filter((name) => !(name in parameters));
    const { flow } = await program.run({ ...parameters, ...Object.fromEntries(wanted.map((n) => [n, feeds[n]!])) });
    sum += Number(flow!.data[0]);
  }
  program.dispose();
  await task.close?.();
  return sum / batches;
}

async function runArm(arm: Arm, minutes: number, threads: number) {
  const runtime = await openRuntime({ threads });
  const folder = await mkdtemp(join(tmpdir(), "mogao-trial-"));
  try {
    const settings = settingsOf(arm);
    const task = await worldTask(settings, { runtime, seed: 0, outDir: folder });
    const timeUp = new AbortController();
    const reporter = { note: () => {}, start: () => void setTimeout(() => timeUp.abort(), minutes * 60_000) };
    const { step, weights } = await train(task, {
      runtime,
      outDir: folder,
      steps: 1_000_000,
      seed: 0,
      schedule: { kind: "constant", peak: arm.rate ?? 2e-3, warmup: 40 },
      optimizer: arm.optimizer ?? { adamw, muon },
      checkpointMinutes: 1e6,
      reportMinutes: 1e6,
      reporter,
      signal: timeUp.signal,
    });
    const samples = step * settings.sources[0]!.samplesPerStep;
    const errors = {
      single: await score(runtime, weights, single),
      mixed: await score(runtime, weights, drawing.world),
    };
    return { steps: step, samples, ...errors };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string", default: "6" }, arm: { type: "string" }, threads: { type: "string" } },
});
const arms = trials[positionals[0] ?? ""];
if (!arms)
  throw new InputError(`Unknown trial "${positionals[0] ?? ""}": expected one of ${Object.keys(trials).join(", ")}.`);
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new InputError(`--minutes: expected a positive number, found "${values.minutes}".`);

if (values.arm !== undefined) {
  console.log(JSON.stringify(await runArm(arms[values.arm]!, minutes, Number(values.threads))));
  process.exit(0);
}
const names = Object.keys(arms);
const threads = String(Math.max(1, Math.floor(availableParallelism() / names.length)));
const results = await Promise.all(
  names.map(async (name) => {
    const script = [fileURLToPath(import.meta.url), positionals[0]!, "--minutes", String(minutes)];
    const child = spawn(process.execPath, [...script, "--arm", name, "--threads", threads], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const output = (await child.stdout.toArray()).join("");
    return JSON.parse(output.trim().split("\n").at(-1)!) as Awaited<ReturnType<typeof runArm>>;
  }),
);
printTable(
  ["arm", "steps", "samples", "error, singles", "error, mixed"],
  results.map((result, i) => [
    names[i]!,
    String(result.steps),
    String(result.samples),
    result.single.toFixed(4),
    result.mixed.toFixed(4),
  ]),
);
console.log(JSON.stringify({ bench: "trials", trial: positionals[0], minutes, arms: names, results }));
