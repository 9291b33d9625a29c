import { loadVaeCodec } from "../weights/vae-files.ts";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createImage, type RgbImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import { planesOf, VaeCodec } from "../encoders/vae-codec.ts";
import type { FluxVaeConfig } from "../encoders/vae-config.ts";
import { Vae } from "../encoders/vae.ts";
import { initializeParameters } from "../nn/parameters.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import type { Runtime } from "../runtime/types.ts";
import { train } from "./loop.ts";
import { latentDeviations } from "./latent-deviations.ts";
import { exportVae, LATENT_POWER, measureLatents } from "./vae-export.ts";
import { principalStart } from "./vae-principal.ts";
import { reconstructionPsnr } from "./vae-quality.ts";
import { vaeTask } from "./vae-task.ts";

const config: FluxVaeConfig = {
  patch: 2,
  channels: 8,
  multipliers: [1, 2],
  blocks: 1,
  latentChannels: 4,
  groups: 4,
  scale: 1,
  shift: 0,
  packing: "channel-last",
  linearSkip: true,
};

let runtime: Runtime;
let folder: string;
beforeAll(async () => {
  runtime = await openRuntime({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "vae-task-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A disc of one colour on another. */
function disc(random: Philox, side: number): RgbImage {
  const image = createImage(side, side);
  const [inside, outside] = [0, 1].map(() => [random.int(256), random.int(256), random.int(256)] as const);
  const [x0, y0, radius] = [random.int(side), random.int(side), side * (0.2 + 0.3 * random.uniform())];
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      image.data.set((x - x0) ** 2 + (y - y0) ** 2 < radius ** 2 ? inside! : outside!, 3 * (y * side + x));
  return image;
}
const discs = (seed: number, count: number, side: number) => {
  const random = new Philox(seed);
  return Array.from({ length: count }, () => disc(random, side));
};

test("a batch is a function of seed and step alone, with its pictures in [−1, 1] and standard normal noise", async () => {
  const options = { config, pictures: disc, seed: 5, startFrom: 0, runtime };
  const batch = [
    { side: 32, count: 2 },
    { side: 16, count: 3 },
  ];
  const task = vaeTask({ ...options, batch });
  const again = vaeTask({ ...options, batch });
  const third = await task.batch(3);
  await again.batch(2);
  expect(await again.batch(3)).toEqual(third);
  expect(await task.batch(4)).not.toEqual(third);
  expect(third.samples).toBe(5);
  expect(third.feeds["pictures1"]!.shape).toEqual([3, 3, 16, 16]);
  expect(third.feeds["noise0"]!.shape).toEqual([2, 4, 8, 8]);
  const pixels = third.feeds["pictures0"]!.data as Float32Array;
  expect(pixels.every((value) => value >= -1 && value <= 1)).toBe(true);
});

test("the principal start reconstructs as the best linear map does, from latents of mean 0 and deviation 1", async () => {
  const pictures = discs(1, 40, 16);
  const weights = initializeParameters(new Vae(config).parameters, 1);
  for (const [name, value] of principalStart(config, pictures)) weights.get(name)!.set(value);
  for (const name of ["encoder.conv_out.weight", "decoder.conv_out.weight"]) weights.get(name)!.fill(0);
  const measured = await measureLatents(runtime, config, weights, [pictures]);
  for (const shift of measured.shift as number[]) expect(Math.abs(shift)).toBeLessThan(1e-4);
  for (const scale of measured.scale as number[]) expect(scale).toBeCloseTo(1, 3);

  // Less is left than half of what three colours alone leave: a patch of one colour for each 4×4 pixels.
  const codec = await VaeCodec.open(runtime, config, weights);
  const { pooled } = await reconstructionPsnr(codec, pictures);
  codec.dispose();
  const { data } = planesOf(pictures);
  let flat = 0;
  for (let at = 0; at < data.length; at += 4 * 16)
    for (let left = 0; left < 16; left += 4) {
      const patch = Array.from({ length: 16 }, (_, i) => data[at + (i >> 2) * 16 + left + (i & 3)] as number);
      const mean = patch.reduce((a, b) => a + b) / 16;
      for (const value of patch) flat += (value - mean) ** 2;
    }
  expect(pooled).toBeGreaterThan(10 * Math.log10((4 * data.length) / flat));
});

test("training improves on the linear start; the report and the export reconstruct alike", async () => {
  const task = vaeTask({ config, batch: [{ side: 16, count: 8 }], pictures: disc, seed: 2, startFrom: 30, runtime });
  const outDir = join(folder, "run");
  const { averages, weights } = await train(task, {
    runtime,
    outDir,
    steps: 120,
    seed: 2,
    schedule: { kind: "cosine", peak: 3e-3, warmup: 5 },
    optimizer: { emaDecay: 0.9 },
  });
  const lines = (await readFile(join(outDir, "metrics.jsonl"), "utf8")).trim().split("\n");
  const psnr = lines.map((line) => (JSON.parse(line) as { metrics: { psnr: number } }).metrics.psnr);
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  expect(mean(psnr.slice(-20))).toBeGreaterThan(mean(psnr.slice(0, 20)) + 0.3);
  expect(await readdir(outDir)).toContain("vae-000120.png");
  expect([...averages.keys()].sort()).toEqual([...weights.keys()].sort());

  const model = join(folder, "model");
  const exported = await exportVae(runtime, { config, weights: averages }, [discs(8, 32, 16)], model);
  const codec = await loadVaeCodec(runtime, model);
  expect(codec.config).toEqual(exported);
  const fresh = discs(9, 32, 16);
  const tokens = await codec.encode(fresh);
  // Every channel of fresh latents is about as wide as it should be.
  const deviations = latentDeviations({ config, weights: averages }, LATENT_POWER);
  for (let channel = 0; channel < 4; channel++) {
    const values = Array.from(
      tokens.filter((_, i) => i % 4 === channel),
      (v) => v / deviations[channel]!,
    );
    expect(Math.abs(mean(values))).toBeLessThan(0.3);
    expect(mean(values.map((value) => value * value))).toBeGreaterThan(0.5);
  }
  const quality = await reconstructionPsnr(codec, fresh);
  expect(quality.pooled).toBeGreaterThan(mean(psnr.slice(-20)) - 2);
  codec.dispose();
}, 300_000);
