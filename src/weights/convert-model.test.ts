import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeBagelFolder } from "../../tests/support/bagel-folder.ts";
import { convertModel, type ConvertModelOptions } from "./convert-model.ts";
import { bagel } from "./families/bagel.ts";
import { theirName } from "./key-map.ts";
import { loadModelConfig, loadModelFolder } from "./model-folder.ts";
import { parseQuantization } from "./quantization.ts";
import { quantizeModel } from "./quantize-model.ts";
import { openSafetensors, writeSafetensors, type TensorToWrite } from "./safetensors.ts";

let scratch: string;
let folder: string;
let out: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mogao-convert-"));
  folder = join(scratch, "bagel");
  out = join(scratch, "out");
  await writeBagelFolder(folder);
});
afterEach(() => rm(scratch, { recursive: true }));

const convert = (change: Partial<ConvertModelOptions> = {}) =>
  convertModel({ family: "bagel", folder, out, name: "tiny", ...change });

/** Rewrites the checkpoint's tensors. */
async function change(edit: (tensors: TensorToWrite[]) => TensorToWrite[]): Promise<void> {
  const path = join(folder, "ema.safetensors");
  const file = await openSafetensors(path);
  const tensors = await Promise.all(file.names.map(async (name) => ({ name, ...(await file.read(name)) })));
  await file.close();
  await writeSafetensors(path, edit(tensors));
}

test("quantised on the way, it is what quantising the converted folder gives", async () => {
  const quantization = parseQuantization("int4,vit=int4,modulation=float");
  const [floats, direct] = [await convert(), await convert({ quantization, out: join(scratch, "direct") })];
  const twice = join(scratch, "twice");
  const errors = await quantizeModel({ model: out, out: twice, quantization });
  expect(errors.matrices.length).toBeGreaterThan(20);
  expect(direct).toEqual({ parameters: floats.parameters, errors });
  expect(floats.errors).toBeUndefined();
  for (const file of ["model.safetensors", "vae.safetensors", "tokenizer.json"])
    expect((await readFile(join(scratch, "direct", file))).equals(await readFile(join(twice, file))), file).toBe(true);
  expect(await loadModelConfig(join(scratch, "direct"))).toEqual(await loadModelConfig(twice));
});

test("BAGEL becomes a model folder with every weight as it was, bfloat16 included", async () => {
  const told: string[] = [];
  const { parameters } = await convertModel({
    family: "bagel",
    folder,
    out,
    name: "tiny",
    onTensor: (done, total, name) => told.push(`${done} of ${total}: ${name}`),
  });
  const { config, weights } = await loadModelFolder(out);
  expect(config).toMatchObject({
    name: "tiny",
    model: {
      hiddenSize: 32,
      rope: "1d",
      latentSize: 16,
      dataAtTime: 0,
      connectorSize: 16,
      latentTable: { side: 6, axes: "WH" },
      vitTable: { side: 7, axes: "WH" },
      untiedHead: true,
    },
    vit: { architecture: "siglip", layers: 2 },
    generation: { stepsCount: "times", shift: 3 },
  });
  const file = await openSafetensors(join(folder, "ema.safetensors"));
  expect(told).toHaveLength(file.names.length);
  let sum = 0;
  for (const [name, values] of weights) {
    expect(values, name).toEqual(await file.readFloat32(theirName(bagel, name)!));
    sum += values.length;
  }
  expect([weights.size, sum]).toEqual([file.names.length, parameters]);
  await file.close();
  const stored = await openSafetensors(join(out, "model.safetensors"));
  expect(stored.info("mogao.layers.0.visual.self_attn.q_norm.weight").dtype).toBe("BF16");
  await stored.close();
});

test("the index of a sharded checkpoint will do as well", async () => {
  const shard = "ema-00001.safetensors";
  await cp(join(folder, "ema.safetensors"), join(folder, shard));
  const file = await openSafetensors(join(folder, "ema.safetensors"));
  const weight_map = Object.fromEntries(file.names.map((name) => [name, shard]));
  await file.close();
  await rm(join(folder, "ema.safetensors"));
  await writeFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map }));
  await convert();
  expect((await loadModelFolder(out)).config.name).toBe("tiny");
});

test("what is missing, misshapen or unknown is named, and nothing is written", async () => {
  await change((tensors) => [
    ...tensors
      .filter(({ name }) => name !== "connector.fc2.bias")
      .map((tensor) => (tensor.name === "llm2vae.weight" ? { ...tensor, shape: [...tensor.shape].reverse() } : tensor)),
    {
      name: "language_model.model.layers.0.self_attn.q_proj_moe.bias",
      dtype: "F32",
      shape: [1],
      data: new Float32Array(1),
    },
  ]);
  await expect(convert()).rejects.toThrow(
    /lacks connector\.fc2\.bias; it has the wrong shape of llm2vae\.weight \(expected \[16,32\], found \[32,16\]\); it has unknown language_model\.model\.layers\.0\.self_attn\.q_proj_moe\.bias$/,
  );
  await change((tensors) => tensors.filter(({ name }) => name !== "latent_pos_embed.pos_embed"));
  await expect(convert()).rejects.toThrow(
    /latent_pos_embed\.pos_embed: expected a square number of rows, found no such tensor$/,
  );
  await writeFile(join(folder, "llm_config.json"), JSON.stringify({ model_type: "llama" }));
  await expect(convert()).rejects.toThrow(/llm_config\.json: not the configuration of a Qwen2 model/);
  await expect(readFile(join(out, "config.json"))).rejects.toThrow(/ENOENT/);
});

test.each(["float", "int4"])("aborted (%s), it leaves no folder that could be taken for a model", async (format) => {
  const abort = new AbortController();
  const onTensor = (done: number) => void (done === 3 && abort.abort(new Error("enough")));
  const options = { quantization: parseQuantization(format), onTensor, signal: abort.signal };
  await expect(convert(options)).rejects.toThrow("enough");
  await expect(readFile(join(out, "model.safetensors"))).rejects.toThrow(/ENOENT/);
  await expect(readFile(join(out, "config.json"))).rejects.toThrow(/ENOENT/);
});
