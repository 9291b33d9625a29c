/** The parts of FLUX's autoencoder; attribute paths are its checkpoint keys. */
import type { Dim } from "../graph/dims.ts";
import { attention, silu, upsample2x } from "../graph/functional.ts";
import { add, reshape, transpose } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Conv2d, GroupNorm } from "../nn/layers.ts";
import type { ParameterScope } from "../nn/parameters.ts";

const EPSILON = 1e-6;

/** Norm, swish, 3×3 convolution, twice, around a shortcut; [n, in, h, w] → [n, out, h, w]. */
export class ResidualBlock {
  readonly norm1: GroupNorm;
  readonly conv1: Conv2d;
  readonly norm2: GroupNorm;
  readonly conv2: Conv2d;
  readonly shortcut: Conv2d | undefined;
  constructor(scope: ParameterScope, inChannels: number, outChannels: number, groups: number) {
    this.norm1 = new GroupNorm(scope.at("norm1"), groups, inChannels, EPSILON);
    this.conv1 = new Conv2d(scope.at("conv1"), inChannels, outChannels, 3);
    this.norm2 = new GroupNorm(scope.at("norm2"), groups, outChannels, EPSILON);
    this.conv2 = new Conv2d(scope.at("conv2"), outChannels, outChannels, 3);
    if (inChannels !== outChannels) this.shortcut = new Conv2d(scope.at("nin_shortcut"), inChannels, outChannels, 1);
  }
  forward(x: Tensor): Tensor {
    const inner = this.conv1.forward(silu(this.norm1.forward(x)));
    const outer = this.conv2.forward(silu(this.norm2.forward(inner)));
    return add(this.shortcut ? this.shortcut.forward(x) : x, outer);
  }
}

/** Single-head attention of every place to every other; [n, c, h, w] kept. */
export class AttentionBlock {
  readonly norm: GroupNorm;
  readonly q: Conv2d;
  readonly k: Conv2d;
  readonly v: Conv2d;
  readonly output: Conv2d;
  constructor(scope: ParameterScope, channels: number, groups: number) {
    this.norm = new GroupNorm(scope.at("norm"), groups, channels, EPSILON);
    this.q = new Conv2d(scope.at("q"), channels, channels, 1);
    this.k = new Conv2d(scope.at("k"), channels, channels, 1);
    this.v = new Conv2d(scope.at("v"), channels, channels, 1);
    this.output = new Conv2d(scope.at("proj_out"), channels, channels, 1);
  }
  forward(x: Tensor): Tensor {
    const [n, c, h, w] = x.shape as [Dim, number, Dim, Dim];
    const normal = this.norm.forward(x);
    // One token a place, one head.
    const tokens = (layer: Conv2d) => reshape(transpose(layer.forward(normal), [0, 2, 3, 1]), [n, -1, 1, c]);
    const mixed = attention(tokens(this.q), tokens(this.k), tokens(this.v));
    return add(x, this.output.forward(transpose(reshape(mixed, [n, h, w, c]), [0, 3, 1, 2])));
  }
}

/** The lowest level's two residual blocks with attention between. */
export class MiddleBlocks {
  readonly block1: ResidualBlock;
  readonly attention: AttentionBlock;
  readonly block2: ResidualBlock;
  constructor(scope: ParameterScope, channels: number, groups: number) {
    this.block1 = new ResidualBlock(scope.at("block_1"), channels, channels, groups);
    this.attention = new AttentionBlock(scope.at("attn_1"), channels, groups);
    this.block2 = new ResidualBlock(scope.at("block_2"), channels, channels, groups);
  }
  forward(x: Tensor): Tensor {
    return this.block2.forward(this.attention.forward(this.block1.forward(x)));
  }
}

/** Halves height and width. FLUX pads below and on the right only. */
export class Downsample {
  readonly conv: Conv2d;
  constructor(scope: ParameterScope, channels: number) {
    this.conv = new Conv2d(scope.at("conv"), channels, channels, 3, { stride: 2, pads: [0, 0, 1, 1] });
  }
  forward(x: Tensor): Tensor {
    return this.conv.forward(x);
  }
}

/** Doubles height and width: nearest neighbour, then a convolution. */
export class Upsample {
  readonly conv: Conv2d;
  constructor(scope: ParameterScope, channels: number) {
    this.conv = new Conv2d(scope.at("conv"), channels, channels, 3);
  }
  forward(x: Tensor): Tensor {
    return this.conv.forward(upsample2x(x));
  }
}
