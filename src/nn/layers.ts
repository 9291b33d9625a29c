/** Layers with weights of their own. Each is declared in a scope and applied by `forward`. */
import * as F from "../graph/functional.ts";
import { add, conv2d, div, mul, reduceMean, reshape, rmsNorm, sqrt } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Matrix } from "./matrix.ts";
import { normal, ones, zeros, type Initializer, type ParameterScope } from "./parameters.ts";

export class Linear {
  readonly #weight: Matrix;
  readonly bias: Tensor | undefined;
  /** weight [outSize, inSize], normal with deviation 1/√inSize unless told otherwise. */
  constructor(
    scope: ParameterScope,
    inSize: number,
    outSize: number,
    options: { bias?: boolean; initializer?: Initializer; biasInitializer?: Initializer } = {},
  ) {
    this.#weight = new Matrix(scope, "weight", outSize, inSize, options.initializer ?? normal(1 / Math.sqrt(inSize)));
    this.bias =
      (options.bias ?? true) ? scope.parameter("bias", [outSize], options.biasInitializer ?? zeros) : undefined;
  }
  /** [..., inSize] → [..., outSize] */
  forward(x: Tensor): Tensor {
    return this.#weight.apply(x, this.bias);
  }
}

export class RmsNorm {
  readonly weight: Tensor;
  readonly epsilon: number;
  constructor(scope: ParameterScope, size: number, epsilon: number, initializer: Initializer = ones) {
    this.weight = scope.parameter("weight", [size], initializer);
    this.epsilon = epsilon;
  }
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, this.epsilon);
  }
  /** 1 / rms of each row: [..., size] → [..., 1]. */
  inverse(x: Tensor): Tensor {
    return div(1, sqrt(add(reduceMean(mul(x, x), [-1], true), this.epsilon)));
  }
}

export class LayerNorm {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly epsilon: number;
  constructor(scope: ParameterScope, size: number, epsilon: number) {
    this.weight = scope.parameter("weight", [size], ones);
    this.bias = scope.parameter("bias", [size], zeros);
    this.epsilon = epsilon;
  }
  forward(x: Tensor): Tensor {
    return F.layerNorm(x, this.weight, this.bias, this.epsilon);
  }
}

export class GroupNorm {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly groups: number;
  readonly epsilon: number;
  constructor(scope: ParameterScope, groups: number, channels: number, epsilon: number) {
    if (channels % groups !== 0) throw new Error(`GroupNorm: ${channels} channels do not divide into ${groups} groups`);
    this.weight = scope.parameter("weight", [channels], ones);
    this.bias = scope.parameter("bias", [channels], zeros);
    this.groups = groups;
    this.epsilon = epsilon;
  }
  /** [n, channels, h, w] */
  forward(x: Tensor): Tensor {
    return F.groupNorm(x, this.groups, this.weight, this.bias, this.epsilon);
  }
}

export class Conv2d {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly stride: number;
  readonly pads: readonly [number, number, number, number];
  /** A square kernel; `pads` (top, left, bottom, right) default to keeping the size at stride 1. */
  constructor(
    scope: ParameterScope,
    inChannels: number,
    outChannels: number,
    kernel: number,
    options: { stride?: number; pads?: readonly [number, number, number, number]; initializer?: Initializer } = {},
  ) {
    const half = (kernel - 1) / 2;
    const fanIn = inChannels * kernel * kernel;
    this.weight = scope.parameter(
      "weight",
      [outChannels, inChannels, kernel, kernel],
      options.initializer ?? normal(1 / Math.sqrt(fanIn)),
    );
    this.bias = scope.parameter("bias", [outChannels], zeros);
    this.stride = options.stride ?? 1;
    this.pads = options.pads ?? [half, half, half, half];
  }
  forward(x: Tensor): Tensor {
    const y = conv2d(x, this.weight, { stride: this.stride, pads: this.pads });
    return add(y, reshape(this.bias, [this.bias.shape[0]!, 1, 1]));
  }
}

export class Embedding {
  readonly #weight: Matrix;
  constructor(scope: ParameterScope, count: number, size: number, initializer: Initializer = normal(0.02)) {
    this.#weight = new Matrix(scope, "weight", count, size, initializer);
  }
  /** Integer ids of any shape → [ids…, size] */
  forward(ids: Tensor): Tensor {
    return this.#weight.rows(ids);
  }
  /** Products with every row, where the table is the output's too: [..., size] → [..., count] */
  logits(x: Tensor): Tensor {
    return this.#weight.apply(x);
  }
}
