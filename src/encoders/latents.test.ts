import { describe, expect, test } from "vitest";
import { interpret, type Feed } from "../graph/interpret.ts";
import { input } from "../graph/primitives.ts";
import { closeTo } from "../graph/testing.ts";
import { denormaliseLatents, normaliseLatents, packLatents, unpackLatents } from "./latents.ts";
import { fluxVaeConfig, type VaeConfig, type WanVaeConfig } from "./vae-config.ts";

const tiny: VaeConfig = { ...fluxVaeConfig, latentChannels: 2, scale: [0.5, 2], shift: [1, -1] };

describe("packing", () => {
  const z = input("z", [2, 2, 4, 6]);
  const feed: Feed = { shape: [2, 2, 4, 6], data: Float64Array.from({ length: 96 }, (_, i) => i) };

  test.each(["channel-last", "channel-first"] as const)("%s: unpacking undoes it", (packing) => {
    const config = { ...tiny, packing };
    const [back] = interpret([unpackLatents(packLatents(z, config), 2, 3, config)], { z: feed });
    closeTo(back!, feed);
  });

  test("a token is a 2×2 square of latents, tokens go row by row", () => {
    // Latent (image 0, channel c, row y, column x) holds 24c + 6y + x; token 4 is at row 1, column 1.
    const [last] = interpret([packLatents(z, tiny)], { z: feed });
    expect(last!.shape).toEqual([2, 6, 8]);
    expect(Array.from(last!.data.subarray(4 * 8, 5 * 8))).toEqual([14, 38, 15, 39, 20, 44, 21, 45]);
    const [first] = interpret([packLatents(z, { ...tiny, packing: "channel-first" })], { z: feed });
    expect(Array.from(first!.data.subarray(4 * 8, 5 * 8))).toEqual([14, 15, 20, 21, 38, 39, 44, 45]);
  });

  test("Wan2.2's latents are tokens already", () => {
    const { packing, latentChannels, scale, shift } = tiny;
    const wan = { packing, latentChannels, scale, shift, architecture: "wan2.2" } as WanVaeConfig;
    const [tokens, back] = interpret([packLatents(z, wan), unpackLatents(packLatents(z, wan), 4, 6, wan)], { z: feed });
    expect(tokens!.shape).toEqual([2, 24, 2]);
    expect([...tokens!.data.subarray(2 * 7, 2 * 8)]).toEqual([7, 31]);
    closeTo(back!, feed);
  });
});

test("normalising takes each channel's shift off and scales, and can be undone", () => {
  const z = input("z", [1, 2, 1, 1]);
  const feeds = { z: { shape: [1, 2, 1, 1], data: [3, 3] } };
  const [normalised, back] = interpret(
    [normaliseLatents(z, tiny), denormaliseLatents(normaliseLatents(z, tiny), tiny)],
    feeds,
  );
  expect([...normalised!.data]).toEqual([1, 8]);
  expect([...back!.data]).toEqual([3, 3]);
});
