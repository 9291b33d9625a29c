/**
 * The parts of Wan2.2's autoencoder for single images. It was made for videos: its convolutions in time are causal, so that for a
 * first frame they see nothing but the frame, by the last slice of their kernels. Attribute paths are diffusers' checkpoint keys.
 */
import { mulDims, type Dim } from "../graph/dims.ts";
import { attention, silu, upsample2x } from "../graph/functional.ts";
import {
  add,
  broadcastTo,
  div,
  max,
  mul,
  pad,
  reduceMean,
  reduceSum,
  reshape,
  slice,
  sqrt,
  transpose,
} from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Conv2d } from "../nn/layers.ts";
import { ones, type ParameterScope } from "../nn/parameters.ts";
import { depthToSpace, spaceToDepth } from "./space-to-depth.ts";

/** Least norm that is divided by, squared: torch's `normalize`. */
const LEAST_SQUARED_NORM = 1e-12 ** 2;

/** Each place's channels are scaled to a root mean square of `gamma`; [n, c, h, w] kept. */
export class ChannelNorm {
  readonly gamma: Tensor;
  constructor(scope: ParameterScope, channels: number) {
    this.gamma = scope.parameter("gamma", [channels], ones);
  }
  forward(x: Tensor): Tensor {
    const channels = this.gamma.shape[0] as number;
    const norm = sqrt(max(reduceSum(mul(x, x), [1], true), LEAST_SQUARED_NORM));
    return mul(mul(x, div(Math.sqrt(channels), norm)), reshape(this.gamma, [channels, 1, 1]));
  }
}

/** Norm, swish, 3×3 convolution, twice, around a shortcut; [n, in, h, w] → [n, out, h, w]. */
export class WanResidualBlock {
  readonly norm1: ChannelNorm;
  readonly conv1: Conv2d;
  readonly norm2: ChannelNorm;
  readonly conv2: Conv2d;
  readonly shortcut: Conv2d | undefined;
  constructor(scope: ParameterScope, inChannels: number, outChannels: number) {
    this.norm1 = new ChannelNorm(scope.at("norm1"), inChannels);
    this.conv1 = new Conv2d(scope.at("conv1"), inChannels, outChannels, 3);
    this.norm2 = new ChannelNorm(scope.at("norm2"), outChannels);
    this.conv2 = new Conv2d(scope.at("conv2"), outChannels, outChannels, 3);
    if (inChannels !== outChannels) this.shortcut = new Conv2d(scope.at("conv_shortcut"), inChannels, outChannels, 1);
  }
  forward(x: Tensor): Tensor {
    const inner = this.conv1.forward(silu(this.norm1.forward(x)));
    const outer = this.conv2.forward(silu(this.norm2.forward(inner)));
    return add(this.shortcut ? this.shortcut.forward(x) : x, outer);
  }
}

/** Single-head attention of every place to every other; [n, c, h, w] kept. */
export class WanAttentionBlock {
  readonly norm: ChannelNorm;
  readonly qkv: Conv2d;
  readonly output: Conv2d;
  constructor(scope: ParameterScope, channels: number) {
    this.norm = new ChannelNorm(scope.at("norm"), channels);
    this.qkv = new Conv2d(scope.at("to_qkv"), channels, 3 * channels, 1);
    this.output = new Conv2d(scope.at("proj"), channels, channels, 1);
  }
  forward(x: Tensor): Tensor {
    const [n, c, h, w] = x.shape as [Dim, number, Dim, Dim];
    const qkv = reshape(transpose(this.qkv.forward(this.norm.forward(x)), [0, 2, 3, 1]), [n, mulDims(h, w), 1, 3 * c]);
    const part = (i: number) => slice(qkv, 3, i * c, (i + 1) * c);
    const mixed = attention(part(0), part(1), part(2));
    return add(x, this.output.forward(transpose(reshape(mixed, [n, h, w, c]), [0, 3, 1, 2])));
  }
}

/** The lowest level's two residual blocks with attention between. */
export class WanMiddleBlocks {
  readonly block1: WanResidualBlock;
  readonly attention: WanAttentionBlock;
  readonly block2: WanResidualBlock;
  constructor(scope: ParameterScope, channels: number) {
    this.block1 = new WanResidualBlock(scope.at("resnets", 0), channels, channels);
    this.attention = new WanAttentionBlock(scope.at("attentions", 0), channels);
    this.block2 = new WanResidualBlock(scope.at("resnets", 1), channels, channels);
  }
  forward(x: Tensor): Tensor {
    return this.block2.forward(this.attention.forward(this.block1.forward(x)));
  }
}

