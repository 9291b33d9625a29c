import { describe, expect, it } from "vitest";
import { Vae } from "../encoders/vae.ts";
import type { VaeConfig } from "../encoders/vae-config.ts";
import { initializeParameters } from "../nn/parameters.ts";
import { latentDeviations } from "./latent-deviations.ts";

const config: VaeConfig = {
  patch: 1,
  channels: 4,
  multipliers: [1, 1],
  blocks: 1,
  latentChannels: 2,
  groups: 2,
  scale: 1,
  shift: 0,
  packing: "channel-last",
  linearSkip: true,
};

describe("latentDeviations", () => {
  const weights = initializeParameters(new Vae(config).parameters, 0);
  // The second channel moves pixels a quarter as far as the first.
  const weight = weights.get("decoder.linear_skip.weight")!;
  weight.forEach((_, i) => (weight[i] = i % 2 === 0 ? 1 : 0.25));

  it("follow the channels' share in pixels to a power, with mean square 1", () => {
    expect(latentDeviations({ config, weights }, 0)).toEqual([1, 1]);
    const [first, second] = latentDeviations({ config, weights }, 0.5) as [number, number];
    expect(first / second).toBeCloseTo(2, 6);
    expect((first ** 2 + second ** 2) / 2).toBeCloseTo(1, 6);
  });

  it("need a linear path", () => {
    expect(() => latentDeviations({ config, weights: new Map() }, 0.5)).toThrow(/linearSkip/);
  });
});
