/** Cached generation = uncached: the programs of generation against one full forward pass over training's packed rows. */
import { afterAll, expect, test } from "vitest";
import { Philox } from "../core/random.ts";
import { addDims, symbol } from "../graph/dims.ts";
import { add, input, matmul, mul, reshape, sub } from "../graph/primitives.ts";
import { attentionOf } from "../model/attends.ts";
import { vitTokenSize, type MogaoConfig } from "../model/config.ts";
import { tableRows } from "../model/position-table.ts";
import { guidanceConditions } from "../model/guidance.ts";
import { Mogao } from "../model/mogao.ts";
import { ablations } from "../model/presets.ts";
import { buildSequence, gridCells, type SequencePart } from "../model/sequence.ts";
import { ParameterScope } from "../nn/parameters.ts";
import { compileModel } from "../onnx/emit.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import type { HostTensor } from "../runtime/types.ts";
import { packedFeeds, packRows } from "../train/packing.ts";
import { CachedContext, type ContextPart } from "./context.ts";
import { Denoiser } from "./denoiser.ts";
import { ModelPrograms } from "./model-programs.ts";
import { bagelSwitches, lanceSwitches, randomWeights, tinyConfig } from "./testing.ts";

const runtime = await openRuntime({ threads: 1 });
const opened: { dispose(): void }[] = [];
afterAll(() => opened.forEach((program) => program.dispose()));

const GRIDS = [
  { rows: 2, columns: 3 },
  { rows: 1, columns: 2 },
  { rows: 2, columns: 2 },
] as const;
const rule = { form: "paper", text: 2.5, image: 1.5 } as const;
/** Of the ViT, where images have groups of their own for each encoder. */
const VIT_GRIDS = [
  { rows: 1, columns: 3 },
  { rows: 3, columns: 2 },
  { rows: 1, columns: 1 },
] as const;
const TIMES = [0.3, 0.55, 0.8];
const random = new Philox(5);
const normal = (length: number) => random.fillNormal(new Float32Array(new ArrayBuffer(4 * length)));
const tokensOf = (image: number) => GRIDS[image]!.rows * GRIDS[image]!.columns;

const START = 20;
const END = 21;

