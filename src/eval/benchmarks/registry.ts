import { expectInput } from "../../core/errors.ts";
import type { Benchmark, Scored, ScoreFiles } from "./benchmark.ts";
import { mmbench } from "./mmbench/mmbench.ts";
import { dpgBench } from "./dpg-bench.ts";
import { genaiBench } from "./genai-bench.ts";
import { geneval } from "./geneval/geneval.ts";
import { gqa } from "./gqa.ts";
import { mme } from "./mme.ts";
import { mmmu } from "./mmmu/mmmu.ts";
import { pope } from "./pope.ts";
import { seedBench } from "./seed-bench.ts";

/** In the order of the paper's tables. */
export const benchmarks: readonly Benchmark[] = [
  pope,
  mme,
  mmbench,
  seedBench,
  gqa,
  mmmu,
  geneval,
  dpgBench,
  genaiBench,
];

/** By its name in any writing: "SEED-Bench", "seed_bench", "seed" and "seedbench" are one. */
export function findBenchmark(name: string): Benchmark {
  const wanted = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const found = benchmarks.find(({ name }) => name === wanted || name === `${wanted}bench`);
  expectInput(
    found !== undefined,
    `unknown benchmark ${JSON.stringify(name)}: expected ${benchmarks.map((benchmark) => benchmark.name).join(", ")}`,
  );
  return found;
}

/** One object that says what was scored and how. */
export interface ScoreReport extends Omit<Scored, "printed"> {
  readonly benchmark: string;
  readonly protocol: string;
  /** Of the rules: "mogao pope 1". */
  readonly scorer: string;
}

/** Throws InputError where the benchmark has no such protocol. */
export function expectProtocol({ name, protocols }: Benchmark, protocol: string): void {
  expectInput(
    protocols.includes(protocol),
    `--protocol: expected ${protocols.join(", ")} for ${name}, found ${JSON.stringify(protocol)}`,
  );
}

/** Scores files under one protocol; see {@link Benchmark.score}. */
export async function scoreFiles(
  benchmark: Benchmark,
  files: ScoreFiles,
  protocol: string,
): Promise<{ report: ScoreReport; printed: string | undefined }> {
  const { name, version } = benchmark;
  expectProtocol(benchmark, protocol);
  const { printed, ...scored } = await benchmark.score(files, protocol);
  return { report: { benchmark: name, protocol, scorer: `mogao ${name} ${version}`, ...scored }, printed };
}
