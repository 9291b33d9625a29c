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

/** What one sublayer is modulated by: vectors [batch, slots, size], and which slot each row uses. */
export interface Modulated {
  readonly shift: Tensor;
  readonly scale: Tensor;
  readonly gate: Tensor;
  readonly assignment: Tensor;
}

/** `sublayers` times shift, scale and, unless it is left out, gate; all zero at initialisation. */
export class Modulation {
  readonly linear: Linear;
  readonly sublayers: number;
  readonly #size: number;
  readonly #vectors: number;
  constructor(scope: ParameterScope, conditionSize: number, size: number, sublayers: number, gates = true) {
    this.#vectors = gates ? 3 : 2;
    this.linear = new Linear(scope, conditionSize, sublayers * this.#vectors * size, { initializer: zeros });
    this.sublayers = sublayers;
    this.#size = size;
  }
  forward({ embedding, assignment }: Condition): Modulated[] {
    const vectors = this.linear.forward(silu(embedding));
    const part = (i: number) => slice(vectors, -1, i * this.#size, (i + 1) * this.#size);
    return Array.from({ length: this.sublayers }, (_, sublayer) => {
      const [shift, scale, gate] = Array.from({ length: this.#vectors }, (__, i) =>
        part(sublayer * this.#vectors + i),
      ) as [Tensor, Tensor, Tensor];
      return { shift, scale, gate, assignment };
    });
  }
}

/**
 * norm(x)·(1 + scale) + shift, each row with the vectors of its slot; norm(x) alone without modulation. All factors of x are
 * multiplied where they are small, so that one product with the assignment spreads them over the rows.
 */
export function normalised(norm: RmsNorm, x: Tensor, by: Modulated | undefined): Tensor {
  if (!by) return norm.forward(x);
  const factor = matmul(mul(by.assignment, norm.inverse(x)), mul(norm.weight, add(by.scale, 1)));
  return add(mul(x, factor), matmul(by.assignment, by.shift));
}

/** x·gate, each row with the gate of its slot. */
export function gated(x: Tensor, by: Modulated | undefined): Tensor {
  return by ? mul(x, matmul(by.assignment, by.gate)) : x;
}
