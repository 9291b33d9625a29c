/**
 * A denoising step beside PyTorch's in bfloat16: `npm run bench -- denoise --python PATH [--quantize int4] [--side 512]`.
 *
 * The visual branch of the preset with random weights over the keys and values of 64 text tokens, without guidance; ours quantised, PyTorch's
 * in bfloat16 (pytorch/denoise.py), eagerly; in turn, round after round.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { vaeTokenSide } from "../src/encoders/vae-config.ts";
import { CachedContext } from "../src/generate/context.ts";
import { Denoiser } from "../src/generate/denoiser.ts";
import { defaultModelFolder } from "../src/generate/load-folder.ts";
import { ModelPrograms } from "../src/generate/model-programs.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import { defaultCacheFolder } from "../src/weights/hub-cache.ts";
import { loadModelFolder } from "../src/weights/model-folder.ts";
import { parseQuantization } from "../src/weights/quantization.ts";
import { randomModel, randomModelConfig, type RandomPreset } from "../src/weights/random-model.ts";
import { printTable } from "./measure.ts";
import { startPython } from "./pytorch/child.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    preset: { type: "string", default: "mogao-7b" },
    quantize: { type: "string", default: "int4" },
    side: { type: "string", default: "512" },
    rounds: { type: "string", default: "2" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const [side, rounds, threads] = [Number(values.side), Number(values.rounds), Number(values.threads)];
const PAST = 64;

const folder = await randomModel({
  cache: defaultCacheFolder(process.env),
  config: randomModelConfig(values.preset as RandomPreset, parseQuantization(values.quantize)),
  tokenizer: defaultModelFolder,
});
const { config, weights, stored } = await loadModelFolder(folder);
const grid = side / vaeTokenSide(config.vae!);
const torch = await startPython(values.python, "denoise.py", [
  JSON.stringify({ ...config.model, tokens: grid * grid, past: PAST, threads }),
]);

const programs = new ModelPrograms(await openRuntime({ threads }), config.model, weights, stored);
const context = new CachedContext(programs);
context.push({ type: "text", ids: Array.from({ length: PAST }, (_, i) => i) });
await context.settle();
const denoiser = await Denoiser.open(programs, [{ condition: "full", context }], {
  rows: grid,
  columns: grid,
  rule: { form: "paper", text: 1, image: 1 },
  interval: [0, 1],
});
const x = Float32Array.from({ length: denoiser.size }, (_, i) => Math.sin(i));
const runs: Record<string, () => Promise<number>> = {
  mogao: async () => {
    const start = performance.now();
    await denoiser.velocity(x, 0.5, new Float32Array(denoiser.size));
    return performance.now() - start;
  },
  "PyTorch bfloat16": () => torch.milliseconds("step"),
};
const best: Record<string, number> = {};
for (let round = -1; round < rounds; round++)
  for (const [name, run] of Object.entries(runs)) {
    const taken = await run();
    if (round >= 0) best[name] = Math.min(best[name] ?? Infinity, taken);
  }
torch.end();
programs.dispose();
printTable(
  ["step", "best s", "of mogao's time"],
  Object.entries(best).map(([name, ms]) => [name, (ms / 1000).toFixed(2), (ms / best["mogao"]!).toFixed(2)]),
);
console.log(
  JSON.stringify({
    bench: "denoise",
    preset: values.preset,
    quantize: values.quantize,
    torch: torch.greeting,
    side,
    threads,
    rounds,
    best,
  }),
);
