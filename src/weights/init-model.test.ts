import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeVisionLanguageFolder } from "../../tests/support/vision-language-folder.ts";
import { tinyTokenizer } from "../generate/testing.ts";
import { initModel } from "./init-model.ts";
import { loadModelFolder } from "./model-folder.ts";
import { openSafetensors, writeSafetensors } from "./safetensors.ts";
import { convertVit } from "./vit-files.ts";

const reference = (family: string) =>
  fileURLToPath(new URL(`../../tests/fixtures/references/${family}`, import.meta.url));

let folder: string;
let llm: string;
const vit = reference("qwen2-vl-vision");
const vae = reference("flux-vae-diffusers");
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-init-"));
  llm = join(folder, "llm");
  await cp(reference("qwen2"), llm, { recursive: true });
  await writeFile(join(llm, "tokenizer.json"), JSON.stringify(tinyTokenizer()));
});
afterEach(() => rm(folder, { recursive: true }));

const init = (change: object = {}) =>
  initModel({ llm, vit, vae, out: join(folder, "out"), name: "tiny", seed: 1, ...change });

test("both branches are the LLM, ViT and VAE are theirs, the rest starts fresh", async () => {
  const { parameters, taken, fresh } = await init();
  const { config, weights, vaeWeights } = await loadModelFolder(join(folder, "out"));
  expect(config).toMatchObject({ name: "tiny", model: { hiddenSize: 32, latentSize: 16, fusion: "deep" } });
  const file = await openSafetensors(llm);
  const query = await file.readFloat32("model.layers.2.self_attn.q_proj.weight");
  expect(weights.get("mogao.layers.2.text.self_attn.q_proj.weight")).toEqual(query);
  expect(weights.get("mogao.layers.2.visual.self_attn.q_proj.weight")).toEqual(query);
  expect(weights.get("mogao.embed_tokens.weight")).toEqual(await file.readFloat32("model.embed_tokens.weight"));
  await file.close();
  const vision = await openSafetensors(vit);
  expect(weights.get("vit.merger.mlp.2.weight")).toEqual(await vision.readFloat32("visual.merger.mlp.2.weight"));
  await vision.close();
  expect(vaeWeights.size).toBe(244);
  expect(weights.get("mogao.layers.0.modulation.weight")!.every((value) => value === 0)).toBe(true);
  expect(fresh.every((name) => /modulation|latent_in|time_embedder|velocity/.test(name))).toBe(true);
  expect(taken).toBeLessThan(parameters);
});

test.each(["published", "newer"] as const)("a VL checkpoint (%s layout) gives its language model", async (layout) => {
  llm = join(folder, "vl");
  await writeVisionLanguageFolder(llm, layout);
  await init();
  const { config, weights } = await loadModelFolder(join(folder, "out"));
  expect(config.model).toMatchObject({ rope: "interleaved", layers: 2 });
  expect(config.model.ropeSections).toBeUndefined();
  const file = await openSafetensors(reference("qwen2-chat"));
  const gate = await file.readFloat32("model.layers.1.mlp.gate_proj.weight");
  await file.close();
  for (const branch of ["text", "visual"])
    expect(weights.get(`mogao.layers.1.${branch}.mlp.gate_proj.weight`)).toEqual(gate);
});

test("a ViT made for another width keeps all but its last layer", async () => {
  const path = join(folder, "vit");
  await cp(vit, path, { recursive: true });
  const config = JSON.parse(await readFile(join(vit, "config.json"), "utf8")) as object;
  await writeFile(join(path, "config.json"), JSON.stringify({ vision_config: { ...config, hidden_size: 24 } }));
  const { fresh } = await init({ vit: path });
  expect(fresh).toEqual(expect.arrayContaining(["vit.merger.mlp.2.weight", "vit.merger.mlp.2.bias"]));
});

test("a ViT that was converted before makes the same model", async () => {
  const [converted, again] = [join(folder, "vit"), join(folder, "again")];
  await convertVit(vit, converted);
  await init();
  await init({ vit: converted, out: again });
  const weights = await readFile(join(folder, "out", "model.safetensors"));
  expect(weights.equals(await readFile(join(again, "model.safetensors")))).toBe(true);
});

test("an unknown tensor of the ViT is named, those of its language model are not asked for", async () => {
  const path = join(folder, "vit");
  await cp(vit, path, { recursive: true });
  const file = await openSafetensors(vit);
  const tensors = await Promise.all(file.names.map(async (name) => ({ name, ...(await file.read(name)) })));
  await file.close();
  const extra = (name: string) => ({ name, dtype: "F32" as const, shape: [1], data: new Float32Array(1) });
  await writeSafetensors(join(path, "model.safetensors"), [...tensors, extra("model.norm.weight")]);
  await init({ vit: path });
  await writeSafetensors(join(path, "model.safetensors"), [...tensors, extra("visual.blocks.9.norm1.weight")]);
  await expect(init({ vit: path })).rejects.toThrow(/has unknown visual\.blocks\.9\.norm1\.weight$/);
});

test("what is missing, misshapen, unknown or of another size is named, and nothing is written", async () => {
  await expect(init({ preset: "mogao-7b" })).rejects.toThrow(
    /hiddenSize: expected 2048, found 32; layers: expected 36/,
  );
  const file = await openSafetensors(llm);
  const tensors = await Promise.all(file.names.map(async (name) => ({ name, ...(await file.read(name)) })));
  await file.close();
  const changed = tensors
    .filter(({ name }) => name !== "model.norm.weight")
    .map((one) =>
      one.name === "model.layers.0.mlp.up_proj.weight" ? { ...one, shape: [one.shape[1]!, one.shape[0]!] } : one,
    );
  await writeSafetensors(join(llm, "model.safetensors"), [
    ...changed,
    { name: "model.layers.0.self_attn.q_norm.weight", dtype: "F32", shape: [1], data: new Float32Array(1) },
  ]);
  await expect(init()).rejects.toThrow(
    /lacks model\.norm\.weight; it has the wrong shape of model\.layers\.0\.mlp\.up_proj\.weight \(expected \[48,32\], found \[32,48\]\); it has unknown model\.layers\.0\.self_attn\.q_norm\.weight/,
  );
  await writeFile(join(llm, "config.json"), JSON.stringify({ model_type: "llama", hidden_size: 32 }));
  await expect(init()).rejects.toThrow(/config\.json: not the configuration of a Qwen2 model .*model_type/);
  await expect(init({ vae: join(folder, "nowhere") })).rejects.toThrow();
  await expect(readFile(join(folder, "out", "config.json"))).rejects.toThrow(/ENOENT/);
});
