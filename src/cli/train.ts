import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { openRuntime } from "../runtime/open-runtime.ts";
import type { Device } from "../runtime/types.ts";
import { loadTrainingConfig } from "../train/config.ts";
import { train } from "../train/loop.ts";
import { trainProgress } from "./train-progress.ts";

interface TrainCommandOptions {
  readonly out?: string;
  readonly resume?: boolean;
  readonly resetOptimizer?: boolean;
  readonly initFrom?: string;
  readonly set?: readonly string[];
  readonly steps?: number;
  readonly seed?: number;
  readonly device?: Device;
  readonly threads?: number;
  readonly json?: boolean;
}

/** `mogao train <config>`: progress on stderr, the final checkpoint on stdout. */
export function trainCommand(): Command {
  return new Command("train")
    .description("train a model as a config file says")
    .argument("<config>", "a file of configs/")
    .option("--out <dir>", "folder of the run (default: runs/<name of the config>)")
    .option("--resume", "continue the run in that folder from its newest checkpoint")
    .option("--reset-optimizer", "with --resume: keep the weights, forget the optimizer's moments")
    .option("--init-from <path>", "start from the weights of a run, checkpoint or safetensors file, by name")
    .option("--set <path=value>", "override a setting; may be repeated", collect)
    .option("--steps <n>", "steps in all (train.steps)", wholeNumber)
    .option("--seed <n>", "seed (train.seed)", wholeNumber)
    .option("--device <device>", "cpu, webgpu or cuda")
    .option("--threads <n>", "threads of the engine (default: all cores)", wholeNumber)
    .option("--json", "print the result as one JSON object")
    .addHelpText(
      "after",
      `
Ctrl-C writes a checkpoint and stops; again, it stops at once.

Examples:
  mogao train configs/vae.ts
  mogao train configs/vae.ts --resume --steps 40000
  mogao train configs/vae.ts --out runs/wide --set task.width=48 --set train.schedule.peak=3e-4`,
    )
    .action(runTrain);
}

async function runTrain(configPath: string, options: TrainCommandOptions): Promise<void> {
  const overrides = [...(options.set ?? [])];
  if (options.steps !== undefined) overrides.push(`train.steps=${options.steps}`);
  if (options.seed !== undefined) overrides.push(`train.seed=${options.seed}`);
  if (options.initFrom !== undefined) overrides.push(`train.initFrom=${JSON.stringify(options.initFrom)}`);
  const config = await loadTrainingConfig(configPath, overrides);
  const outDir = options.out ?? join("runs", config.name);
  const device = options.device ?? config.device ?? "cpu";
  const runtime = await openRuntime({
    device,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  process.stderr.write(`${config.about}\n${runtime.description}; run in ${outDir}\n`);
  const interruption = new AbortController();
  const interrupt = () => {
    if (interruption.signal.aborted) process.exit(130);
    process.stderr.write("\nstopping after this step; a second Ctrl-C stops at once\n");
    interruption.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    const task = await config.createTask({ runtime, seed: config.train.seed, outDir });
    const result = await train(task, {
      ...config.train,
      runtime,
      outDir,
      resume: options.resume,
      resetOptimizer: options.resetOptimizer,
      identity: config.task,
      reporter: trainProgress(),
      signal: interruption.signal,
    });
    const { step, finished, loss, skipped, checkpoint } = result;
    process.stdout.write(
      options.json ? `${JSON.stringify({ step, finished, loss, skipped, checkpoint })}\n` : `${checkpoint}\n`,
    );
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError("Expected a whole number.");
  return value;
}
