import { Command, Option } from "commander";
import { InputError } from "../core/errors.ts";
import { defaultModelFolder } from "../generate/load-folder.ts";
import { measureModel, type ComputeMeasurement, type ModelMeasurement } from "../generate/measure-model.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import { defaultCacheFolder } from "../weights/hub-cache.ts";
import { parseQuantization } from "../weights/quantization.ts";
import { randomModel, randomModelConfig, randomPresets, type RandomPreset } from "../weights/random-model.ts";
import { interruptible, type CliContext } from "./context.ts";
import { setExamples } from "./help.ts";
import { integerOption } from "./option-values.ts";
import { Progress } from "./progress.ts";

interface BenchOptions {
  readonly model?: string;
  readonly preset?: RandomPreset;
  readonly random?: boolean;
  readonly quantize?: string;
  readonly cache?: string;
  readonly side?: number;
  readonly tokens: number;
  readonly threads?: number;
  readonly json?: boolean;
}

const MOST_SIDE = 1024;

/** `mogao bench`: what this machine does with a model's sizes. */
export function benchCommand(context: CliContext): Command {
  const command = new Command("bench")
    .summary("measure a model on this machine")
    .description(
      "measure a model on this machine: opening, text, pictures, memory; beside what its memory and products allow",
    )
    .option("--model <dir>", "a model folder (default: the model that ships)")
    .addOption(new Option("--preset <name>", "instead, the sizes of a preset").choices(randomPresets))
    .option("--random", "with random weights, which are kept in the cache")
    .option("--quantize <formats>", "of the random weights; see convert (default: int4)")
    .option("--cache <dir>", "where they are kept (default: MOGAO_CACHE, or mogao in the user's caches)")
    .option("--side <pixels>", "of the square picture (default: the model's)", integerOption("--side", 16, MOST_SIDE))
    .option("--tokens <n>", "text tokens to write", integerOption("--tokens", 1, 4096), 32)
    .option("--threads <n>", "default: the cores that this process may use", integerOption("--threads", 1, 1024))
    .option("--json", "print the result as one JSON object")
    .action((options: BenchOptions) => bench(context, options));
  setExamples(command, [
    "mogao bench --preset mogao-7b --random --quantize int4",
    "mogao bench --model my-model-4bit --side 256 --json",
  ]);
  return command;
}

async function bench(context: CliContext, options: BenchOptions): Promise<void> {
  if ((options.preset === undefined) !== (options.random !== true) || (options.preset && options.model !== undefined))
    throw new InputError("bench: expected --preset and --random together, or --model alone");
  if (options.quantize !== undefined && !options.preset)
    throw new InputError("bench: --quantize is for random weights; quantise a model with: mogao convert --quantize");
  const progress = new Progress(context.stderr);
  const result = await interruptible(context, async (signal) => {
    const folder = options.preset
      ? await writeRandom(context, options.preset, options, progress, signal)
      : (options.model ?? defaultModelFolder);
    const runtime = await openRuntime(options.threads === undefined ? {} : { threads: options.threads });
    const { side, tokens } = options;
    const onStage = (stage: string) => progress.update(`${stage} …`);
    const measured = await measureModel(runtime, folder, { side, tokens, onStage, signal });
    return { folder, runtime: runtime.description, tokens, ...measured };
  }).finally(() => progress.clear());
  context.stdout.write(options.json ? `${JSON.stringify(result)}\n` : report(result));
}

function writeRandom(
  context: CliContext,
  preset: RandomPreset,
  { quantize = "int4", cache = defaultCacheFolder(context.env) }: BenchOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  return randomModel({
    cache,
    config: randomModelConfig(preset, parseQuantization(quantize)),
    tokenizer: defaultModelFolder,
    onSize: (bytes, folder) => void context.stderr.write(`${folder}: writing ${gigabytes(bytes)} of random weights\n`),
    onTensor: (done, total) => progress.update(`${done} of ${total} tensors`),
    signal,
  });
}

const duration = (seconds: number) => (seconds < 1 ? `${(1000 * seconds).toFixed(1)} ms` : `${seconds.toFixed(2)} s`);
const flops = (count: number) =>
  count < 1e11 ? `${(count / 1e9).toFixed(2)} Gflop` : `${(count / 1e12).toFixed(2)} Tflop`;
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
const percent = (share: number) => `${(100 * share).toFixed(0)}%`;

function report(measured: ModelMeasurement & { readonly folder: string; readonly runtime: string }): string {
  const { machine, open, prompt, decode, memory, side } = measured;
  const work = ({ seconds, operations, share }: ComputeMeasurement) =>
    [duration(seconds), `${flops(operations)}, ${percent(share)} of the products' rate`] as const;
  const opening = Object.entries(open).map(([what, seconds]) => `${what} ${seconds.toFixed(2)}`);
  const quantized =
    machine.quantizedProducts === undefined ? "" : `, quantised ${(machine.quantizedProducts / 1e9).toFixed(0)}`;
  const rows: (readonly [string, string, string])[] = [
    ["weights", gigabytes(measured.weightBytes), "transformer and ViT, as stored"],
    ["memory is read at", `${(machine.bandwidth / 1e9).toFixed(1)} GB/s`, "by products of one row"],
    ["products run at", `${(machine.floatProducts / 1e9).toFixed(0)} GFLOP/s`, `float32${quantized}`],
    [
      "opening",
      `${Object.values(open)
        .reduce((a, b) => a + b, 0)
        .toFixed(2)} s`,
      opening.join(", "),
    ],
    ["reading text", `${prompt.tokensPerSecond.toFixed(1)} tokens/s`, `${percent(prompt.share)} of the products' rate`],
    [
      "writing text",
      `${decode.tokensPerSecond.toFixed(1)} tokens/s`,
      `${gigabytes(decode.bytesPerToken)} a token, ${percent(decode.share)} of the memory's rate`,
    ],
    ...(measured.vitEncode ? [[`ViT, ${side}×${side}`, ...work(measured.vitEncode)] as const] : []),
    ["VAE encodes", ...work(measured.vaeEncode)],
    ["a denoising step", ...work(measured.denoise)],
    ["VAE decodes", ...work(measured.vaeDecode)],
    ...(memory
      ? [
          [
            "memory, peak",
            gigabytes(memory.peak),
            `pages of mapped files included; at the end ${gigabytes(memory.own)} own, ${gigabytes(memory.mapped)} mapped`,
          ] as const,
        ]
      : []),
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(
    ([what, value, more]) => `  ${what.padEnd(widths[0]!)}  ${value.padStart(widths[1]!)}  ${more}\n`,
  );
  return `${measured.folder} on ${measured.runtime}\n${lines.join("")}`;
}
