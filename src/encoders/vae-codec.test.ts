import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createImage, type RgbImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import { interpret } from "../graph/interpret.ts";
import { input } from "../graph/primitives.ts";
import { closeTo } from "../graph/testing.ts";
import { initializeParameters } from "../nn/parameters.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import type { Runtime } from "../runtime/types.ts";
import { normaliseLatents, packLatents } from "./latents.ts";
import { planesOf, VaeCodec } from "./vae-codec.ts";
import type { VaeConfig } from "./vae-config.ts";
import { loadVae, saveVae } from "../weights/vae-files.ts";
import { Vae } from "./vae.ts";

const config: VaeConfig = {
  patch: 4,
  channels: 4,
  multipliers: [1, 2],
  decoderMultipliers: [2, 1],
  blocks: 1,
  latentChannels: 3,
  groups: 4,
  scale: [1, 0.5, 2],
  shift: [0, 1, -1],
  packing: "channel-last",
  linearSkip: true,
};
const vae = new Vae(config);
const weights = initializeParameters(vae.parameters, 3);

let runtime: Runtime;
let folder: string;
beforeAll(async () => {
  runtime = await openRuntime({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "vae-"));
});
afterAll(() => rm(folder, { recursive: true }));

function picture(width: number, height: number, seed: number): RgbImage {
  const random = new Philox(seed);
  const image = createImage(width, height);
  for (let i = 0; i < image.data.length; i++) image.data[i] = random.int(256);
  return image;
}

test("tokens and pictures are those of the graph in float64, for several pictures and an oblong size", async () => {
  const codec = await VaeCodec.open(runtime, config, weights);
  const images = [picture(32, 16, 1), picture(32, 16, 2)];
  const tokens = await codec.encode(images);
  const x = planesOf(images);
  const feeds = Object.fromEntries(
    vae.parameters.map(({ name, shape }) => [name, { shape, data: weights.get(name)! }]),
  );
  const mean = vae.encode(input("x", [2, 3, 16, 32])).mean;
  const graph = [packLatents(normaliseLatents(mean, config), config), vae.decode(mean)];
  const [expected, pixels] = interpret(graph, { ...feeds, x: { shape: x.shape, data: x.data as Float32Array } });
  expect(expected!.shape).toEqual([2, 2, 12]);
  closeTo(tokens, expected!.data, { relative: 1e-3, absolute: 1e-3 });
  const decoded = await codec.decode(tokens.subarray(24), 32, 16);
  expect([decoded.width, decoded.height]).toEqual([32, 16]);
  for (const at of [0, 77, 32 * 16 - 1])
    for (let channel = 0; channel < 3; channel++) {
      const value = (pixels!.data[(3 + channel) * 32 * 16 + at]! * 0.5 + 0.5) * 255;
      expect(Math.abs(decoded.data[3 * at + channel]! - Math.min(255, Math.max(0, value)))).toBeLessThan(1);
    }
  codec.dispose();
}, 120_000);

test("one codec serves sizes that differ from call to call", async () => {
  const codec = await VaeCodec.open(runtime, config, weights);
  for (const [width, height] of [
    [48, 80],
    [16, 16],
    [112, 32],
  ] as const) {
    const tokens = await codec.encode([picture(width, height, 4)]);
    expect(tokens).toHaveLength((width / 16) * (height / 16) * codec.tokenSize);
    expect(await codec.decode(tokens, width, height)).toMatchObject({ width, height });
  }
  expect(await codec.encode([])).toHaveLength(0);
  codec.dispose();
});

test("impossible pictures and tokens are refused", async () => {
  const codec = await VaeCodec.open(runtime, config, weights);
  await expect(codec.encode([picture(32, 24, 1)])).rejects.toThrow(/multiples of 16 pixels, found 32×24/);
  await expect(codec.encode([picture(32, 16, 1), picture(16, 32, 1)])).rejects.toThrow(
    /picture 1: expected 32×16 .* found 16×32/,
  );
  await expect(codec.decode(new Float32Array(23), 32, 16)).rejects.toThrow(/expected 24 numbers, found 23/);
  codec.dispose();
});

test("what is saved is loaded, to the precision of float16; what is wrong is named", async () => {
  await saveVae(folder, { config, weights });
  const loaded = await loadVae(folder);
  expect(loaded.config).toEqual(config);
  for (const [name, values] of weights) closeTo(loaded.weights.get(name)!, values, { relative: 1e-3, absolute: 1e-7 });
  await writeFile(join(folder, "vae.json"), JSON.stringify({ ...config, latentChannels: 4, scale: 1, shift: 0 }));
  await expect(loadVae(folder)).rejects.toThrow(
    /vae\.safetensors: .* wrong shape of encoder\.conv_out\.weight \(expected \[8,8,3,3\], found/,
  );
  await rm(join(folder, "vae.json"));
  await writeFile(join(folder, "config.json"), JSON.stringify({ vae: config }));
  expect((await loadVae(folder)).config).toEqual(config);
  await rm(join(folder, "config.json"));
  await expect(loadVae(folder)).rejects.toThrow(/expected vae\.json or config\.json in this folder, found neither/);
});
