import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { float16ToFloat32, float32ToFloat16 } from "../core/half.ts";
import { tinyModel } from "../generate/testing.ts";
import { parseModelConfig } from "./model-config.ts";
import { loadModelFolder, modelParameters, saveModelFolder } from "./model-folder.ts";
import { openWeights } from "./open-weights.ts";
import { quantizeModel } from "./quantize-model.ts";
import { openSafetensors, writeSafetensors, type TensorToWrite } from "./safetensors.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-folder-"));
});
afterEach(() => rm(folder, { recursive: true }));

const model = tinyModel();

test("float32 comes back bit for bit, float16 to the nearest; defaults are filled in", async () => {
  await writeFile(join(folder, "README.md"), "card");
  await saveModelFolder(folder, model, { dtype: "F32" });
  const exact = await loadModelFolder(folder);
  expect([...exact.weights.keys()].every((name) => /^(mogao|vit)\./.test(name))).toBe(true);
  for (const [name, values] of model.weights) expect(exact.weights.get(name)).toEqual(values);
  for (const [name, values] of model.vaeWeights) expect(exact.vaeWeights.get(name)).toEqual(values);
  expect(exact.config).toMatchObject({ ...model.config, generation: { steps: 4, guidance: 7.5, solver: "euler" } });
  expect(exact.tokenizer.encode("red")).toEqual([..."red"].map((c) => exact.tokenizer.encode(c)[0]));

  await saveModelFolder(folder, model);
  const half = await loadModelFolder(folder);
  for (const [name, values] of model.weights)
    expect(half.weights.get(name)).toEqual(float16ToFloat32(float32ToFloat16(values)));
  expect((await readdir(folder)).sort()).toEqual(
    ["README.md", "config.json", "model.safetensors", "tokenizer.json", "vae.safetensors"].sort(),
  );
});

test("large floats are mapped, and the same as read ones", async () => {
  await saveModelFolder(folder, model, { dtype: "F32" });
  const parameters = modelParameters(model.config);
  const open = (mapFrom: number) => openWeights(join(folder, "model.safetensors"), parameters, undefined, mapFrom);
  const { weights: mapped, stored } = await open(0);
  const { weights: read } = await open(Infinity);
  expect([stored, mapped.size]).toEqual([undefined, parameters.length]);
  for (const [name, values] of read) expect(mapped.get(name)).toEqual(values);
  const buffers = (values: typeof read) => new Set([...values.values()].map(({ buffer }) => buffer)).size;
  expect(buffers(read)).toBe(parameters.length);
  if (process.platform !== "win32") expect(buffers(mapped)).toBe(1);
});

