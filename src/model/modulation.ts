/** AdaLN-Zero: the timestep condition shifts, scales and gates the visual rows; at initialisation it closes every gate. */
import { silu } from "../graph/functional.ts";
import { add, matmul, mul, slice } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Linear, type RmsNorm } from "../nn/layers.ts";
import { zeros, type ParameterScope } from "../nn/parameters.ts";

/** Timestep embeddings [batch, slots, conditionSize] and which slot each visual row uses, one-hot [batch, tokens, slots]. */
export interface Condition {
  readonly embedding: Tensor;
  readonly assignment: Tensor;
}

/** `count` vectors for each time slot, all zero at initialisation. */
export class Modulation {
  readonly linear: Linear;
  readonly count: number;
  readonly #size: number;
  constructor(scope: ParameterScope, conditionSize: number, size: number, count: number) {
    this.linear = new Linear(scope, conditionSize, count * size, { initializer: zeros });
    this.count = count;
    this.#size = size;
  }
  /** → `count` tensors [batch, slots, size]. */
  forward({ embedding }: Condition): Tensor[] {
    const vectors = this.linear.forward(silu(embedding));
    return Array.from({ length: this.count }, (_, i) => slice(vectors, -1, i * this.#size, (i + 1) * this.#size));
  }
}

/**
 * norm(x)·(1 + scale) + shift, each row with the vectors of its slot. All factors of x are multiplied where they are
 * small, so that one product with the assignment spreads them over the rows.
 */
export function normalised(norm: RmsNorm, x: Tensor, { assignment }: Condition, shift: Tensor, scale: Tensor): Tensor {
  const factor = matmul(mul(assignment, norm.inverse(x)), mul(norm.weight, add(scale, 1)));
  return add(mul(x, factor), matmul(assignment, shift));
}

/** x·gate, each row with the gate of its slot. */
export function gated(x: Tensor, { assignment }: Condition, gate: Tensor): Tensor {
  return mul(x, matmul(assignment, gate));
}