const text = (...ids: number[]): SequencePart => ({ type: "text", ids, loss: false });
/** The same content in training's form and in generation's. */
async function prepare(change: Partial<MogaoConfig>) {
  const config: MogaoConfig = { ...tinyConfig, ...change };
  const vit = config.imageContext === "vit+vae";
  const scope = new ParameterScope();
  const model = new Mogao(scope.at("mogao"), config);
  const weights = randomWeights(scope.all);
  const programs = new ModelPrograms(runtime, config, weights);
  const latents = GRIDS.map((_, i) => normal(tokensOf(i) * config.latentSize));
  const noise = GRIDS.map((_, i) => normal(tokensOf(i) * config.latentSize));
  const layout = config.imageLayout;
  const vitGrids = layout && layout.groups !== "shared" ? VIT_GRIDS : GRIDS;
  const vitTokens = vitGrids.map(({ rows, columns }) => normal(rows * columns * vitTokenSize(config)));
  const vitCells = vitGrids.map((grid) => gridCells(grid));
  const inside = layout?.markers === "inside" ? { start: START, end: END } : undefined;
  const image = (i: number, group: { copies: number; clean?: boolean }): SequencePart => {
    const clean = group.clean ?? true;
    const { copies } = group;
    const vitGrid = vitGrids[i];
    return { type: "image", image: i, ...GRIDS[i]!, vitGrid, vit: vit && clean, vae: clean, copies, markers: inside };
  };
  const contextImage = (i: number): ContextPart => ({
    type: "image",
    image: {
      ...GRIDS[i]!,
      vitGrid: vitGrids[i],
      vitTokens: vit ? () => Promise.resolve(vitTokens[i]!) : undefined,
      latents: async () => latents[i]!,
    },
    markers: inside,
  });

  const b = symbol("rows");
  const [t, v, s] = [symbol("text"), symbol("visual"), symbol("slots")];
  const assignment = input("assignment", [b, v, s]);
  const times = input("times", [b, s]);
  const time = matmul(assignment, reshape(times, [b, s, 1]));
  const x = input("latents", [b, v, config.latentSize]);
  const x_t = add(mul(time, x), mul(sub(1, time), input("noise", x.shape)));
  const condition = { embedding: model.embedTime(times), assignment };
  const vitCount = symbol("vit");
  const result = model.forward({
    text: {
      rows: model.embedTextAndVit(
        input("ids", [b, t], "int"),
        input("vit_tokens", [vitCount, vitTokenSize(config)]),
        input("vit_index", [b, t], "int"),
        config.vitTable && input("vit_places", [vitCount], "int"),
      ),
      positions: input("text_positions", [b, t, 1, 3]),
    },
    visual: {
      rows: model.embedLatents(x_t, condition, config.latentTable && input("latent_places", [b, v], "int")),
      positions: input("visual_positions", [b, v, 1, 3]),
      condition,
    },
    bias: input("bias", [b, 1, addDims(t, v), addDims(t, v)]),
  });
  const logits = model.logits(reshape(result.text!, [-1, config.hiddenSize]));
  const compiled = compileModel({ logits, velocity: result.velocity! });
  const full = await runtime.load(compiled.bytes);
  opened.push(full, programs);

  /** Uncached: logits after each text row, and the velocity of each image's noisy copy. */
  async function uncached(parts: readonly SequencePart[]) {
    const sequence = buildSequence(parts, { layout });
    const [row] = packRows([sequence], { text: 1, visual: 1 });
    const feeds: Record<string, HostTensor> = packedFeeds(
      [row!],
      {
        latents: (_, i) => latents[i]!,
        vitStart: (_, i) => vitCells.slice(0, i).flat().length,
        time: (_, i) => TIMES[i]!,
        noise: (_, i) => noise[i]!,
        textWeight: () => 1,
        flowWeight: () => 1,
      },
      { ...config, withFlow: true, attention: attentionOf(config) },
    );
    const tokens = new Float32Array(vitTokens.reduce((sum, { length }) => sum + length, 0));
    vitTokens.reduce((at, values) => (tokens.set(values, at), at + values.length), 0);
    const cells = vitCells.flat();
    feeds["vit_tokens"] = { type: "float32", shape: [cells.length, vitTokenSize(config)], data: tokens };
    if (config.vitTable)
      feeds["vit_places"] = { type: "int64", shape: [cells.length], data: tableRows(config.vitTable, cells) };
    const wanted = Object.fromEntries(full.inputNames.flatMap((name) => (feeds[name] ? [[name, feeds[name]]] : [])));
    for (const { name, shape } of scope.all)
      if (full.inputNames.includes(name)) wanted[name] = { type: "float32", shape, data: weights.get(name)! };
    const outputs = await full.run(wanted);
    const rowsOf = (name: string, width: number, places: readonly number[]) =>
      places.flatMap((at) => [...(outputs[name]!.data as Float32Array).subarray(at * width, (at + 1) * width)]);
    const places = <T>(rows: readonly T[], test: (row: T) => boolean) => rows.flatMap((r, at) => (test(r) ? [at] : []));
    return {
      logits: places(row!.text, ({ kind }) => kind === "text").map((at) =>
        rowsOf("logits", config.vocabularySize, [at]),
      ),
      velocity: (i: number) =>
        rowsOf(
          "velocity",
          config.latentSize,
          places(row!.visual, (token) => token.kind === "noisy" && token.image === i),
        ),
    };
  }

  async function velocityOf(i: number, contexts: readonly CachedContext[], t = TIMES[i]!) {
    for (const context of contexts) await context.settle();
    const conditions = guidanceConditions(rule, true).slice(0, contexts.length);
    const branches = conditions.map((condition, b) => ({ condition, context: contexts[b]! }));
    const denoiser = await Denoiser.open(programs, branches, {
      ...GRIDS[i]!,
      markers: inside,
      rule,
      interval: [0, 0.8],
    });
    const x_t = latents[i]!.map((value, k) => t * value + (1 - t) * noise[i]![k]!);
    const into = new Float32Array(denoiser.size);
    await denoiser.velocity(x_t, t, into);
    return [...into];
  }
  const markers = inside ? { open: [], close: [] } : { open: [START], close: [END] };
  return { image, contextImage, uncached, velocityOf, markers, context: () => new CachedContext(programs) };
}

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  expect(scale).toBeGreaterThan(0.05);
  const worst = Math.max(...expected.map((value, i) => Math.abs(found[i]! - value)));
  expect(worst / scale).toBeLessThan(1e-5);
}

