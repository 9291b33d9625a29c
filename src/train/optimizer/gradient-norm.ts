import { symbol } from "../../graph/dims.ts";
import { input, mul, reduceSum } from "../../graph/primitives.ts";
import { compileModel } from "../../onnx/emit.ts";
import type { Program, Runtime } from "../../runtime/types.ts";
import { vector } from "./feeds.ts";

/** The Euclidean norm of vectors, for clipping. */
export class GradientNorm {
  readonly #program: Program;

  static async open(runtime: Runtime): Promise<GradientNorm> {
    const gradients = input("gradients", [symbol("n")]);
    const graph = { sum: reduceSum(mul(gradients, gradients)) };
    return new GradientNorm(await runtime.load(compileModel(graph, { name: "squared_norm" }).bytes));
  }

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Of all `parts` together. Squares are summed in float32 within a part, in float64 over parts; not finite where an element is not. */
  async of(parts: readonly Float32Array[]): Promise<number> {
    const sums = await Promise.all(
      parts.map(async (part) => Number((await this.#program.run({ gradients: vector(part) })).sum!.data[0])),
    );
    return Math.sqrt(sums.reduce((a, b) => a + b, 0));
  }

  dispose(): void {
    this.#program.dispose();
  }
}
