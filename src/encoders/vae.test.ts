import { describe, expect, test } from "vitest";
import { Philox } from "../core/random.ts";
import { gradients } from "../graph/gradients.ts";
import { interpret, type Feed } from "../graph/interpret.ts";
import { input } from "../graph/primitives.ts";
import { elementCount, parameterCount, ParameterScope } from "../nn/parameters.ts";
import { vaeLoss } from "../train/vae-loss.ts";
import { Downsample } from "./vae-blocks.ts";
import { fluxVaeConfig, parseVaeConfig, type FluxVaeConfig } from "./vae-config.ts";
import { Vae } from "./vae.ts";

const tiny: FluxVaeConfig = {
  patch: 1,
  channels: 4,
  multipliers: [1, 2],
  blocks: 1,
  latentChannels: 2,
  groups: 2,
  scale: [0.5, 2],
  shift: [1, -1],
  packing: "channel-last",
  linearSkip: false,
};

function normal(random: Philox, shape: readonly number[], deviation = 1): Feed {
  return { shape, data: Float64Array.from({ length: elementCount(shape) }, () => deviation * random.normal()) };
}

/** Random values for every parameter, so that nothing is hidden behind zeros; small ones, so that attention is soft. */
function weightsOf(vae: Vae, random: Philox): Record<string, Feed> {
  return Object.fromEntries(vae.parameters.map(({ name, shape }) => [name, normal(random, shape, 0.3)]));
}

/** Key patterns of `ae.safetensors`, spelt out. */
function fluxKeys(): string[] {
  const residual = ["norm1", "conv1", "norm2", "conv2"];
  const block = (at: string, shortcut: boolean) =>
    [...residual, ...(shortcut ? ["nin_shortcut"] : [])].map((layer) => `${at}.${layer}`);
  const middle = (at: string) => [
    ...block(`${at}.block_1`, false),
    ...["norm", "q", "k", "v", "proj_out"].map((layer) => `${at}.attn_1.${layer}`),
    ...block(`${at}.block_2`, false),
  ];
  const down = [0, 1, 2, 3].flatMap((i) => [
    ...[0, 1].flatMap((j) => block(`encoder.down.${i}.block.${j}`, j === 0 && (i === 1 || i === 2))),
    ...(i < 3 ? [`encoder.down.${i}.downsample.conv`] : []),
  ]);
  const up = [0, 1, 2, 3].flatMap((i) => [
    ...[0, 1, 2].flatMap((j) => block(`decoder.up.${i}.block.${j}`, j === 0 && i < 2)),
    ...(i > 0 ? [`decoder.up.${i}.upsample.conv`] : []),
  ]);
  const ends = ["conv_in", "norm_out", "conv_out"];
  return [
    ...ends.flatMap((layer) => [`encoder.${layer}`, `decoder.${layer}`]),
    ...middle("encoder.mid"),
    ...middle("decoder.mid"),
    ...down,
    ...up,
  ].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);
}

describe("FLUX's configuration", () => {
  const { parameters } = new Vae(fluxVaeConfig);

  test("declares 83,819,683 parameters in 244 tensors", () => {
    expect(parameterCount(parameters)).toBe(83_819_683);
    expect(parameters).toHaveLength(244);
  });

  test("names them as ae.safetensors does", () => {
    expect(parameters.map(({ name }) => name).sort()).toEqual(fluxKeys().sort());
  });

  test("shapes at the ends and in the middle are the checkpoint's", () => {
    const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
    expect(shapes.get("encoder.conv_out.weight")).toEqual([32, 512, 3, 3]);
    expect(shapes.get("decoder.conv_in.weight")).toEqual([512, 16, 3, 3]);
    expect(shapes.get("encoder.mid.attn_1.q.weight")).toEqual([512, 512, 1, 1]);
    expect(shapes.get("decoder.up.1.block.0.nin_shortcut.weight")).toEqual([256, 512, 1, 1]);
    expect(shapes.get("decoder.conv_out.weight")).toEqual([3, 128, 3, 3]);
  });
});

test("downsampling pads below and on the right only, as FLUX does", () => {
  const scope = new ParameterScope();
  const y = new Downsample(scope, 1).forward(input("x", [1, 1, 4, 4]));
  // The kernel's last element reads two pixels down and right of 2·(row, column): outside for the last row and column.
  const kernel = { shape: [1, 1, 3, 3], data: [0, 0, 0, 0, 0, 0, 0, 0, 1] };
  const x = { shape: [1, 1, 4, 4], data: Float64Array.from({ length: 16 }, (_, i) => i + 1) };
  const [out] = interpret([y], { x, "conv.weight": kernel, "conv.bias": { shape: [1], data: [0] } });
  expect([...out!.data]).toEqual([11, 0, 0, 0]);
});

test.each([false, true])("sizes follow the picture, linear path %s", (linearSkip) => {
  const vae = new Vae({ ...tiny, multipliers: [1, 1, 1, 1], linearSkip });
  const { mean, logVariance } = vae.encode(input("x", [2, 3, 48, 80]));
  expect(mean.shape).toEqual([2, 2, 6, 10]);
  expect(logVariance.shape).toEqual([2, 2, 6, 10]);
  expect(vae.decode(mean).shape).toEqual([2, 3, 48, 80]);
});

test.each([false, true])("gradients of the objective agree with finite differences, linear path %s", (linearSkip) => {
  const vae = new Vae({ ...tiny, linearSkip });
  const random = new Philox(9);
  const [x, noise] = [input("x", [1, 3, 4, 4]), input("noise", [1, 2, 2, 2])];
  const feeds: Record<string, Feed> = {
    ...weightsOf(vae, random),
    x: normal(random, [1, 3, 4, 4]),
    noise: normal(random, [1, 2, 2, 2]),
  };
  const { loss } = vaeLoss(vae, x, noise);
  const checked = vae.parameters.filter(({ name }) =>
    /linear_skip|conv_in\.weight|downsample\.conv\.w|upsample\.conv\.w|attn_1\.[qk]\.w|norm_out\.weight|conv_out\.w|shortcut/.test(
      name,
    ),
  );
  expect(checked.length).toBeGreaterThan(10);
  const derivatives = interpret(
    gradients(
      loss,
      checked.map(({ tensor }) => tensor),
    ),
    feeds,
  );
  const step = 1e-6;
  checked.forEach(({ name, shape }, i) => {
    const direction = normal(random, shape).data;
    const lossAt = (distance: number) => {
      const data = Float64Array.from(feeds[name]!.data, (value, j) => value + distance * direction[j]!);
      return interpret([loss], { ...feeds, [name]: { shape, data } })[0]!.data[0]!;
    };
    const found = (lossAt(step) - lossAt(-step)) / (2 * step);
    const expected = derivatives[i]!.data.reduce((sum, value, j) => sum + value * direction[j]!, 0);
    expect(Math.abs(found - expected), name).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected)));
  });
});

test("a configuration that cannot be is refused by name", () => {
  expect(() => parseVaeConfig({ ...tiny, groups: 3 }, "vae.json")).toThrow(/vae\.json: groups: .* found 3 for 4/);
  expect(() => parseVaeConfig({ ...tiny, shift: [1] }, "vae.json")).toThrow(/shift: expected 2 numbers, found 1/);
  expect(() => parseVaeConfig({ ...tiny, channels: "8" }, "vae.json")).toThrow(/vae\.json: .*channels/);
});
