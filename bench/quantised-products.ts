/**
 * Products of one row with quantised matrices: `npm run bench -- quantised-products [--rows 11008] [--columns 2048]`.
 *
 * What writing text spends its time on, alone: for each width of codes and length of blocks, matrices of a feed-forward layer of Qwen2.5-3B,
 * so many that no cache holds them, one after another. Weights and stored bytes a second; the formats run in turn.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { add, constant, input, matmulNBits } from "../src/graph/primitives.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import { codesShape, scalesShape, type MatrixShape, type Quantization } from "../src/nn/quantization.ts";
import { compileModel } from "../src/onnx/emit.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import type { HostTensor, Program } from "../src/runtime/types.ts";
import { inTurn, printTable } from "./measure.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "11008" },
    columns: { type: "string", default: "2048" },
    matrices: { type: "string", default: "8" },
    rounds: { type: "string", default: "9" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const shape: MatrixShape = [Number(values.rows), Number(values.columns)];
const [matrices, rounds, threads] = [Number(values.matrices), Number(values.rounds), Number(values.threads)];
const formats: Readonly<Record<string, Quantization>> = Object.fromEntries(
  ([4, 8] as const).flatMap((bits) => [32, 64, 128, 256].map((block) => [`int${bits}:${block}`, { bits, block }])),
);

const count = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
const x = input("x", [1, shape[1]]);
function product(quantization: Quantization, seed: number): Tensor {
  const [codes, scales] = [codesShape(shape, quantization), scalesShape(shape, quantization)];
  const bytes = new Uint8Array(count(codes)).map((_, i) => (i * 31 + seed) % 251);
  return matmulNBits(
    x,
    constant(bytes, codes, "byte"),
    constant(new Float32Array(count(scales)).fill(1e-3), scales),
    quantization.bits,
  );
}

const runtime = await openRuntime({ threads });
const row: HostTensor = {
  type: "float32",
  shape: [1, shape[1]],
  data: new Float32Array(new ArrayBuffer(4 * shape[1])).fill(0.5),
};
const programs: [string, Program][] = [];
for (const [name, quantization] of Object.entries(formats)) {
  const y = Array.from({ length: matrices }, (_, i) => product(quantization, i)).reduce((a, b) => add(a, b));
  programs.push([name, await runtime.load(compileModel({ y }).bytes)]);
}
const work = Object.fromEntries(programs.map(([name, program]) => [name, () => program.run({ x: row })]));
const times = await inTurn(work, { rounds, clock: "wall" });
const results = Object.entries(formats).map(([name, quantization]) => {
  const seconds = Math.min(...times[name]!) / 1000;
  const stored = count(codesShape(shape, quantization)) + 4 * count(scalesShape(shape, quantization));
  return { name, weights: (matrices * count(shape)) / seconds, bytes: (matrices * stored) / seconds };
});
printTable(
  ["format", "weights/s", "stored bytes/s"],
  results.map(({ name, weights, bytes }) => [
    name,
    `${(weights / 1e9).toFixed(1)} G`,
    `${(bytes / 1e9).toFixed(1)} GB`,
  ]),
);
console.log(JSON.stringify({ bench: "quantised-products", shape, matrices, threads, rounds, results }));
for (const [, program] of programs) program.dispose();
