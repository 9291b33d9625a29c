/** A process that trains with a checkpoint after every step, for tests that kill it: arguments are the run's folder and steps. */
import { openRuntime } from "../../src/runtime/open-runtime.ts";
import { train } from "../../src/train/loop.ts";
import { toyRunOptions } from "./toy-run-options.ts";
import { toyRegression } from "./toy-regression.ts";

const [outDir, steps] = process.argv.slice(2) as [string, string];
await train(toyRegression({ width: 2000 }), {
  ...toyRunOptions,
  runtime: await openRuntime({ threads: 1 }),
  outDir,
  steps: Number(steps),
  checkpointMinutes: 0,
  resume: true,
  reporter: { note: (message) => console.log(message) },
});