const variants: [string, Partial<MogaoConfig>][] = [
  ["deep fusion", {}],
  ["shared weights", ablations.C],
  ["VAE alone, which text sees", ablations.B],
  ["VAE alone, M-RoPE", ablations.A],
  // Keys and values of an only layer depend on no other row: the program of clean rows has no bias.
  ["one layer", { layers: 1 }],
  ["one layer, VAE alone", { ...ablations.B, layers: 1 }],
  ["as BAGEL", bagelSwitches],
  ["as Lance", lanceSwitches],
];

test.each(variants)("%s: a story of three images, token by token and image by image", async (_name, change) => {
  const { image, contextImage, uncached, velocityOf, markers, context: open } = await prepare(change);
  const { open: start, close: end } = markers;
  const whole = await uncached([
    text(1, 2, 3, ...start),
    image(0, { copies: 0 }),
    text(...end, 4, 5, ...start),
    image(1, { copies: 1 }),
    text(...end, 6, ...start),
    image(2, { copies: 1 }),
    text(...end, 7),
  ]);
  const context = open();
  const logits: number[][] = [];
  const say = async (...ids: number[]) => {
    for (const id of ids) {
      context.push({ type: "text", ids: [id] });
      logits.push([...(await context.logits())]);
    }
  };
  context.push({ type: "text", ids: [1, 2, 3, ...start] }, contextImage(0), { type: "text", ids: [...end, 4] });
  logits.push(...whole.logits.slice(0, 3 + start.length + end.length), [...(await context.logits())]);
  await say(5, ...start);
  expectClose(await velocityOf(1, [context]), whole.velocity(1));
  context.push(contextImage(1));
  await say(...end, 6, ...start);
  expectClose(await velocityOf(2, [context]), whole.velocity(2));
  context.push(contextImage(2));
  await say(...end, 7);
  expect(logits.length).toBe(whole.logits.length);
  logits.forEach((row, i) => expectClose(row, whole.logits[i]!));
});

test("branches of several lengths in one batch, each as if alone; outside the interval the first one", async () => {
  const { image, contextImage, uncached, velocityOf, context } = await prepare({});
  const target = image(1, { copies: 1, clean: false });
  const sequences: SequencePart[][] = [
    [text(1, 2, START), image(0, { copies: 0 }), text(END, 3, 4, START), target],
    [text(START), image(0, { copies: 0 }), text(END, START), target],
    [text(START), target],
  ];
  const expected = await Promise.all(sequences.map(async (parts) => (await uncached(parts)).velocity(1)));
  const contexts = [context(), context(), context()] as const;
  contexts[0].push({ type: "text", ids: [1, 2, START] }, contextImage(0), { type: "text", ids: [END, 3, 4, START] });
  contexts[1].push({ type: "text", ids: [START] }, contextImage(0), { type: "text", ids: [END, START] });
  contexts[2].push({ type: "text", ids: [START] });
  expectClose(
    await velocityOf(1, contexts),
    expected[0]!.map((full, k) => {
      const [images, none] = [expected[1]![k]!, expected[2]![k]!];
      return rule.text * (full - images) + rule.image * (images - none) + none;
    }),
  );
  const alone = await velocityOf(1, [contexts[0]], 0.1);
  expectClose(await velocityOf(1, contexts, 0.1), alone);
});

test("a context rolled back goes on as if nothing had happened", async () => {
  const { contextImage, context: open, velocityOf } = await prepare({});
  const [context, other] = [open(), open()];
  for (const each of [context, other]) each.push({ type: "text", ids: [1, 2] }, contextImage(0));
  await context.settle();
  context.push({ type: "text", ids: [3] });
  const mark = context.mark();
  context.push({ type: "text", ids: [9, START] }, contextImage(1), { type: "text", ids: [8, 8] });
  await context.settle();
  context.rollback(mark);
  for (const each of [context, other]) each.push({ type: "text", ids: each === context ? [4] : [3, 4] });
  expectClose(await context.logits(), [...(await other.logits())]);
  expect(context.length).toBe(other.length);
  for (const each of [context, other]) each.push({ type: "text", ids: [START] });
  expectClose(await velocityOf(1, [context]), await velocityOf(1, [other]));
});

test("a long prompt runs in chunks, whole images each", async () => {
  const { image, contextImage, uncached, context } = await prepare({});
  const long = Array.from({ length: 509 }, (_, i) => i % 20);
  const whole = await uncached([text(...long, START), image(0, { copies: 0 }), text(END, ...long)]);
  const chunked = context();
  chunked.push({ type: "text", ids: [...long, START] }, contextImage(0), { type: "text", ids: [END, ...long] });
  expectClose(await chunked.logits(), whole.logits.at(-1)!);
});
