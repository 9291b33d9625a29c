/**
 * Wan2.2's autoencoder, for single images, by configuration: 16 pixels to a latent's side, 48 channels (Lance). Squares of 2×2
 * pixels enter and leave as channels. Parameter names are those of diffusers' AutoencoderKLWan with `is_residual`, kernels
 * without their time axis (wan-vae-blocks.ts).
 */
import { silu } from "../graph/functional.ts";
import { slice } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Conv2d } from "../nn/layers.ts";
import { ParameterScope, type ParameterInfo } from "../nn/parameters.ts";
import type { LatentDistribution } from "./autoencoder.ts";
import { depthToSpace, spaceToDepth } from "./space-to-depth.ts";
import type { WanVaeConfig } from "./vae-config.ts";
import { ChannelNorm, WanDownBlock, WanMiddleBlocks, WanUpBlock } from "./wan-vae-blocks.ts";

export class WanVae {
  readonly config: WanVaeConfig;
  readonly parameters: readonly ParameterInfo[];
  readonly #encoder: WanEncoder;
  readonly #decoder: WanDecoder;
  readonly #toMoments: Conv2d;
  readonly #fromLatents: Conv2d;

  constructor(config: WanVaeConfig, scope = new ParameterScope()) {
    const { latentChannels } = config;
    this.config = config;
    this.#encoder = new WanEncoder(config, scope.at("encoder"));
    this.#toMoments = new Conv2d(scope.at("quant_conv"), 2 * latentChannels, 2 * latentChannels, 1);
    this.#fromLatents = new Conv2d(scope.at("post_quant_conv"), latentChannels, latentChannels, 1);
    this.#decoder = new WanDecoder(config, scope.at("decoder"));
    this.parameters = scope.all.filter(({ name }) => name.startsWith(scope.prefix));
  }

  /** Pictures [n, 3, h, w] in [−1, 1], h and w multiples of 16 → the distribution of their raw latents. */
  encode(x: Tensor): LatentDistribution {
    const { patch, latentChannels } = this.config;
    const moments = this.#toMoments.forward(this.#encoder.forward(spaceToDepth(x, patch, "columns")));
    return { mean: slice(moments, 1, 0, latentChannels), logVariance: slice(moments, 1, latentChannels) };
  }

  /** Raw latents [n, c, h, w] → pictures [n, 3, 16h, 16w], about in [−1, 1]. */
  decode(z: Tensor): Tensor {
    return depthToSpace(this.#decoder.forward(this.#fromLatents.forward(z)), this.config.patch, "columns");
  }
}

class WanEncoder {
  readonly #first: Conv2d;
  readonly #blocks: readonly WanDownBlock[];
  readonly #middle: WanMiddleBlocks;
  readonly #norm: ChannelNorm;
  readonly #last: Conv2d;

  constructor(config: WanVaeConfig, scope: ParameterScope) {
    const { channels, multipliers, halvesTime } = config;
    let width = channels;
    this.#first = new Conv2d(scope.at("conv_in"), 3 * config.patch ** 2, width, 3);
    this.#blocks = multipliers.map((multiplier, i) => {
      const resampling = { space: i < multipliers.length - 1, time: halvesTime[i] ?? false };
      const out = channels * multiplier;
      const block = new WanDownBlock(scope.at("down_blocks", i), width, out, config.blocks, resampling);
      width = out;
      return block;
    });
    this.#middle = new WanMiddleBlocks(scope.at("mid_block"), width);
    this.#norm = new ChannelNorm(scope.at("norm_out"), width);
    this.#last = new Conv2d(scope.at("conv_out"), width, 2 * config.latentChannels, 3);
  }

  forward(x: Tensor): Tensor {
    let h = this.#first.forward(x);
    for (const block of this.#blocks) h = block.forward(h);
    return this.#last.forward(silu(this.#norm.forward(this.#middle.forward(h))));
  }
}

class WanDecoder {
  readonly #first: Conv2d;
  readonly #middle: WanMiddleBlocks;
  readonly #blocks: readonly WanUpBlock[];
  readonly #norm: ChannelNorm;
  readonly #last: Conv2d;

  constructor(config: WanVaeConfig, scope: ParameterScope) {
    const { decoderChannels, multipliers, halvesTime } = config;
    let width = decoderChannels * multipliers.at(-1)!;
    this.#first = new Conv2d(scope.at("conv_in"), config.latentChannels, width, 3);
    this.#middle = new WanMiddleBlocks(scope.at("mid_block"), width);
    // From the lowest resolution up, and numbered so; what was halved last is doubled first.
    const [widths, times] = [multipliers.toReversed(), halvesTime.toReversed()];
    this.#blocks = widths.map((multiplier, i) => {
      const resampling = { space: i < widths.length - 1, time: times[i] ?? false };
      const out = decoderChannels * multiplier;
      const block = new WanUpBlock(scope.at("up_blocks", i), width, out, config.blocks + 1, resampling);
      width = out;
      return block;
    });
    this.#norm = new ChannelNorm(scope.at("norm_out"), width);
    this.#last = new Conv2d(scope.at("conv_out"), width, 3 * config.patch ** 2, 3);
  }

  forward(z: Tensor): Tensor {
    let h = this.#middle.forward(this.#first.forward(z));
    for (const block of this.#blocks) h = block.forward(h);
    return this.#last.forward(silu(this.#norm.forward(h)));
  }
}
