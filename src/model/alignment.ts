/**
 * Representation alignment (REPA, Yu et al. 2025): while the flow is trained, the visual rows behind an early block are drawn towards a
 * trained ViT's features of the finished image. A term of training alone; the projector is left behind.
 */
import { silu } from "../graph/functional.ts";
import { add, div, input, mul, reduceSum, sqrt, sub } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Linear } from "../nn/layers.ts";
import type { ParameterScope } from "../nn/parameters.ts";

export interface AlignmentOptions {
  /** Number of the block behind which rows are compared, from 1. */
  readonly block: number;
  /** Factor of the term in the loss. */
  readonly weight: number;
}

/** Below this square of a length a direction means nothing. */
const LEAST_SQUARE = 1e-6;

export class Alignment {
  readonly block: number;
  readonly weight: number;
  /** Width of the ViT's tokens. */
  readonly featureSize: number;
  readonly inner: Linear;
  readonly outer: Linear;

  constructor(scope: ParameterScope, { block, weight }: AlignmentOptions, hiddenSize: number, featureSize: number) {
    this.block = block;
    this.weight = weight;
    this.featureSize = featureSize;
    this.inner = new Linear(scope.at("inner"), hiddenSize, featureSize);
    this.outer = new Linear(scope.at("outer"), featureSize, featureSize);
  }

  /**
   * 1 − cos(projected rows, `features`) of each token: visual rows [batch, tokens, hidden] → [batch, tokens]. Input `features`
   * [batch, tokens, featureSize]: the ViT's token of each noisy one, anything elsewhere.
   */
  distance(rows: Tensor): Tensor {
    const features = input("features", [rows.shape[0]!, rows.shape[1]!, this.featureSize]);
    const projected = this.outer.forward(silu(this.inner.forward(rows)));
    return sub(1, reduceSum(mul(direction(projected), direction(features)), [-1]));
  }
}

function direction(x: Tensor): Tensor {
  return div(x, sqrt(add(reduceSum(mul(x, x), [-1], true), LEAST_SQUARE)));
}
