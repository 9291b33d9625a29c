/**
 * The autoencoder that pictures are drawn in: FLUX's AutoEncoder, by configuration. Eight pixels to a latent's side, two
 * latents to a token's side (mogao.md: "Latents"). Parameter names are those of FLUX's `ae.safetensors`.
 */
import { silu } from "../graph/functional.ts";
import { add, slice } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Conv2d, GroupNorm } from "../nn/layers.ts";
import { normal, ParameterScope, type ParameterInfo } from "../nn/parameters.ts";
import type { LatentDistribution } from "./autoencoder.ts";
import { depthToSpace, spaceToDepth } from "./space-to-depth.ts";
import { Downsample, MiddleBlocks, ResidualBlock, Upsample } from "./vae-blocks.ts";
import { vaeDownscale, type FluxVaeConfig } from "./vae-config.ts";

const EPSILON = 1e-6;
/** Deviation of the last convolutions' weights where a linear path carries the signal at first. */
const NEAR_ZERO = 1e-3;

interface Level {
  readonly blocks: readonly ResidualBlock[];
  readonly resample: Downsample | Upsample | undefined;
}

export class Vae {
  readonly config: FluxVaeConfig;
  readonly parameters: readonly ParameterInfo[];
  readonly #encoder: VaeEncoder;
  readonly #decoder: VaeDecoder;

  constructor(config: FluxVaeConfig, scope = new ParameterScope()) {
    this.config = config;
    this.#encoder = new VaeEncoder(config, scope.at("encoder"));
    this.#decoder = new VaeDecoder(config, scope.at("decoder"));
    this.parameters = scope.all.filter(({ name }) => name.startsWith(scope.prefix));
  }

  /** Pictures [n, 3, h, w] in [−1, 1], h and w multiples of 8 → the distribution of their raw latents. */
  encode(x: Tensor): LatentDistribution {
    return this.#encoder.forward(x);
  }

  /** Raw latents [n, c, h, w] → pictures [n, 3, 8h, 8w], about in [−1, 1]. */
  decode(z: Tensor): Tensor {
    return this.#decoder.forward(z);
  }
}

class VaeEncoder {
  readonly #first: Conv2d;
  readonly #levels: readonly Level[];
  readonly #middle: MiddleBlocks;
  readonly #norm: GroupNorm;
  readonly #last: Conv2d;
  readonly #linear: Conv2d | undefined;
  readonly #latentChannels: number;
  readonly #patch: number;

  constructor(config: FluxVaeConfig, scope: ParameterScope) {
    this.#patch = config.patch;
    const { channels, multipliers, groups, latentChannels, linearSkip } = config;
    this.#latentChannels = latentChannels;
    this.#first = new Conv2d(scope.at("conv_in"), 3 * config.patch ** 2, channels, 3);
    let width = channels;
    this.#levels = multipliers.map((multiplier, i) => {
      const level = scope.at("down", i);
      const blocks = Array.from({ length: config.blocks }, (_, j) => {
        const block = new ResidualBlock(level.at("block", j), width, channels * multiplier, groups);
        width = channels * multiplier;
        return block;
      });
      const last = i === multipliers.length - 1;
      return { blocks, resample: last ? undefined : new Downsample(level.at("downsample"), width) };
    });
    this.#middle = new MiddleBlocks(scope.at("mid"), width, groups);
    this.#norm = new GroupNorm(scope.at("norm_out"), groups, width, EPSILON);
    const quiet = linearSkip ? { initializer: normal(NEAR_ZERO) } : {};
    this.#last = new Conv2d(scope.at("conv_out"), width, 2 * latentChannels, 3, quiet);
    if (linearSkip) {
      const patch = vaeDownscale(config);
      const whole = { stride: patch, pads: [0, 0, 0, 0] as const };
      this.#linear = new Conv2d(scope.at("linear_skip"), 3, latentChannels, patch, whole);
    }
  }

  forward(x: Tensor): LatentDistribution {
    let h = this.#first.forward(spaceToDepth(x, this.#patch));
    for (const { blocks, resample } of this.#levels) {
      for (const block of blocks) h = block.forward(h);
      if (resample) h = resample.forward(h);
    }
    const moments = this.#last.forward(silu(this.#norm.forward(this.#middle.forward(h))));
    const mean = slice(moments, 1, 0, this.#latentChannels);
    return {
      mean: this.#linear ? add(mean, this.#linear.forward(x)) : mean,
      logVariance: slice(moments, 1, this.#latentChannels),
    };
  }
}

class VaeDecoder {
  readonly #first: Conv2d;
  readonly #middle: MiddleBlocks;
  readonly #levels: readonly Level[];
  readonly #norm: GroupNorm;
  readonly #last: Conv2d;
  readonly #linear: Conv2d | undefined;
  readonly #patch: number;
  readonly #downscale: number;

  constructor(config: FluxVaeConfig, scope: ParameterScope) {
    const { channels, groups, latentChannels, linearSkip } = config;
    const multipliers = config.decoderMultipliers ?? config.multipliers;
    this.#patch = config.patch;
    this.#downscale = vaeDownscale(config);
    let width = channels * multipliers.at(-1)!;
    this.#first = new Conv2d(scope.at("conv_in"), latentChannels, width, 3);
    this.#middle = new MiddleBlocks(scope.at("mid"), width, groups);
    // Levels are numbered from full resolution, as in the encoder, and run in the opposite order.
    this.#levels = [...multipliers.entries()].reverse().map(([i, multiplier]) => {
      const level = scope.at("up", i);
      const blocks = Array.from({ length: config.blocks + 1 }, (_, j) => {
        const block = new ResidualBlock(level.at("block", j), width, channels * multiplier, groups);
        width = channels * multiplier;
        return block;
      });
      return { blocks, resample: i === 0 ? undefined : new Upsample(level.at("upsample"), width) };
    });
    this.#norm = new GroupNorm(scope.at("norm_out"), groups, width, EPSILON);
    this.#last = new Conv2d(
      scope.at("conv_out"),
      width,
      3 * config.patch ** 2,
      3,
      linearSkip ? { initializer: normal(NEAR_ZERO) } : {},
    );
    if (linearSkip) this.#linear = new Conv2d(scope.at("linear_skip"), latentChannels, 3 * this.#downscale ** 2, 1);
  }

  forward(z: Tensor): Tensor {
    let h = this.#middle.forward(this.#first.forward(z));
    for (const { blocks, resample } of this.#levels) {
      for (const block of blocks) h = block.forward(h);
      if (resample) h = resample.forward(h);
    }
    const picture = depthToSpace(this.#last.forward(silu(this.#norm.forward(h))), this.#patch);
    return this.#linear ? add(picture, depthToSpace(this.#linear.forward(z), this.#downscale)) : picture;
  }
}
