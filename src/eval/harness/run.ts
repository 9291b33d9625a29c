import { join } from "node:path";
import { writeBytesAtomic, writeJsonAtomic } from "../../core/atomic-file.ts";
import type { GenerateOptions, Mogao } from "../../generate/types.ts";
import type { Benchmark, Scored } from "../benchmarks/benchmark.ts";
import { expectProtocol, scoreFiles, type ScoreReport } from "../benchmarks/registry.ts";
import { claimFolder, fingerprint } from "../results-folder.ts";
import { answerQuestions } from "./answer-questions.ts";
import { readGqa } from "./answering/gqa.ts";
import { readMmbenchQuestions } from "./answering/mmbench.ts";
import { readMme } from "./answering/mme.ts";
import { readMmmu } from "./answering/mmmu.ts";
import { readPope } from "./answering/pope.ts";
import { readSeedBench } from "./answering/seed-bench.ts";
import { drawPrompts, judgePictures } from "./draw-prompts.ts";
import { readDpgBench } from "./drawing/dpg-bench.ts";
import { readGenaiBench } from "./drawing/genai-bench.ts";
import { readGeneval } from "./drawing/geneval.ts";
import { expectFaculty, type DrawingSet, type ReadPrompts } from "./drawing-set.ts";
import type { Judge } from "./judge.ts";
import type { QuestionSet, ReadQuestions } from "./question-set.ts";
import { reportHtml, reportMarkdown, type BenchmarkReport, type ShownItem } from "./report.ts";

const questionReaders: Readonly<Record<string, ReadQuestions>> = {
  pope: readPope,
  mme: readMme,
  mmbench: readMmbenchQuestions,
  seedbench: readSeedBench,
  gqa: readGqa,
  mmmu: readMmmu,
};
const promptReaders: Readonly<Record<string, ReadPrompts>> = {
  geneval: readGeneval,
  dpgbench: readDpgBench,
  genaibench: readGenaiBench,
};

export interface BenchmarkEvaluation {
  readonly benchmark: Benchmark;
  readonly protocol: string;
  /** Folder with the benchmark in its own layout. */
  readonly data: string;
  /** Folder of results. */
  readonly out: string;
  /** Folder of the model, which names its weights. */
  readonly modelFolder: string;
  /** Called when there is something to generate, once. */
  readonly load: () => Promise<Mogao>;
  readonly generate: Pick<GenerateOptions, "steps" | "guidance" | "size" | "aspect">;
  /** Most questions or prompts of each part of the benchmark. */
  readonly limit?: number;
  readonly judge?: Judge;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: HarnessProgress) => void;
}

/** How far a stage is. */
export interface HarnessProgress {
  readonly stage: "answering" | "drawing" | "judging";
  readonly done: number;
  readonly items: number;
}

/** What the stages of a run share. */
export interface HarnessRun extends Pick<BenchmarkEvaluation, "out" | "generate" | "signal" | "onProgress"> {
  readonly model: () => Promise<Mogao>;
}

/** The report, and the same for people. */
export interface Evaluated {
  readonly report: BenchmarkReport;
  readonly markdown: string;
}

/**
 * Runs a benchmark: generates what the folder of results lacks, judges pictures, scores, and writes report.json, report.md and
 * report.html. What was done before is kept. Throws InputError where the folder holds results of other weights or settings.
 */
export async function evaluateBenchmark(evaluation: BenchmarkEvaluation): Promise<Evaluated> {
  const { benchmark, protocol, out, judge, limit, generate } = evaluation;
  expectProtocol(benchmark, protocol);
  const settings = {
    benchmark: benchmark.name,
    weights: await fingerprint(evaluation.modelFolder),
    ...sizeInWords(generate),
  };
  let model: Promise<Mogao> | undefined;
  const run: HarnessRun = { ...evaluation, model: () => (model ??= evaluation.load()) };
  try {
    const read = promptReaders[benchmark.name];
    const stages = await (read ? readyToDraw(read, evaluation, run) : readyToAnswer(evaluation, run));
    await claimFolder(out, settings);
    const { scored, shown, isWhole } = await stages();
    const report: BenchmarkReport = {
      ...scored,
      title: benchmark.title,
      judge: judge?.id ?? null,
      official: protocol === "official" && limit === undefined && isWhole && (judge?.official ?? !read),
      settings,
    };
    const markdown = reportMarkdown(report);
    await writeJsonAtomic(join(out, "report.json"), report);
    await writeBytesAtomic(join(out, "report.md"), markdown);
    await writeBytesAtomic(join(out, "report.html"), await reportHtml(report, shown, out));
    return { report, markdown };
  } finally {
    (await model?.catch(() => undefined))?.dispose();
  }
}

