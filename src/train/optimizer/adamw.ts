import { symbol } from "../../graph/dims.ts";
import { add, div, input, mul, sqrt, sub } from "../../graph/primitives.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { compileModel } from "../../onnx/emit.ts";
import type { Program, Runtime } from "../../runtime/types.ts";
import { scalar, vector } from "./feeds.ts";

export interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** The buffers of one stretch of parameters, all of one length; updated in place. */
export interface AdamWBuffers {
  readonly weights: Float32Array;
  readonly gradients: Float32Array;
  readonly means: Float32Array;
  readonly squares: Float32Array;
  /** Moving average of the weights. */
  readonly averages: Float32Array;
}

export interface AdamWStep {
  readonly learningRate: number;
  /** Decoupled: the weights shrink by learningRate · weightDecay. */
  readonly weightDecay: number;
  /** Multiplies the gradients first (clipping). */
  readonly gradientScale: number;
  /** Updates made before this one. */
  readonly updates: number;
  /** Of the moving average of weights. */
  readonly emaDecay: number;
}

/**
 * AdamW (Loshchilov & Hutter 2019) and the moving average of weights as one graph over a flat vector of any length.
 * Clipping and both bias corrections are folded into scalars, so that each element is passed over as few times as can be.
 */
export class AdamW {
  readonly #program: Program;
  readonly #settings: AdamWSettings;

  static async open(runtime: Runtime, settings: AdamWSettings): Promise<AdamW> {
    const { bytes } = compileModel(adamWGraph(), { name: "adamw" });
    return new AdamW(await runtime.load(bytes), settings);
  }

  private constructor(program: Program, settings: AdamWSettings) {
    this.#program = program;
    this.#settings = settings;
  }

  async step(buffers: AdamWBuffers, step: AdamWStep): Promise<void> {
    const { beta1, beta2, epsilon } = this.#settings;
    const { learningRate, weightDecay, gradientScale, updates, emaDecay } = step;
    const meanCorrection = 1 - beta1 ** (updates + 1);
    const squareCorrection = Math.sqrt(1 - beta2 ** (updates + 1));
    const weights = vector(buffers.weights);
    const means = vector(buffers.means);
    const squares = vector(buffers.squares);
    const averages = vector(buffers.averages);
    await this.#program.run(
      {
        weights,
        gradients: vector(buffers.gradients),
        means,
        squares,
        averages,
        beta1: scalar(beta1),
        meanShare: scalar((1 - beta1) * gradientScale),
        beta2: scalar(beta2),
        squareShare: scalar((1 - beta2) * gradientScale * gradientScale),
        stepSize: scalar((learningRate * squareCorrection) / meanCorrection),
        epsilon: scalar(epsilon * squareCorrection),
        keep: scalar(1 - learningRate * weightDecay),
        averageShare: scalar(1 - emaDecay),
      },
      { nextMeans: means, nextSquares: squares, nextWeights: weights, nextAverages: averages },
    );
  }

  dispose(): void {
    this.#program.dispose();
  }
}

/**
 * Every output may be written over the input it replaces: each old value is last read by the operator that writes the new one, or
 * earlier.
 */
function adamWGraph(): Record<string, Tensor> {
  const n = symbol("n");
  const [weights, gradients, means, squares, averages] = (
    ["weights", "gradients", "means", "squares", "averages"] as const
  ).map((name) => input(name, [n])) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const setting = (name: string) => input(name, []);
  const nextMeans = add(mul(means, setting("beta1")), mul(gradients, setting("meanShare")));
  const nextSquares = add(mul(squares, setting("beta2")), mul(mul(gradients, gradients), setting("squareShare")));
  const direction = div(nextMeans, add(sqrt(nextSquares), setting("epsilon")));
  const nextWeights = sub(mul(weights, setting("keep")), mul(direction, setting("stepSize")));
  const nextAverages = add(averages, mul(sub(nextWeights, averages), setting("averageShare")));
  return { nextMeans, nextSquares, nextWeights, nextAverages };
}