test("a quantised model's codes are bytes and its scales float32, of the places that it says", async () => {
  const quantization = { text: { bits: 8, block: 16 } } as const;
  await saveModelFolder(join(folder, "float"), model);
  const small = join(folder, "small");
  await quantizeModel({ model: join(folder, "float"), out: small, quantization });
  const { stored, config } = await loadModelFolder(small);
  expect(config.quantization).toEqual(quantization);
  const key = "mogao.layers.0.text.self_attn.q_proj.weight";
  const file = await openSafetensors(small);
  const bytes = await readFile(join(small, "model.safetensors"));
  for (const name of [`${key}.codes`, `${key}.scales`]) {
    const { file: fileName, offset, length } = stored!.place(name)!;
    const { data } = await file.read(name);
    expect(fileName).toBe("model.safetensors");
    expect(bytes.subarray(offset, offset + length)).toEqual(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
  await expect(quantizeModel({ model: small, out: join(folder, "again"), quantization })).rejects.toThrow(/already/);
  const same = join(folder, "float");
  await expect(quantizeModel({ model: same, out: same, quantization })).rejects.toThrow(/another folder/);

  const tensors = file.names.map((name): TensorToWrite => {
    const { dtype, shape } = file.info(name);
    const wide = name === `${key}.scales` ? ("F64" as const) : dtype;
    return {
      name,
      shape,
      dtype: wide,
      data: async () => (wide === "F64" ? new Float64Array(64) : (await file.read(name)).data),
    };
  });
  await writeSafetensors(join(small, "model.safetensors"), tensors);
  await file.close();
  await expect(loadModelFolder(small)).rejects.toThrow(
    /q_proj\.weight\.scales \(expected \[32,2\], found F64 \[32,2\], no F32\)/,
  );
});

test("numbers that are not finite are refused before a file is there", async () => {
  const weights = new Map(model.weights);
  weights.set("mogao.embed_tokens.weight", new Float32Array(270 * 32).fill(NaN));
  await saveModelFolder(join(folder, "nan"), { ...model, weights });
  const out = join(folder, "out");
  const quantization = { embeddings: { bits: 8, block: 32 } } as const;
  await expect(quantizeModel({ model: join(folder, "nan"), out, quantization })).rejects.toThrow(
    "mogao.embed_tokens.weight: holds numbers that are not finite",
  );
  expect(await readdir(out)).toEqual([]);
});

test("missing, misshapen and unknown tensors are named, all in one error", async () => {
  await saveModelFolder(folder, model);
  const path = join(folder, "model.safetensors");
  const file = await openSafetensors(path);
  const tensors: TensorToWrite[] = [];
  for (const name of file.names) {
    const tensor = await file.read(name);
    if (name === "mogao.norm.weight") continue;
    const shape = name === "mogao.velocity.weight" ? [...tensor.shape].reverse() : tensor.shape;
    tensors.push({ ...tensor, shape, name: name === "vit.merger.ln_q.bias" ? "stranger" : name });
  }
  await file.close();
  await writeSafetensors(path, tensors);
  const failure = await loadModelFolder(folder).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(InputError);
  const { message } = failure as Error;
  expect(message).toContain(`${path}: does not hold this model: it lacks mogao.norm.weight, vit.merger.ln_q.bias;`);
  expect(message).toContain("wrong shape of mogao.velocity.weight (expected [8,32], found [32,8])");
  expect(message).toContain("unknown stranger");
});

test("a model that could not be loaded is not written", async () => {
  const weights = new Map(model.weights);
  weights.delete("mogao.norm.weight");
  weights.set("mogao.velocity.bias", new Float32Array(3));
  const target = join(folder, "new");
  await expect(saveModelFolder(target, { ...model, weights })).rejects.toThrow(
    /lacks mogao\.norm\.weight; it has the wrong shape of mogao\.velocity\.bias \(expected \[8\], found 3 numbers\)/,
  );
  await expect(saveModelFolder(target, { ...model, tokenizer: {} })).rejects.toThrow(InputError);
  const tokenizer = JSON.parse(JSON.stringify(model.tokenizer).replaceAll("vision_start", "vision_begin")) as unknown;
  await expect(saveModelFolder(target, { ...model, tokenizer })).rejects.toThrow(
    "tokenizer.json: lacks <|vision_start|> or <|vision_end|>, between which images stand",
  );
  expect(await readdir(folder)).toEqual([]);
});

test("a folder that is none, and files that are missing or no JSON", async () => {
  await expect(loadModelFolder(join(folder, "none"))).rejects.toThrow("no such folder");
  await expect(loadModelFolder(folder)).rejects.toThrow(`${join(folder, "config.json")}: no such file`);
  await saveModelFolder(folder, model);
  await rm(join(folder, "vae.safetensors"));
  await expect(loadModelFolder(folder)).rejects.toThrow(InputError);
  await writeFile(join(folder, "config.json"), "{");
  await expect(loadModelFolder(folder)).rejects.toThrow("not JSON");
  await expect(loadModelFolder(join(folder, "config.json"))).rejects.toThrow("expected the folder of a model");
});

test("configurations that contradict themselves", async () => {
  await saveModelFolder(folder, model);
  const good = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as Record<
    string,
    Record<string, unknown>
  >;
  const bad = (section: string, change: Record<string, unknown>) => () =>
    parseModelConfig({ ...good, [section]: { ...good[section], ...change } }, "config.json");
  expect(bad("model", { kvHeads: 3 })).toThrow("config.json: model.heads: expected a multiple of kvHeads = 3, found 4");
  expect(bad("model", { latentSize: 9 })).toThrow("model.latentSize: expected 8");
  expect(bad("model", { layers: 1e9 })).toThrow("model.layers");
  expect(bad("model", { dropout: 0.1 })).toThrow("dropout");
  expect(bad("model", { imageContext: "vae" })).toThrow("vit: expected");
  expect(bad("vit", { outSize: 64 })).toThrow("vit.outSize: expected 32");
  expect(bad("generation", { width: 30 })).toThrow("generation.width: expected a multiple of 16 pixels, found 30");
  expect(bad("generation", { maxPixels: 100 })).toThrow("generation.maxPixels");
  expect(bad("images", { minPixels: 1e6 })).toThrow("images.minPixels");
  expect(() => parseModelConfig({ ...good, format: 2 }, "config.json")).toThrow("format");
  expect(() => parseModelConfig(null, "config.json")).toThrow(InputError);
});
