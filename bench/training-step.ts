/**
 * How near a training step comes to its matrix products: `npm run bench -- training-step`.
 *
 * Forward and backward of `nano` over 32 rows of 32 text and 72 visual tokens (a drawn picture of 96 px at two noise
 * levels), as the training loop runs it. Beside it, in turn, every matrix product of the step alone: same shapes, same
 * transpositions, operands and result in cache. Rates count the products' operations only, so everything else a step does is
 * a loss. Targets: the step's rate at least 80% of the products', the optimizer under 10% of a step.
 */
import { gradients } from "../src/graph/gradients.ts";
import { initializeParameters } from "../src/nn/parameters.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import { flatViews } from "../src/train/flat-buffers.ts";
import { GradientProgram } from "../src/train/gradient-program.ts";
import { Optimizer } from "../src/train/optimizer/optimizer.ts";
import { alone, matrixProducts, totalFlops } from "./matrix-products.ts";
import { benchOptions, inTurn, printTable } from "./measure.ts";
import { drawingBatch, nanoTask } from "./nano-batch.ts";

const options = benchOptions(9);
const runtime = await openRuntime({ threads: options.threads });
const task = nanoTask();
const optimizer = await Optimizer.open(runtime, task.parameters, {});
const { layout } = optimizer.plan;
initializeParameters(task.parameters, 1, flatViews(layout, optimizer.state.weights));
const program = await GradientProgram.open(runtime, task, optimizer);
const { feeds } = drawingBatch(32);

const wrt = layout.slots.map(({ info }) => info.tensor);
const products = matrixProducts([task.loss, ...gradients(task.loss, wrt)], feeds);
const total = totalFlops(products);
const runs: Record<string, () => Promise<unknown>> = {
  step: () => program.run(feeds),
  update: () => optimizer.update(1e-4, 1),
};
/** A product is run several times over, for long enough to be timed. */
const repeats = new Map(products.map(({ name, flops }) => [name, Math.ceil(1.5e9 / flops)]));
for (const product of products) {
  const run = await alone(runtime, product);
  runs[product.name] = async () => {
    for (let i = 0; i < repeats.get(product.name)!; i++) await run();
  };
}
const times = await inTurn(runs, options);

// The best of all rounds: neighbours on the machine only ever add.
const each = products.map(({ name }) => Math.min(...times[name]!) / repeats.get(name)!);
printTable(
  ["product", "count", "GFLOP", "GFLOP/s alone"],
  products.map(({ name, count, flops }, i) => [
    name,
    String(count),
    ((flops * count) / 1e9).toFixed(2),
    (flops / each[i]! / 1e6).toFixed(0),
  ]),
);
const stepTime = Math.min(...times["step"]!);
const updateTime = Math.min(...times["update"]!);
const plainTime = products.reduce((sum, { count }, i) => sum + count * each[i]!, 0);
const result = {
  bench: "training-step",
  runtime: runtime.description,
  ...options,
  gflop: total / 1e9,
  stepMs: stepTime,
  stepGflops: total / stepTime / 1e6,
  plainGflops: total / plainTime / 1e6,
  ratio: plainTime / stepTime,
  updateMs: updateTime,
  optimizerShare: updateTime / (updateTime + stepTime),
};
console.log(
  `\nstep: ${stepTime.toFixed(0)} ms for ${result.gflop.toFixed(0)} GFLOP, ${result.stepGflops.toFixed(0)} GFLOP/s; its products alone: ` +
    `${result.plainGflops.toFixed(0)} GFLOP/s; ratio ${result.ratio.toFixed(3)} (target 0.8)\n` +
    `optimizer: ${updateTime.toFixed(0)} ms, ${(100 * result.optimizerShare).toFixed(1)}% of a step (target under 10%)`,
);
console.log(JSON.stringify(result));
optimizer.dispose();
program.dispose();
