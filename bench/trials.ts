/**
 * Which way of training learns most in a given time: `npm run bench -- trials NAME [--minutes N]`.
 *
 * The arms of a trial train the default model's drawing (configs/emoji-nano.ts) from scratch, all at once on equal shares of
 * the cores, for the same time at a constant rate. Their weights then predict the velocity of the same unseen samples at the
 * same times; lower is better. Writes nothing but a table and one line of JSON.
 */
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import emojiNano from "../configs/emoji-nano.ts";
import { InputError } from "../src/core/errors.ts";
import { Philox } from "../src/core/random.ts";
import type { RgbImage } from "../src/core/image.ts";
import { writePng } from "../src/data/png.ts";
import { conceptNamed } from "../src/data/world/concepts.ts";
import { SpriteBank } from "../src/data/world/sprite-bank.ts";
import { loadTokenizer } from "../src/encoders/tokenizer-file.ts";
import { TemplateJudge } from "../src/eval/world/template-judge.ts";
import { Mogao } from "../src/model/mogao.ts";
import { ParameterScope, type ParameterValues } from "../src/nn/parameters.ts";
import { compileModel } from "../src/onnx/emit.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import type { HostTensor, Runtime } from "../src/runtime/types.ts";
import { latentDeviations } from "../src/train/latent-deviations.ts";
import { LATENT_POWER, measureLatents, withDeviations } from "../src/train/vae-export.ts";
import { contactSheet } from "../src/train/contact-sheet.ts";
import { Preview } from "../src/train/preview.ts";
import { TOKEN_SIDE } from "../src/train/mogao-samples.ts";
import { loadVae, loadVaeCodec, saveVae } from "../src/weights/vae-files.ts";
import { MOGAO_SCOPE } from "../src/weights/model-folder.ts";
import { randomPicture } from "../src/train/vae-scenes.ts";
import { train } from "../src/train/loop.ts";
import type { OptimizerOptions } from "../src/train/optimizer/plan.ts";
import { worldTask, type WorldTaskSettings } from "../src/train/world-task.ts";
import { printTable } from "./measure.ts";

/** Few enough things that minutes of training give them shapes. */
const FEW = "apple,banana,bus,car,cat,clock,heart,house,key,star,tree,umbrella".split(",");

interface Arm {
  /** Replaces parts of the default model's settings. */
  readonly task?: Partial<WorldTaskSettings>;
  readonly source?: Partial<WorldTaskSettings["sources"][number]>;
  /** Default 2e-3. */
  readonly rate?: number;
  /** Of {@link latentDeviations}; default: the model's own. */
  readonly latentPower?: number;
  readonly optimizer?: OptimizerOptions;
}

// What all arms share but for what they change; the default model's own settings have moved on with the results.
const base: WorldTaskSettings = { ...(emojiNano.task as WorldTaskSettings), copies: 2, alignment: undefined };
const drawing = {
  ...base.sources.find(({ name }) => name === "draw")!,
  samplesPerStep: 48,
  capacity: { text: 56, visual: 144 },
};
const { muon: blocks, adamw } = emojiNano.train.optimizer as OptimizerOptions;
const muon: NonNullable<OptimizerOptions["muon"]> = { ...blocks!, blockRows: undefined };
const few = { samplesPerStep: 40, world: { ...drawing.world, concepts: FEW, families: { "draw-single": 1 } } };
const single = { ...drawing.world, families: { "draw-single": 1 } };

