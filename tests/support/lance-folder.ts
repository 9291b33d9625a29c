/** The reference's tiny Lance with a tiny ViT, a tiny autoencoder and a tokenizer, laid out as the published repository is. */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tinyTokenizer } from "../../src/generate/testing.ts";
import { openSafetensors, writeSafetensors } from "../../src/weights/safetensors.ts";
import { referenceFolder } from "./reference-folder.ts";

export async function writeLanceFolder(folder: string): Promise<void> {
  const [model, vit, vae] = ["Lance_3B", "Qwen2.5-VL-ViT", "vae"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [model, vit, vae]) await mkdir(path, { recursive: true });
  for (const name of ["llm_config.json", "model.safetensors"])
    await copyFile(join(referenceFolder("lance"), name), join(model, name));
  await writeFile(join(model, "tokenizer.json"), JSON.stringify(tinyTokenizer()));
  // The published file has the names without the prefix that they have in Qwen2.5-VL.
  const file = await openSafetensors(referenceFolder("qwen2.5-vl-vision"));
  const tensors = await Promise.all(
    file.names.map(async (name) => ({ ...(await file.read(name)), name: name.replace(/^visual\./, "") })),
  );
  await file.close();
  await writeSafetensors(join(vit, "vit.safetensors"), tensors);
  await copyFile(join(referenceFolder("qwen2.5-vl-vision"), "config.json"), join(vit, "config.json"));
  for (const [from, to] of [
    ["model.safetensors", "diffusion_pytorch_model.safetensors"],
    ["config.json", "config.json"],
  ] as const)
    await copyFile(join(referenceFolder("wan2.2-vae-diffusers"), from), join(vae, to));
}