/** How a level resamples: by two in height and width, and by two in time as well. */
export interface Resampling {
  readonly space: boolean;
  readonly time: boolean;
}

/** A level's residual blocks, of which the first changes the number of channels. */
function residualBlocks(scope: ParameterScope, inChannels: number, outChannels: number, count: number) {
  return Array.from(
    { length: count },
    (_, i) => new WanResidualBlock(scope.at("resnets", i), i === 0 ? inChannels : outChannels, outChannels),
  );
}

/** Residual blocks, then halving, beside a shortcut that averages. */
export class WanDownBlock {
  readonly blocks: readonly WanResidualBlock[];
  readonly downsample: Conv2d | undefined;
  readonly #resampling: Resampling;
  readonly #outChannels: number;
  constructor(scope: ParameterScope, inChannels: number, outChannels: number, count: number, resampling: Resampling) {
    this.blocks = residualBlocks(scope, inChannels, outChannels, count);
    if (resampling.space) {
      const halving = { stride: 2, pads: [0, 0, 1, 1] as const };
      this.downsample = new Conv2d(scope.at("downsampler", "resample", 1), outChannels, outChannels, 3, halving);
    }
    this.#resampling = resampling;
    this.#outChannels = outChannels;
  }
  forward(x: Tensor): Tensor {
    let h = x;
    for (const block of this.blocks) h = block.forward(h);
    if (this.downsample) h = this.downsample.forward(h);
    return add(h, averageDown(x, this.#outChannels, this.#resampling));
  }
}

/** Residual blocks, then doubling, beside a shortcut that repeats. */
export class WanUpBlock {
  readonly blocks: readonly WanResidualBlock[];
  readonly upsample: Conv2d | undefined;
  readonly #resampling: Resampling;
  readonly #outChannels: number;
  constructor(scope: ParameterScope, inChannels: number, outChannels: number, count: number, resampling: Resampling) {
    this.blocks = residualBlocks(scope, inChannels, outChannels, count);
    if (resampling.space) this.upsample = new Conv2d(scope.at("upsampler", "resample", 1), outChannels, outChannels, 3);
    this.#resampling = resampling;
    this.#outChannels = outChannels;
  }
  forward(x: Tensor): Tensor {
    let h = x;
    for (const block of this.blocks) h = block.forward(h);
    if (!this.upsample) return h;
    return add(this.upsample.forward(upsample2x(h)), repeatUp(x, this.#outChannels, this.#resampling));
  }
}

/**
 * Squares of 2×2 places become channels, and neighbouring channels are averaged to `outChannels`. Where time is halved, the frame
 * before the first counts as zeros.
 */
function averageDown(x: Tensor, outChannels: number, { space, time }: Resampling): Tensor {
  const side = space ? 2 : 1;
  const frames = time ? 2 : 1;
  const gathered = spaceToDepth(x, side);
  const [n, c] = x.shape as [Dim, number];
  const [rows, columns] = gathered.shape.slice(2) as [Dim, Dim];
  const padded = pad(reshape(gathered, [n, c, 1, side ** 2, rows, columns]), 2, frames - 1, 0);
  const group = (c * frames * side ** 2) / outChannels;
  return reduceMean(reshape(padded, [n, outChannels, group, rows, columns]), [2]);
}

/** The other way: channels are repeated and become squares of 2×2 places, in two frames where time is doubled: the last is kept. */
function repeatUp(x: Tensor, outChannels: number, { time }: Resampling): Tensor {
  const [n, c, h, w] = x.shape as [Dim, number, Dim, Dim];
  const frames = time ? 2 : 1;
  const repeats = (outChannels * frames * 4) / c;
  const repeated = broadcastTo(reshape(x, [n, c, 1, h, w]), [n, c, repeats, h, w]);
  const last = slice(reshape(repeated, [n, outChannels, frames, 4, h, w]), 2, frames - 1, frames);
  return depthToSpace(reshape(last, [n, outChannels * 4, h, w]), 2);
}