interface Outcome {
  readonly steps: number;
  readonly samples: number;
  readonly scores: Readonly<Record<string, number>>;
}

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
  alignment: {
    none: { rate: 4e-3, source: few, latentPower: LATENT_POWER, task: { alignment: undefined } },
    "third block with the ViT": {
      rate: 4e-3,
      source: few,
      latentPower: LATENT_POWER,
      task: { alignment: { block: 3, weight: 0.5, vitFrom: "models/emoji-world/model.safetensors" } },
    },
  },
  latents: {
    "deviations all one": { rate: 4e-3, source: few, latentPower: 0 },
    "deviations as in pixels, to the half": { rate: 4e-3, source: few, latentPower: 0.5 },
  },
  "latents-full": {
    "to the half": { rate: 4e-3, source: few, latentPower: 0.5 },
    "as in pixels": { rate: 4e-3, source: few, latentPower: 1 },
  },
  // Against attention that becomes hard (docs/log.md).
  "normed-keys": {
    "queries and keys as they come": {
      rate: 4e-3,
      optimizer: { adamw, muon: { ...muon, blockRows: 64 } },
      task: { model: { ...base.model, queryKeyNorm: undefined } },
    },
    "of each head normed": { rate: 4e-3, optimizer: { adamw, muon: { ...muon, blockRows: 64 } } },
  },
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
async function score(
  runtime: Runtime,
  weights: ParameterValues,
  model: WorldTaskSettings["model"],
  world: WorldTaskSettings["sources"][number]["world"],
) {
  const drop = { all: 0, text: 0, vit: 0, vae: 0 };
  const settings = settingsOf({ task: { model, copies: 1, drop }, source: { world } });
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

/** Makes `folder` a copy of the model's whose latents deviate by {@link latentDeviations}. */
async function scaledFolder(runtime: Runtime, folder: string, power: number): Promise<string> {
  const vae = await loadVae(base.folder);
  const bank = await SpriteBank.open();
  const random = new Philox(1);
  const pictures = Array.from({ length: 256 }, () => randomPicture(random, base.imageSide, bank));
  const measured = await measureLatents(runtime, vae.config, vae.weights, [pictures]);
  await cp(base.folder, folder, { recursive: true });
  await saveVae(folder, { ...vae, config: withDeviations(measured, latentDeviations(vae, power)) });
  return folder;
}

/** Draws the few things and compares each picture with drawings of what was asked for, and of all of them. */
async function pictures(runtime: Runtime, weights: ParameterValues, folder: string, sheet: string) {
  const [tokenizer, codec, bank] = [
    await loadTokenizer(folder),
    await loadVaeCodec(runtime, folder),
    await SpriteBank.open(),
  ];
  const scope = new ParameterScope();
  const preview = await Preview.open(runtime, new Mogao(scope.at(MOGAO_SCOPE), base.model), scope);
  const drawn: RgbImage[][] = [];
  const judgeOf = (names: readonly string[]) =>
    new TemplateJudge(bank, { concepts: names.map((name) => conceptNamed(name)), styles: drawing.world.styles! });
  const all = judgeOf(FEW);
  let [right, likeness] = [0, 0];
  const rounds = 6;
  const side = base.imageSide / TOKEN_SIDE;
  for (let seed = 0; seed < rounds; seed++) {
    const prompts = FEW.map((name) => tokenizer.encode(`Draw a ${name}.`));
    const settings = { ...base.preview, prompts, rows: side, columns: side, seed, special: tokenizer.special };
    const latents = await preview.draw(weights, settings);
    const size = latents.length / FEW.length;
    drawn.push([]);
    for (const [i, name] of FEW.entries()) {
      const picture = await codec.decode(latents.subarray(i * size, (i + 1) * size), base.imageSide, base.imageSide);
      drawn[seed]!.push(picture);
      if ((await all.detect(picture))[0]?.concept === name) right++;
      likeness += (await judgeOf([name]).detect(picture))[0]?.score ?? 0;
    }
  }
  await mkdir(dirname(sheet), { recursive: true });
  await writePng(sheet, contactSheet(drawn));
  preview.dispose();
  codec.dispose();
  return { right: right / (rounds * FEW.length), likeness: likeness / (rounds * FEW.length) };
}

async function runArm(arm: Arm, minutes: number, threads: number, sheet: string): Promise<Outcome> {
  const runtime = await openRuntime({ threads });
  const folder = await mkdtemp(join(tmpdir(), "mogao-trial-"));
  try {
    const drawsFew = arm.source === few;
    const plain = settingsOf(arm);
    const settings =
      arm.latentPower === undefined
        ? plain
        : { ...plain, folder: await scaledFolder(runtime, folder, arm.latentPower) };
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
    const scores = drawsFew
      ? await pictures(runtime, weights, settings.folder, sheet)
      : {
          single: await score(runtime, weights, settings.model, single),
          mixed: await score(runtime, weights, settings.model, drawing.world),
        };
    return { steps: step, samples, scores };
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

const names = Object.keys(arms);
/** Where an arm that draws leaves its pictures. */
const sheetOf = (arm: string) => `mogao-out/trial-${positionals[0]}-${names.indexOf(arm)}.png`;
if (values.arm !== undefined) {
  const { arm } = values;
  console.log(JSON.stringify(await runArm(arms[arm]!, minutes, Number(values.threads), sheetOf(arm))));
  process.exit(0);
}
const threads = String(Math.max(1, Math.floor(availableParallelism() / names.length)));
const results = await Promise.all(
  names.map(async (name) => {
    const script = [fileURLToPath(import.meta.url), positionals[0]!, "--minutes", String(minutes)];
    const child = spawn(process.execPath, [...script, "--arm", name, "--threads", threads], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const output = (await child.stdout.toArray()).join("");
    return JSON.parse(output.trim().split("\n").at(-1)!) as Outcome;
  }),
);
const scoreNames = Object.keys(results[0]!.scores);
printTable(
  ["arm", "steps", "samples", ...scoreNames],
  results.map(({ steps, samples, scores }, i) => [
    names[i]!,
    String(steps),
    String(samples),
    ...scoreNames.map((name) => scores[name]!.toFixed(4)),
  ]),
);
console.log(JSON.stringify({ bench: "trials", trial: positionals[0], minutes, arms: names, results }));
