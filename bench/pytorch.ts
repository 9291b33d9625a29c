/**
 * A training step of `nano` in mogao and in PyTorch: `npm run bench -- pytorch --python PATH`.
 *
 * Forward and backward on the same sizes with as many threads (pytorch/step.py says which sizes), in turn, round after
 * round. PyTorch runs in float32 and in bfloat16 autocast, eagerly and, where it can compile, with torch.compile. PATH is a
 * Python that has torch (`pip install torch numpy`); default python3.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { InputError } from "../src/core/errors.ts";
import { initializeParameters } from "../src/nn/parameters.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import { flatViews } from "../src/train/flat-buffers.ts";
import { GradientProgram } from "../src/train/gradient-program.ts";
import { Optimizer } from "../src/train/optimizer/optimizer.ts";
import { benchOptions, printTable } from "./measure.ts";
import { drawingBatch, nanoTask } from "./nano-batch.ts";

const at = process.argv.indexOf("--python");
const python = at < 0 ? "python3" : process.argv.splice(at, 2)[1]!;
const { threads, rounds } = benchOptions(15);

const child = spawn(python, [`${import.meta.dirname}/pytorch/step.py`, String(threads)], {
  stdio: ["pipe", "pipe", "inherit"],
});
child.on("error", (error) => {
  throw new InputError(`--python: ${python} cannot be run: ${error.message}`);
});
const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
const answer = async () => {
  const { value, done } = await lines.next();
  if (done)
    throw new InputError(`--python: ${python} ended early: expected one that has torch (pip install torch numpy)`);
  return value;
};
const [version, parameters] = (await answer()).split(" ");

const runtime = await openRuntime({ threads });
const task = nanoTask();
const optimizer = await Optimizer.open(runtime, task.parameters, {});
initializeParameters(task.parameters, 1, flatViews(optimizer.plan.layout, optimizer.state.weights));
const program = await GradientProgram.open(runtime, task, optimizer);
const { feeds } = drawingBatch(32);
const torch = async (kind: string) => {
  child.stdin.write(`${kind}\n`);
  return Number(await answer());
};
const runs: Record<string, () => Promise<number>> = {
  mogao: async () => {
    const start = performance.now();
    await program.run(feeds);
    return performance.now() - start;
  },
  "PyTorch float32": () => torch("float32"),
  "PyTorch bfloat16": () => torch("bfloat16"),
  "PyTorch float32, compiled": () => torch("float32 compiled"),
  "PyTorch bfloat16, compiled": () => torch("bfloat16 compiled"),
};
const times: Record<string, number[]> = {};
for (let round = -1; round < rounds; round++)
  for (const [name, run] of Object.entries(runs)) {
    const taken = await run();
    if (round >= 0) (times[name] ??= []).push(taken);
  }
child.stdin.end();
program.dispose();
optimizer.dispose();

const best = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, Math.min(...all)]));
printTable(
  ["step", "best ms", "of mogao's time"],
  Object.entries(best).map(([name, ms]) => [name, ms.toFixed(0), (ms / best["mogao"]!).toFixed(2)]),
);
console.log(
  JSON.stringify({ bench: "pytorch", runtime: runtime.description, torch: version, parameters, threads, rounds, best }),
);
