import { join } from "node:path";
import { Command } from "commander";
import type { Device } from "../runtime/types.ts";
import { Interrupted, type CliContext } from "./context.ts";
import { gracefulStop } from "./graceful-stop.ts";
import { setExamples } from "./help.ts";
import { choiceOption, integerOption } from "./option-values.ts";
import { trainProgress } from "./train-progress.ts";

interface TrainArguments {
  readonly out?: string;
  readonly resume?: true;
  readonly resetOptimizer?: true;
  readonly initFrom?: string;
  readonly set?: readonly string[];
  readonly steps?: number;
  readonly seed?: number;
  readonly device?: Device;
  readonly threads?: number;
  readonly json?: true;
}

const mostSteps = 1e12;

/** What the verb touches of the world outside. */
type TrainContext = Pick<CliContext, "stdout" | "stderr" | "onInterrupt">;

const processTrainContext: TrainContext = {
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt(listener) {
    process.on("SIGINT", listener);
    return () => process.off("SIGINT", listener);
  },
};

/** `mogao train`: progress on stderr, the final checkpoint on stdout. */
export function trainCommand(context: TrainContext = processTrainContext): Command {
  const command = new Command("train")
    .argument("<config>")
    .summary("train a model as a config file says")
    .description("Trains as a config says. Ctrl-C: checkpoint and stop; twice: stop at once.")
    .option("--out <DIR>", "folder of the run (default: runs/NAME)")
    .option("--resume", "continue the run in that folder")
    .option("--reset-optimizer", "with --resume: forget the optimizer's moments")
    .option("--init-from <PATH>", "start from a run, checkpoint or safetensors file")
    .option("--set <PATH=VALUE>", "override a setting; may be repeated", collect)
    .option("--steps <N>", "steps in all", integerOption("--steps", 1, mostSteps))
    .option("--seed <N>", "of weights and data", integerOption("--seed", 0, 2 ** 32 - 1))
    .option("--device <NAME>", "cpu, webgpu or cuda", choiceOption<Device>("--device", ["cpu", "webgpu", "cuda"]))
    .option("--threads <N>", "of the engine", integerOption("--threads", 1, 4096))
    .option("--json", "print one JSON object on stdout")
    .action((config: string, values: TrainArguments) => runTrain(config, values, context));
  setExamples(command, [
    "mogao train configs/vae.ts",
    "mogao train configs/vae.ts --resume --steps 40000",
    "mogao train configs/vae.ts --out runs/wide --set train.schedule.peak=3e-4",
  ]);
  return command;
}

async function runTrain(path: string, values: TrainArguments, context: TrainContext): Promise<void> {
  // Loaded late: help and bad arguments should not wait for it.
  const { loadTrainingConfig } = await import("../train/config.ts");
  const { openRuntime } = await import("../runtime/open-runtime.ts");
  const { train } = await import("../train/loop.ts");
  const config = await loadTrainingConfig(path, [
    ...(values.set ?? []),
    ...(values.steps === undefined ? [] : [`train.steps=${values.steps}`]),
    ...(values.seed === undefined ? [] : [`train.seed=${values.seed}`]),
    ...(values.initFrom === undefined ? [] : [`train.initFrom=${JSON.stringify(values.initFrom)}`]),
  ]);
  const outDir = values.out ?? join("runs", config.name);
  const runtime = await openRuntime({
    device: values.device ?? config.device ?? "cpu",
    ...(values.threads !== undefined && { threads: values.threads }),
  });
  context.stderr.write(`${config.about}\n${runtime.description}; run in ${outDir}\n`);
  const stop = gracefulStop(context);
  try {
    const { step, finished, loss, skipped, checkpoint } = await train(
      await config.createTask({ runtime, seed: config.train.seed, outDir }),
      {
        ...config.train,
        runtime,
        outDir,
        resume: values.resume,
        resetOptimizer: values.resetOptimizer,
        identity: config.task,
        reporter: trainProgress(context.stderr),
        signal: stop.signal,
      },
    );
    const result = { step, finished, loss, skipped, checkpoint };
    context.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${checkpoint}\n`);
    if (!finished) throw new Interrupted();
  } finally {
    stop.release();
  }
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}
