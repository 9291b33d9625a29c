/**
 * A training step of `nano` in mogao and in PyTorch: `npm run bench -- pytorch --python PATH`.
 *
 * Forward and backward on the same sizes with as many threads (pytorch/step.py says which sizes), in turn, round after
 * round. PyTorch runs in float32 and in bfloat16 autocast, eagerly and, where it can compile, with torch.compile. PATH is a
 * Python that has torch (`pip install torch numpy`); default python3.
 */
import { initializeParameters } from "../src/nn/parameters.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import { flatViews } from "../src/train/flat-buffers.ts";
import { GradientProgram } from "../src/train/gradient-program.ts";
import { Optimizer } from "../src/train/optimizer/optimizer.ts";
import { benchOptions, printTable } from "./measure.ts";
import { drawingBatch, nanoTask } from "./nano-batch.ts";
import { startPython } from "./pytorch/child.ts";

const at = process.argv.indexOf("--python");
const python = at < 0 ? "python3" : process.argv.splice(at, 2)[1]!;
const { threads, rounds } = benchOptions(15);

const torch = await startPython(python, "step.py", [String(threads)]);
const [version, parameters] = torch.greeting.split(" ");

const runtime = await openRuntime({ threads });
const task = nanoTask();
const optimizer = await Optimizer.open(runtime, task.parameters, {});
initializeParameters(task.parameters, 1, flatViews(optimizer.plan.layout, optimizer.state.weights));
const program = await GradientProgram.open(runtime, task, optimizer);
const { feeds } = drawingBatch(32);
const runs: Record<string, () => Promise<number>> = {
  mogao: async () => {
    const start = performance.now();
    await program.run(feeds);
    return performance.now() - start;
  },
  "PyTorch float32": () => torch.milliseconds("float32"),
  "PyTorch bfloat16": () => torch.milliseconds("bfloat16"),
  "PyTorch float32, compiled": () => torch.milliseconds("float32 compiled"),
  "PyTorch bfloat16, compiled": () => torch.milliseconds("bfloat16 compiled"),
};
const times: Record<string, number[]> = {};
for (let round = -1; round < rounds; round++)
  for (const [name, run] of Object.entries(runs)) {
    const taken = await run();
    if (round >= 0) (times[name] ??= []).push(taken);
  }
torch.end();
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