function sizeInWords({ size, ...generate }: BenchmarkEvaluation["generate"]): Record<string, unknown> {
  return { ...generate, ...(size && { size: `${size.width}x${size.height}` }) };
}

/** All that follows once the data are read. */
type Stages = () => Promise<{
  readonly scored: ScoreReport;
  readonly shown: readonly ShownItem[];
  /** Whether everything was answered, or drawn and judged. */
  readonly isWhole: boolean;
}>;

async function readyToAnswer(evaluation: BenchmarkEvaluation, run: HarnessRun): Promise<Stages> {
  const { benchmark, protocol, data, limit = Infinity } = evaluation;
  const set = await questionReaders[benchmark.name]!(data, limit, protocol);
  return () => answerAndScore(set, evaluation, run);
}

async function answerAndScore(
  set: QuestionSet,
  { benchmark, protocol, out, judge }: BenchmarkEvaluation,
  run: HarnessRun,
): ReturnType<Stages> {
  const answers = await answerQuestions(set.questions, run);
  const files = await set.write(answers, join(out, "official"));
  const complete = judge?.complete?.bind(judge);
  const { report } = await scoreFiles(benchmark, { ...files, ...(complete && { complete }) }, protocol);
  const shown = set.questions.map(({ id, content }) => ({
    pictures: content.filter((piece) => typeof piece !== "string"),
    title: `${id}: ${content.filter((piece) => typeof piece === "string").join(" ")}`,
    text: answers.get(id)!,
  }));
  return { scored: report, shown, isWhole: report.missing === 0 };
}

async function readyToDraw(read: ReadPrompts, evaluation: BenchmarkEvaluation, run: HarnessRun): Promise<Stages> {
  const set = await read(evaluation.data, evaluation.limit ?? Infinity);
  expectFaculty(set, evaluation.judge);
  return () => drawAndScore(set, evaluation, run);
}

async function drawAndScore(
  set: DrawingSet,
  { benchmark, protocol, out, judge }: BenchmarkEvaluation,
  run: HarnessRun,
): ReturnType<Stages> {
  const drawn = await drawPrompts(set, run);
  const { lines, unjudged } = await judgePictures(set, drawn, judge, run);
  const failed = drawn.filter(({ files }) => files.length === 0).length;
  const files = await set.write(lines, join(out, "official"));
  const isEnough = lines.length > 0 && (unjudged === 0 || !set.needsAll);
  const report = isEnough ? (await scoreFiles(benchmark, files, protocol)).report : unscored(benchmark, protocol);
  const shown = drawn.map(({ id, text, files: names }) => ({
    pictures: names.map((name) => ({ path: join(out, name) })),
    title: id,
    text,
  }));
  const notes = [
    ...report.notes,
    ...(unjudged > 0 ? [`${unjudged} pictures have no verdict; to-judge.jsonl lists what a judge is to say`] : []),
    ...(failed > 0 ? [`${failed} prompts were answered without a picture`] : []),
  ];
  const items = drawn.reduce((sum, { files: names }) => sum + names.length, 0);
  const scored = { ...report, items, missing: unjudged, failed: report.failed + failed, notes };
  return { scored, shown, isWhole: unjudged === 0 && failed === 0 };
}

/** Before anybody has judged. */
function unscored({ name, version }: Benchmark, protocol: string): ScoreReport {
  const nothing: Scored = { scores: { overall: null }, items: 0, missing: 0, failed: 0, notes: [] };
  return { benchmark: name, protocol, scorer: `mogao ${name} ${version}`, ...nothing };
}
