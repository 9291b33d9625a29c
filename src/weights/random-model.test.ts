import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tinyModel } from "../generate/testing.ts";
import { loadModelFolder, modelParameters, saveModelFolder } from "./model-folder.ts";
import { parseQuantization } from "./quantization.ts";
import { randomModel, randomModelConfig, randomPresets, type RandomModelConfig } from "./random-model.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-random-"));
  await saveModelFolder(join(folder, "tokenizer"), tinyModel());
});
afterEach(() => rm(folder, { recursive: true }));

const config: RandomModelConfig = {
  ...tinyModel({ model: { hiddenSize: 64, ffnSize: 128 } }).config,
  quantization: { text: { bits: 4, block: 32 }, embeddings: { bits: 8, block: 64 } },
};
const options = () => ({ cache: folder, config, tokenizer: join(folder, "tokenizer") });

test("is announced, written once, loads, and has numbers of the size that training starts with", async () => {
  const onSize = vi.fn<(bytes: number, folder: string) => void>();
  const path = await randomModel({ ...options(), onSize });
  const written = async (name: string) => (await stat(join(path, name))).size;
  const total = (await written("model.safetensors")) + (await written("vae.safetensors"));
  const [announced] = onSize.mock.calls[0]!;
  // The rest are the headers.
  expect(total - announced).toBeGreaterThan(0);
  expect(total - announced).toBeLessThan(100_000);

  const { weights, stored } = await loadModelFolder(path);
  expect(stored!.place("mogao.embed_tokens.weight.codes")).toBeDefined();
  expect([...weights.get("mogao.norm.weight")!]).toEqual(Array.from({ length: 64 }, () => 1));
  const modulation = weights.get("mogao.layers.0.modulation.weight")!;
  const square = modulation.reduce((sum, value) => sum + value * value, 0) / modulation.length;
  expect(square).toBeCloseTo(1 / config.model.conditionSize, 2);

  const before = await stat(join(path, "model.safetensors"));
  expect(await randomModel({ ...options(), onSize })).toBe(path);
  expect(onSize).toHaveBeenCalledTimes(1);
  expect((await stat(join(path, "model.safetensors"))).mtimeMs).toBe(before.mtimeMs);
});

test("what was interrupted is written anew, and leftovers go", async () => {
  const path = await randomModel(options());
  await rm(join(path, "config.json"));
  await writeFile(join(path, "model.safetensors.1-0.tmp"), "half");
  const controller = new AbortController();
  const stop = { ...options(), onTensor: () => controller.abort(new Error("stopped")), signal: controller.signal };
  await expect(randomModel(stop)).rejects.toThrow("stopped");
  await expect(stat(join(path, "config.json"))).rejects.toThrow(/ENOENT/);
  await randomModel(options());
  expect((await readdir(path)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("another shape under the same name is not taken for it", async () => {
  await randomModel(options());
  const onSize = vi.fn<(bytes: number, folder: string) => void>();
  await randomModel({ ...options(), config: { ...config, model: { ...config.model, layers: 1 } }, onSize });
  expect(onSize).toHaveBeenCalledTimes(1);
});

test("presets have the sizes that their names say", () => {
  const count = (preset: (typeof randomPresets)[number], quantize: string) => {
    const { model, vit, quantization } = randomModelConfig(preset, parseQuantization(quantize));
    return modelParameters({ model, vit, quantization }).reduce(
      (sum, { shape, tensor }) => sum + shape.reduce((a, b) => a * b, tensor.dtype === "byte" ? 1 : 4),
      0,
    );
  };
  // Branches, modulation, embeddings and Qwen2-VL's ViT with 675 M parameters.
  expect(count("mogao-7b", "float") / 4e9).toBeCloseTo(7.45, 1);
  expect(count("mogao-1b", "float") / 4e9).toBeCloseTo(1.65, 1);
  expect(count("mogao-7b", "int4") / 1e9).toBeCloseTo(5.5, 0);
});
