import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeLanceFolder } from "../../../tests/support/lance-folder.ts";
import { mixtureOfTransformers } from "../../../tests/support/published-tensors.ts";
import { presets } from "../../model/presets.ts";
import { convertModel } from "../convert-model.ts";
import { isUnused, ourName, theirName } from "../key-map.ts";
import { loadModelFolder, modelParameters } from "../model-folder.ts";
import { openSafetensors, writeSafetensors } from "../safetensors.ts";
import { lance } from "./lance.ts";

const TABLE = "latent_pos_embed.pos_embed";

test("every tensor of Lance_3B is a parameter of ours, of the same shape, in both directions, but for the table that is computed", () => {
  const theirs = mixtureOfTransformers({
    layers: 36,
    vocabulary: 151_936,
    hidden: 2048,
    ffn: 11_008,
    keys: 256,
    head: 128,
    latent: 48,
  });
  // The file has this one, too: 1,021 tensors.
  expect([theirs.size + 1, isUnused(lance, TABLE)]).toEqual([1021, true]);
  const ours = modelParameters({ model: presets["lance-3b"] });
  const read = ours.filter(({ name }) => theirName(lance, name) !== undefined);
  expect(new Map(read.map(({ name, shape }) => [theirName(lance, name), shape]))).toEqual(theirs);
  for (const { name } of read) expect(ourName(lance, theirName(lance, name)!)).toBe(name);
  const computed = ours.filter((info) => !read.includes(info));
  expect(computed.map(({ name, shape }) => [name, shape])).toEqual([["mogao.latent_positions.weight", [4096, 2048]]]);
});

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mogao-lance-"));
  await writeLanceFolder(join(scratch, "lance"));
});
afterEach(() => rm(scratch, { recursive: true }));

const out = () => join(scratch, "out");
const convert = () => convertModel({ family: "lance", folder: join(scratch, "lance"), out: out(), name: "tiny" });
const transformer = () => join(scratch, "lance", "Lance_3B", "model.safetensors");
const vision = () => join(scratch, "lance", "Qwen2.5-VL-ViT", "vit.safetensors");

async function tensorsOf(path: string) {
  const file = await openSafetensors(path);
  const tensors = await Promise.all(file.names.map(async (name) => ({ name, ...(await file.read(name)) })));
  await file.close();
  return tensors;
}

test("the repository becomes a model folder: head untied, positions of Qwen2.5-VL, its ViT and Wan2.2's autoencoder", async () => {
  await convert();
  const { config, weights } = await loadModelFolder(out());
  expect(config).toMatchObject({
    model: { rope: "mrope", ropeSections: [1, 2, 2], untiedHead: true, latentSize: 6, hiddenSize: 20 },
    vit: { norm: "rms", windows: { side: 4 } },
    vae: { architecture: "wan2.2" },
    generation: { shift: 3.5, opensImages: false },
  });
  const file = await openSafetensors(vision());
  const close = (name: string, values: Float32Array) => {
    const found = weights.get(name)!;
    values.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(Math.abs(value) / 256));
  };
  close("vit.blocks.1.attn.qkv.weight", await file.readFloat32("blocks.1.attn.qkv.weight"));
  await file.close();
});

test("Lance_3B_Video has the vision transformer in the same file, and a table of more frames", async () => {
  const vit = (await tensorsOf(vision())).map((tensor) => ({ ...tensor, name: `vit_model.${tensor.name}` }));
  await writeSafetensors(transformer(), [...(await tensorsOf(transformer())), ...vit]);
  await rm(vision());
  await convert();
  expect((await loadModelFolder(out())).weights.has("vit.merger.mlp.0.weight")).toBe(true);
});

test("what is missing or unknown is named with its file; another folder is refused", async () => {
  const tensors = await tensorsOf(vision());
  await writeSafetensors(
    vision(),
    tensors.filter(({ name }) => name !== "merger.mlp.0.bias"),
  );
  await expect(convert()).rejects.toThrow(/vit\.safetensors: does not hold this model: it lacks merger\.mlp\.0\.bias$/);
  await rm(join(scratch, "lance", "Lance_3B"), { recursive: true });
  await expect(convert()).rejects.toThrow(/expected the repository of Lance, with Lance_3B or Lance_3B_Video in it/);
});
