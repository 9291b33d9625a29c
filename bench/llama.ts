/**
 * Writing text with 4-bit weights beside llama.cpp: `npm run bench -- llama --package FOLDER [--quantize int4] [--tokens N]`.
 *
 * FOLDER holds node-llama-cpp (`npm install --ignore-scripts node-llama-cpp` in an empty folder). Both decode one token after another, greedily,
 * with random weights of the preset's text branch (mogao-7b: Qwen2.5-3B): ours by default in blocks of 32 with float32 scales, llama.cpp's Q4_0
 * in blocks of 32 with float16 scales, embeddings in 8 bits; after the same number of tokens, in turn, in one process.
 */
import { mkdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { CachedContext } from "../src/generate/context.ts";
import { defaultModelFolder } from "../src/generate/load-folder.ts";
import { ModelPrograms } from "../src/generate/model-programs.ts";
import { presets } from "../src/model/presets.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import { defaultCacheFolder } from "../src/weights/hub-cache.ts";
import { loadModelFolder } from "../src/weights/model-folder.ts";
import { parseQuantization } from "../src/weights/quantization.ts";
import { randomModel, randomModelConfig, type RandomPreset } from "../src/weights/random-model.ts";
import { writeGguf } from "./llama/write-gguf.ts";
import { inTurn, median, printTable } from "./measure.ts";

const { values } = parseArgs({
  options: {
    package: { type: "string" },
    preset: { type: "string", default: "mogao-7b" },
    quantize: { type: "string", default: "int4" },
    tokens: { type: "string", default: "32" },
    rounds: { type: "string", default: "3" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
if (values.package === undefined) throw new Error("--package: expected a folder in which node-llama-cpp is installed");
const preset = values.preset as RandomPreset;
const [tokens, rounds, threads] = [Number(values.tokens), Number(values.rounds), Number(values.threads)];
const cache = defaultCacheFolder(process.env);

/** The little of node-llama-cpp that is used. */
interface Llama {
  loadModel(options: { modelPath: string }): Promise<{
    createContext(options: { contextSize: number; threads: number }): Promise<{ getSequence(): Sequence }>;
  }>;
}
interface Sequence {
  evaluate(tokens: readonly number[], options: { temperature: number }): AsyncGenerator<number>;
  clearHistory(): Promise<void>;
}

const folder = await randomModel({
  cache,
  config: randomModelConfig(preset, parseQuantization(values.quantize)),
  tokenizer: defaultModelFolder,
});
const gguf = join(cache, "random", `${preset}-q4_0.gguf`);
await mkdir(join(cache, "random"), { recursive: true });
if (!(await stat(gguf).catch(() => undefined))) await writeGguf(gguf, presets[preset]);

const prompt = Array.from({ length: 16 }, (_, i) => 1000 + 37 * i);
const runtime = await openRuntime({ threads });
const { config, weights, stored } = await loadModelFolder(folder);
const programs = new ModelPrograms(runtime, config.model, weights, stored);
async function mogao(): Promise<void> {
  const context = new CachedContext(programs);
  context.push({ type: "text", ids: prompt });
  for (let i = 0; i < tokens; i++) {
    const logits = await context.logits();
    let best = 0;
    for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
    context.push({ type: "text", ids: [best] });
  }
}

const entry = createRequire(join(values.package, "package.json")).resolve("node-llama-cpp");
const { getLlama } = (await import(pathToFileURL(entry).href)) as { getLlama(options: object): Promise<Llama> };
const llama = await getLlama({ gpu: false, build: "never", maxThreads: threads });
const model = await llama.loadModel({ modelPath: gguf });
const sequence = (await model.createContext({ contextSize: 512, threads })).getSequence();
async function llamaCpp(): Promise<void> {
  await sequence.clearHistory();
  let count = 0;
  for await (const _ of sequence.evaluate(prompt, { temperature: 0 })) if (++count === tokens) break;
  if (count < tokens) throw new Error(`llama.cpp ended after ${count} of ${tokens} tokens`);
}

const times = await inTurn({ mogao, "llama.cpp": llamaCpp }, { rounds, clock: "wall" });
const rate = (name: keyof typeof times) => tokens / (median(times[name]) / 1000);
printTable(
  ["", "tokens/s", "ratio"],
  Object.keys(times).map((name) => {
    const value = rate(name as keyof typeof times);
    return [name, value.toFixed(1), (value / rate("llama.cpp")).toFixed(2)];
  }),
);
console.log(JSON.stringify({ bench: "llama", preset, quantize: values.quantize, threads, rounds, tokens, times }));
programs.dispose();
process.exit(0);
