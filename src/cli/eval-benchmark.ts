import { stat } from "node:fs/promises";
import { Command } from "commander";
import { expectInput } from "../core/errors.ts";
import type { Judge } from "../eval/harness/judge.ts";
import type { Device } from "../runtime/types.ts";
import { interruptible, type CliContext } from "./context.ts";
import { checkFolders, generateOptions, loadOptions, type GenerationArguments } from "./generation-options.ts";
import { setExamples } from "./help.ts";
import { choiceOption, integerOption, numberOption, sizeOption } from "./option-values.ts";
import { Progress } from "./progress.ts";

/** What the command line says of each benchmark; the rest is loaded when it is run. */
const benchmarks: readonly { readonly name: string; readonly alias?: string; readonly about: string }[] = [
  { name: "pope", about: "POPE: whether objects are in pictures" },
  { name: "mme", about: "MME: yes or no in fourteen tasks" },
  { name: "mmbench", about: "MMBench: multiple choice, rotated" },
  { name: "seedbench", alias: "seed-bench", about: "SEED-Bench: multiple choice about pictures" },
  { name: "gqa", about: "GQA: questions about scenes" },
  { name: "mmmu", about: "MMMU: expert questions" },
  { name: "geneval", about: "GenEval: drawing objects, numbers, colours, places" },
  { name: "dpgbench", alias: "dpg-bench", about: "DPG-Bench: drawing long prompts" },
  { name: "genaibench", alias: "genai-bench", about: "GenAI-Bench: drawing by skill" },
];
const drawing = new Set<string>(["geneval", "dpgbench", "genaibench"]);

interface BenchmarkArguments {
  readonly data: string;
  readonly out: string;
  readonly model?: string;
  readonly device?: Device;
  readonly protocol?: string;
  readonly limit?: number;
  readonly judge?: string;
  readonly judgeModel?: string;
  readonly steps?: number;
  readonly guidance?: number;
  readonly size?: NonNullable<GenerationArguments["size"]>;
  readonly json?: true;
}

/** `mogao eval pope` and its eight siblings: a model on a public benchmark. */
export function benchmarkCommands(context: CliContext): Command[] {
  return benchmarks.map(({ name, alias, about }) => {
    const command = new Command(name)
      .summary(about)
      .description(
        `${about}.\nGoes on where an earlier run was stopped. docs/evaluation.md describes data, judges and reports.`,
      )
      .requiredOption("--data <DIR>", "the benchmark in its official layout")
      .requiredOption("--out <DIR>", "folder of results")
      .option("--model <DIR>", "folder of the model (default: the one included)")
      .option("--device <NAME>", "cpu, webgpu or cuda", choiceOption<Device>("--device", ["cpu", "webgpu", "cuda"]))
      .option("--protocol <NAME>", "official (default), or another that the benchmark has")
      .option("--limit <N>", "most questions or prompts of each part", integerOption("--limit", 1, 1_000_000))
      .option("--judge <WHERE>", "verdicts as JSONL, a folder with ONNX models, or an OpenAI-compatible URL")
      .option("--judge-model <NAME>", "model of that API; its key is read from OPENAI_API_KEY");
    if (alias !== undefined) command.alias(alias);
    if (drawing.has(name))
      command
        .option("--steps <N>", "denoising steps a picture", integerOption("--steps", 1, 1000))
        .option("--guidance <X>", "how strongly pictures follow the text", numberOption("--guidance", 0, 100))
        .option(
          "--size <SIZE>",
          "of drawn pictures: 96x64 pixels, or a shape such as 16:9",
          sizeOption("--size", 16, 4096),
        );
    command
      .option("--json", "print the report as one JSON object")
      .action((values: BenchmarkArguments) => evaluate(name, values, context));
    const judge = drawing.has(name) ? " --judge verdicts.jsonl" : "";
    setExamples(command, [
      `mogao eval ${name} --data data/${name} --out runs/${name}${judge}`,
      `mogao eval ${name} --data data/${name} --out runs/${name}-10 --limit 10 --json`,
    ]);
    return command;
  });
}

async function evaluate(name: string, values: BenchmarkArguments, context: CliContext): Promise<void> {
  // Loaded late: help and bad arguments should not wait for it.
  const { findBenchmark } = await import("../eval/benchmarks/registry.ts");
  const { evaluateBenchmark } = await import("../eval/harness/run.ts");
  const { defaultModelFolder } = await import("../generate/load-folder.ts");
  const { data, out, protocol = "official", limit, steps, guidance, size } = values;
  const generate = generateOptions({
    ...(steps !== undefined && { steps }),
    ...(guidance !== undefined && { guidance }),
    ...(size !== undefined && { size }),
    out,
  });
  await checkFolders(values);
  const progress = new Progress(context.stderr, { quiet: values.json === true });
  const { report, markdown } = await interruptible(context, async (signal) => {
    const judge = await openJudge(values, context, signal);
    return evaluateBenchmark({
      benchmark: findBenchmark(name),
      protocol,
      data,
      out,
      modelFolder: values.model ?? defaultModelFolder,
      load: () => {
        progress.update("loading the model");
        return context.load(loadOptions(values)).finally(() => progress.clear());
      },
      generate,
      ...(limit !== undefined && { limit }),
      ...(judge && { judge }),
      signal,
      onProgress: ({ stage, done, items }) => progress.update(`${name}: ${stage} ${done}/${items}`),
    }).finally(() => {
      progress.clear();
      judge?.dispose?.();
    });
  });
  context.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : markdown);
}

async function openJudge(
  { judge, judgeModel }: BenchmarkArguments,
  { env }: CliContext,
  signal: AbortSignal,
): Promise<Judge | undefined> {
  if (judge === undefined) return undefined;
  if (!/^https?:\/\//.test(judge)) {
    const isFolder = (await stat(judge).catch(() => null))?.isDirectory() ?? false;
    if (isFolder) return (await import("../eval/harness/onnx-judge.ts")).onnxJudge(judge);
    const { precomputedJudge } = await import("../eval/harness/judge.ts");
    return precomputedJudge(judge);
  }
  expectInput(judgeModel !== undefined, "--judge-model: expected the name of the API's model, found nothing");
  const { endpointJudge } = await import("../eval/harness/endpoint-judge.ts");
  const key = env["OPENAI_API_KEY"];
  return endpointJudge({ url: judge, model: judgeModel, signal, ...(key && { key }) });
}
