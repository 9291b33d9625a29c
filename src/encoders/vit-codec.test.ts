import { afterAll, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import { interpret } from "../graph/interpret.ts";
import { constant } from "../graph/primitives.ts";
import { initializeParameters, ParameterScope } from "../nn/parameters.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import { imageToPlanes } from "./preprocessing.ts";
import { resizeImage } from "./resize.ts";
import { VitCodec, type VitCodecConfig } from "./vit-codec.ts";
import { cutPatches, patchOrder, patchPositions } from "./vit-patches.ts";
import { createVit } from "./vision-transformer.ts";
import { Vit } from "./vit.ts";

const config: VitCodecConfig = {
  size: 16,
  layers: 1,
  heads: 2,
  mlpSize: 24,
  patch: 4,
  merge: 2,
  temporalPatch: 2,
  outSize: 12,
  mean: [0.5, 0.4, 0.3],
  deviation: [0.2, 0.3, 0.25],
};
const scope = new ParameterScope();
const vit = new Vit(scope.at("vit"), config);
const weights = initializeParameters(scope.all, 3);
const runtime = await openRuntime({ threads: 1 });
const codec = await VitCodec.open(runtime, config, weights, { tokenSide: 8 });
const larger = await VitCodec.open(runtime, config, weights, { tokenSide: 16 });
afterAll(() => {
  codec.dispose();
  larger.dispose();
});

const random = new Philox(4);
const picture = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: 3 * width * height }, () => random.int(256)),
});

/** The same by the reference interpreter, from planes made here. */
function reference(image: RgbImage): Float64Array {
  const planes = imageToPlanes(
    image,
    config.mean as [number, number, number],
    config.deviation as [number, number, number],
  );
  const grid = { rows: image.height / config.patch, columns: image.width / config.patch };
  const order = patchOrder(grid, config);
  const patches = cutPatches(planes, grid, order, config);
  const count = order.length;
  const tokens = vit.forward(
    constant(patches, [1, count, vit.patchSize]),
    constant(patchPositions(order), [1, count, 1, 2]),
  );
  const values = Object.fromEntries(
    scope.all.map(({ name, shape }) => [name, { shape: [...shape], data: weights.get(name)! }]),
  );
  return interpret([tokens], values)[0]!.data;
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  Array.from(expected).forEach((value, i) => expect(found[i]!).toBeCloseTo(value, 4));
}

test("tokens of each picture of a batch, row by row", async () => {
  const images = [picture(24, 16), picture(24, 16)];
  const tokens = await codec.encode(images);
  const size = 6 * config.outSize;
  expect(tokens.length).toBe(2 * size);
  images.forEach((image, i) => expectClose(tokens.subarray(i * size, (i + 1) * size), reference(image)));
});

test("where a token of the VAE has more pixels, the picture is resized to the same grid of tokens", async () => {
  const image = picture(48, 32);
  expectClose(await larger.encode([image]), reference(resizeImage(image, 24, 16)));
});

test("refuses sizes off the grid, batches of mixed sizes and missing weights", async () => {
  await expect(codec.encode([picture(20, 16)])).rejects.toThrow("multiples of 8 pixels, found 20×16");
  await expect(codec.encode([picture(8, 8), picture(16, 8)])).rejects.toThrow("picture 1: expected 8×8");
  const fewer = new Map([...weights].filter(([name]) => name !== "vit.merger.ln_q.weight"));
  await expect(VitCodec.open(runtime, config, fewer, { tokenSide: 8 })).rejects.toThrow(InputError);
});

async function openFresh(other: VitCodecConfig, tokenSide: number): Promise<VitCodec> {
  const parameters = new ParameterScope();
  createVit(parameters.at("vit"), other);
  return VitCodec.open(runtime, other, initializeParameters(parameters.all, 5), { tokenSide });
}

test("windows: pictures of a batch do not see each other, and pixels reach other windows only through full attention", async () => {
  const windowed = { ...config, layers: 2, norm: "rms", mlp: "swiglu", windows: { side: 4, full: [] } } as const;
  const within = await openFresh(windowed, 8);
  const across = await openFresh({ ...windowed, windows: { side: 4, full: [1] } }, 8);
  const first = picture(24, 40);
  const second = { ...first, data: first.data.slice() };
  second.data.fill(0, 0, 3); // the top left pixel: of the token 0, of the window of tokens 0, 1, 3 and 4
  const size = config.outSize;
  for (const [codec, reached] of [
    [within, [0, 1, 3, 4]],
    [across, Array.from({ length: 15 }, (_, i) => i)],
  ] as const) {
    const both = await codec.encode([first, second]);
    const alone = [...(await codec.encode([first])), ...(await codec.encode([second]))];
    expectClose(both, alone);
    const [a, b] = [both.subarray(0, 15 * size), both.subarray(15 * size)];
    const differs = (token: number) => a.some((value, i) => Math.floor(i / size) === token && value !== b[i]);
    expect(Array.from({ length: 15 }, (_, token) => token).filter(differs)).toEqual(reached);
    codec.dispose();
  }
});

test("SigLIP has positions for pictures up to its table", async () => {
  const { size, heads, layers, mlpSize, patch, mean, deviation } = config;
  const base = { size, heads, layers, mlpSize, patch, mean, deviation, outSize: size };
  const codec = await openFresh(
    { ...base, architecture: "siglip", merge: 1, temporalPatch: 1, positionsPerSide: 3 },
    4,
  );
  expect((await codec.encode([picture(12, 8)])).length).toBe(6 * size);
  await expect(codec.encode([picture(8, 16)])).rejects.toThrow("expected at most 3 patches a side, found 2×4");
  codec.dispose();
});
