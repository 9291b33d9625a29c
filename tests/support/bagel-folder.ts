/** The reference's tiny BAGEL with a tiny autoencoder and a tokenizer, laid out as the published folder is. */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tinyTokenizer } from "../../src/generate/testing.ts";
import { referenceFolder } from "./reference-folder.ts";

export async function writeBagelFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ["llm_config.json", "vit_config.json", "ema.safetensors"])
    await copyFile(join(referenceFolder("bagel"), name), join(folder, name));
  // FLUX's own names go with FLUX's own sizes: the tiny autoencoder has diffusers', and tells its sizes in a config.json.
  const vae = referenceFolder("flux-vae-diffusers");
  await copyFile(join(vae, "model.safetensors"), join(folder, "ae.safetensors"));
  await copyFile(join(vae, "config.json"), join(folder, "config.json"));
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(tinyTokenizer()));
}
