/**
 * What an update costs beside a training step: `node bench/optimizer.ts [GFLOP of a step, default 130]`.
 *
 * Parameters as in a small transformer: 64 matrices 256×256, 48 of 512×256, 4 M elsewhere. Times are processor time on one
 * thread, which neighbours on a shared machine disturb little; the step is taken to run at the rate of a plain
 * 512×512×512 product, measured in turn with the updates.
 */
import { symbol } from "../src/graph/dims.ts";
import { input, matmul, parameter } from "../src/graph/primitives.ts";
import { zeros, type ParameterInfo } from "../src/nn/parameters.ts";
import { compileModel } from "../src/onnx/emit.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import { Optimizer } from "../src/train/optimizer/optimizer.ts";
import type { OptimizerOptions } from "../src/train/optimizer/plan.ts";

const stepGflop = Number(process.argv[2] ?? 130);
const rounds = 5;
const runtime = await openRuntime({ threads: 1 });

const declare = (name: string, ...shape: number[]): ParameterInfo => {
  return { name, shape, initializer: zeros, tensor: parameter(name, shape) };
};
const parameters = [
  ...Array.from({ length: 64 }, (_, i) => declare(`block.${i}.square`, 256, 256)),
  ...Array.from({ length: 48 }, (_, i) => declare(`block.${i}.tall`, 512, 256)),
  declare("embedding", 16384, 256),
];
const select = ({ name }: ParameterInfo) => name.startsWith("block.");
const variants: Record<string, OptimizerOptions> = {
  AdamW: {},
  "Muon, 5 iterations": { muon: { select } },
  "Muon, 3 iterations": { muon: { select, iterations: 3 } },
  "Muon, blocks of 128 rows": { muon: { select, blockRows: 128 } },
  "Muon, blocks of 64 rows": { muon: { select, blockRows: 64 } },
  "Muon, blocks of 64 rows, 3 iterations": { muon: { select, blockRows: 64, iterations: 3 } },
};

const optimizers = new Map<string, Optimizer>();
for (const [name, options] of Object.entries(variants)) {
  const optimizer = await Optimizer.open(runtime, parameters, options);
  const { gradients } = optimizer.state;
  for (let i = 0; i < gradients.length; i++) gradients[i] = Math.sin(i * 0.7) / 1000;
  optimizers.set(name, optimizer);
}
const [n, side] = [symbol("n"), 512];
const product = await runtime.load(
  compileModel({ y: matmul(input("a", [n, side, side]), input("b", [n, side, side])) }).bytes,
);
const operand = () => ({
  type: "float32" as const,
  shape: [16, side, side],
  data: new Float32Array(new ArrayBuffer(4 * 16 * side * side)).fill(0.5),
});
const feeds = { a: operand(), b: operand() };

/** Milliseconds of processor time. */
async function cost(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage().user;
  await work();
  return (process.cpuUsage().user - before) / 1000;
}

const best = new Map<string, number>();
const keep = (name: string, value: number) => best.set(name, Math.min(best.get(name) ?? Infinity, value));
for (let round = 0; round < rounds; round++) {
  keep("product", await cost(() => product.run(feeds)));
  for (const [name, optimizer] of optimizers) keep(name, await cost(() => optimizer.update(1e-4, round)));
}
const rate = (16 * 2 * side ** 3) / best.get("product")! / 1e6;
const step = (stepGflop / rate) * 1000;
const count = optimizers.get("AdamW")!.plan.layout.size;
console.log(
  `${(count / 1e6).toFixed(1)} M parameters; product ${rate.toFixed(0)} GFLOP/s a core; a step of ${stepGflop} GFLOP: ${step.toFixed(0)} ms of processor time`,
);
for (const name of optimizers.keys()) {
  const time = best.get(name)!;
  console.log(
    `${name.padEnd(40)} ${time.toFixed(0).padStart(5)} ms  ${((100 * time) / step).toFixed(1).padStart(5)}% of a step`,
  );
}
for (const optimizer of optimizers.values()) optimizer.dispose();
product.dispose();
