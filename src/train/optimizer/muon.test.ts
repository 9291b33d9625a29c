import { beforeAll, describe, expect, test } from "vitest";
import { Philox } from "../../core/random.ts";
import { symbol } from "../../graph/dims.ts";
import { input } from "../../graph/primitives.ts";
import { compileModel } from "../../onnx/emit.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import type { Runtime } from "../../runtime/types.ts";
import { Muon, orthogonalise } from "./muon.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ threads: 1 });
});

async function orthogonalised(matrices: Float32Array, shape: readonly [number, number], iterations = 5) {
  const graph = { y: orthogonalise(input("x", [symbol("n"), ...shape]), iterations) };
  const program = await runtime.load(compileModel(graph).bytes);
  const count = matrices.length / (shape[0] * shape[1]);
  const { y } = await program.run({ x: { type: "float32", shape: [count, ...shape], data: matrices } });
  program.dispose();
  return y!.data as Float32Array;
}

type Matrix = number[][];
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const rotation = (angle: number, size: number, i: number, j: number): Matrix =>
  Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (__, column) => {
      if (row === column) return row === i || row === j ? Math.cos(angle) : 1;
      if (row === i && column === j) return -Math.sin(angle);
      return row === j && column === i ? Math.sin(angle) : 0;
    }),
  );

describe("orthogonalise", () => {
  // U·diag(s)·Vᵀ with known rotations: the result must have the same U and V and singular values near 1.
  const u = product(rotation(0.7, 3, 0, 1), rotation(-1.1, 3, 1, 2));
  const v = product(rotation(2.1, 4, 0, 3), product(rotation(0.4, 4, 1, 2), rotation(-0.9, 4, 2, 3)));
  const singularValues = [5, 1.3, 0.2];
  const diagonal = Array.from({ length: 3 }, (_, i) =>
    Array.from({ length: 4 }, (__, j) => (i === j ? singularValues[i]! : 0)),
  );
  const wide = product(product(u, diagonal), transposed(v));

  test.each(["wide", "tall"])(
    "gives %s matrices singular values near 1 and keeps their singular vectors",
    async (kind) => {
      const matrix = kind === "wide" ? wide : transposed(wide);
      const shape = kind === "wide" ? ([3, 4] as const) : ([4, 3] as const);
      // A second, larger copy shows that the batch does not mix and that scale does not matter.
      const both = Float32Array.from([...matrix.flat(), ...matrix.flat().map((value) => 100 * value)]);
      const y = await orthogonalised(both, shape);
      for (const copy of [0, 1]) {
        const rows = Array.from({ length: shape[0] }, (_, i) => [
          ...y.subarray(copy * 12 + i * shape[1], copy * 12 + (i + 1) * shape[1]),
        ]);
        const core = product(product(transposed(u), kind === "wide" ? rows : transposed(rows)), v);
        core.forEach((row, i) =>
          row.forEach((value, j) => {
            if (i === j) {
              expect(value).toBeGreaterThan(0.65);
              expect(value).toBeLessThan(1.25);
            } else expect(Math.abs(value)).toBeLessThan(1e-4);
          }),
        );
      }
    },
  );

  test("leaves zero matrices zero", async () => {
    expect([...(await orthogonalised(new Float32Array(6), [2, 3]))]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

test("a step is Nesterov momentum, orthogonalised, scaled to AdamW's RMS, with decoupled decay", async () => {
  const shape = [4, 6] as const;
  const [count, size] = [2, 48];
  const momentum = 0.9;
  const [learningRate, weightDecay, gradientScale, emaDecay] = [0.1, 0.3, 0.25, 0.6];
  const muon = await Muon.open(runtime, shape, { momentum, iterations: 5 });
  const random = new Philox(5);
  const normal = () => random.fillNormal(new Float32Array(new ArrayBuffer(4 * size)));
  const buffers = { count, weights: normal(), gradients: normal(), momenta: normal(), averages: normal() };
  const before = Object.fromEntries(
    Object.entries({ ...buffers, count: undefined }).map(([name, data]) => [name, data?.slice()]),
  ) as unknown as typeof buffers;
  await muon.step(buffers, { learningRate, weightDecay, gradientScale, emaDecay });
  muon.dispose();
  const momenta = before.momenta.map((b, i) => momentum * b + (1 - momentum) * gradientScale * before.gradients[i]!);
  const lookAhead = momenta.map((b, i) => momentum * b + (1 - momentum) * gradientScale * before.gradients[i]!);
  const direction = await orthogonalised(lookAhead, shape);
  const scale = learningRate * 0.2 * Math.sqrt(6);
  for (let i = 0; i < size; i++) {
    const weight = before.weights[i]! * (1 - learningRate * weightDecay) - scale * direction[i]!;
    expect(buffers.momenta[i]).toBeCloseTo(momenta[i]!, 5);
    expect(buffers.weights[i]).toBeCloseTo(weight, 4);
    expect(buffers.averages[i]).toBeCloseTo(emaDecay * before.averages[i]! + (1 - emaDecay) * weight, 4);
  }
});
