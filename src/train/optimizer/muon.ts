import { symbol, type Dim } from "../../graph/dims.ts";
import {
  add,
  constant,
  div,
  input,
  matmul,
  max,
  mul,
  reduceSum,
  sqrt,
  sub,
  transpose,
} from "../../graph/primitives.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { compileModel } from "../../onnx/emit.ts";
import type { HostTensor, Program, Runtime } from "../../runtime/types.ts";
import { scalar } from "./feeds.ts";

/** Quintic coefficients (a, b, c) of Keller Jordan's Muon (2024): singular values end in about [0.7, 1.2]. */
const newtonSchulz = [3.4445, -4.775, 2.0315] as const;

export interface MuonSettings {
  readonly momentum: number;
  /** Newton-Schulz iterations. */
  readonly iterations: number;
}

/** `count` matrices of one shape that lie one behind the other; updated in place. */
export interface MuonBuffers {
  readonly count: number;
  readonly weights: Float32Array;
  readonly gradients: Float32Array;
  readonly momenta: Float32Array;
  readonly averages: Float32Array;
}

export interface MuonStep {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly gradientScale: number;
  readonly emaDecay: number;
}

/**
 * Muon with Nesterov momentum for all matrices of one shape [rows, columns], as one batch. The orthogonalised update is
 * scaled by 0.2·√max(rows, columns) (Liu et al., "Muon is scalable for LLM training", 2025), which gives it the RMS that
 * AdamW's updates have: one learning rate serves both.
 */
export class Muon {
  readonly #program: Program;
  readonly #shape: readonly [number, number];
  readonly #settings: MuonSettings;

  static async open(runtime: Runtime, shape: readonly [number, number], settings: MuonSettings): Promise<Muon> {
    const { bytes } = compileModel(muonGraph(shape, settings.iterations), { name: `muon_${shape[0]}x${shape[1]}` });
    return new Muon(await runtime.load(bytes), shape, settings);
  }

  private constructor(program: Program, shape: readonly [number, number], settings: MuonSettings) {
    this.#program = program;
    this.#shape = shape;
    this.#settings = settings;
  }

  async step(buffers: MuonBuffers, step: MuonStep): Promise<void> {
    const { momentum } = this.#settings;
    const { learningRate, weightDecay, gradientScale, emaDecay } = step;
    const [rows, columns] = this.#shape;
    const batch = (data: Float32Array): HostTensor => ({
      type: "float32",
      shape: [buffers.count, rows, columns],
      data,
    });
    const weights = batch(buffers.weights);
    const momenta = batch(buffers.momenta);
    const averages = batch(buffers.averages);
    await this.#program.run(
      {
        weights,
        gradients: batch(buffers.gradients),
        momenta,
        averages,
        momentum: scalar(momentum),
        gradientShare: scalar((1 - momentum) * gradientScale),
        stepSize: scalar(learningRate * 0.2 * Math.sqrt(Math.max(rows, columns))),
        keep: scalar(1 - learningRate * weightDecay),
        averageShare: scalar(1 - emaDecay),
      },
      { nextMomenta: momenta, nextWeights: weights, nextAverages: averages },
    );
  }

  dispose(): void {
    this.#program.dispose();
  }
}

/** As in AdamW's graph, each old value is last read by the operator that writes the new one, or earlier. */
function muonGraph(shape: readonly [number, number], iterations: number): Record<string, Tensor> {
  const dims: Dim[] = [symbol("n"), ...shape];
  const [weights, gradients, momenta, averages] = ["weights", "gradients", "momenta", "averages"].map((name) =>
    input(name, dims),
  ) as [Tensor, Tensor, Tensor, Tensor];
  const setting = (name: string) => input(name, []);
  const momentum = setting("momentum");
  const fresh = mul(gradients, setting("gradientShare"));
  const nextMomenta = add(mul(momenta, momentum), fresh);
  const direction = orthogonalise(add(mul(nextMomenta, momentum), fresh), iterations);
  const nextWeights = sub(mul(weights, setting("keep")), mul(direction, setting("stepSize")));
  const nextAverages = add(averages, mul(sub(nextWeights, averages), setting("averageShare")));
  return { nextMomenta, nextWeights, nextAverages };
}

/**
 * Newton-Schulz iteration X ← (aI + bA + cA²)X with A = XXᵀ, on the smaller side of the matrices: x [n, rows, columns] → nearly
 * orthogonal matrices of the same row and column space. Zero matrices stay zero.
 */
export function orthogonalise(x: Tensor, iterations: number): Tensor {
  const [, rows, columns] = x.shape as [Dim, number, number];
  const tall = rows > columns;
  const side = Math.min(rows, columns);
  const [a, b, c] = newtonSchulz;
  const identity = (scale: number) => {
    const values = new Float32Array(side * side);
    for (let i = 0; i < side; i++) values[i * (side + 1)] = scale;
    return constant(values, [side, side]);
  };
  const bI = identity(b);
  const aI = identity(a);
  const norm = sqrt(reduceSum(mul(x, x), [1, 2], true));
  let y = div(x, max(norm, 1e-12));
  for (let i = 0; i < iterations; i++) {
    const flipped = transpose(y, [0, 2, 1]);
    const gram = tall ? matmul(flipped, y) : matmul(y, flipped);
    // A(cA + bI) + aI: the three terms cost two passes over the small square instead of passes over X.
    const polynomial = add(matmul(gram, add(mul(gram, c), bI)), aI);
    y = tall ? matmul(y, polynomial) : matmul(polynomial, y);
  }
  return y;
}
