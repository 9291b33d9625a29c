/** Lance-3B: BAGEL's transformer with Qwen2.5-VL's sizes, positions and vision transformer, and Wan2.2's autoencoder. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../core/errors.ts";
import { fileInFolder } from "../../core/folder-file.ts";
import { readJson } from "../../core/json-file.ts";
import { vaeTokenSize } from "../../encoders/vae-config.ts";
import type { MogaoConfig } from "../../model/config.ts";
import { presets } from "../../model/presets.ts";
import type { KeyMap } from "../key-map.ts";
import type { PublicModel } from "../public-model.ts";
import { openSafetensors } from "../safetensors.ts";
import { mixtureOfTransformers } from "./bagel.ts";
import { lanceUsage } from "./family-defaults.ts";
import { qwen2Config } from "./qwen2.ts";
import { qwen2VlVisionConfig } from "./qwen2-vl.ts";
import { readWanVae } from "./wan-vae.ts";

export const lance: KeyMap = {
  family: "Lance",
  rules: [...mixtureOfTransformers, ["vit_model.{*}", "vit.{*}"]],
  // Lance itself computes the table anew: of Lance_3B it is one frame's, of Lance_3B_Video that of 31.
  unused: ["latent_pos_embed.pos_embed"],
};

/** Qwen2.5-VL's vision transformer in a file of its own. */
export const lanceVit: KeyMap = { family: "Lance's vision transformer", rules: [["{*}", "vit.{*}"]] };

const MODELS = ["Lance_3B", "Lance_3B_Video"];
const VIT = "Qwen2.5-VL-ViT";
const VAE = "vae";

/**
 * What the published repository holds, or a folder like it: a model's folder (the one for images first) with llm_config.json and
 * model.safetensors; the vision transformer beside it, unless the model's file has it; and, in the place of the published pickle,
 * Wan2.2's autoencoder as safetensors, in the folder itself or in `vae`.
 * @throws InputError naming the file and what is wrong with it
 */
export async function readLance(folder: string): Promise<PublicModel> {
  const name = await existing(folder, MODELS);
  if (name === undefined)
    throw new InputError(
      `${folder}: expected the repository of Lance, with ${MODELS.join(" or ")} in it, found neither`,
    );
  const path = async (...parts: readonly string[]) => fileInFolder(folder, parts.join("/"));
  const config = async (...parts: readonly string[]) => {
    const file = await path(...parts);
    return [await readJson(file), file] as const;
  };
  const language = qwen2Config(...(await config(name, "llm_config.json")), ["qwen2_5_vl"]);
  const vit = qwen2VlVisionConfig(...(await config(VIT, "config.json")));
  const transformer = await path(name, "model.safetensors");
  const header = await openSafetensors(transformer);
  await header.close();
  const hasVit = header.names.some((tensor) => tensor.startsWith("vit_model."));
  const vae = await readWanVae((await existing(folder, [VAE])) ? join(folder, VAE) : folder);
  const model: MogaoConfig = {
    ...presets["lance-3b"],
    ...language,
    // Its configuration is Qwen2.5-VL's, whose head is tied; the checkpoint's is not.
    untiedHead: true,
    latentSize: vaeTokenSize(vae.config),
    conditionSize: language.hiddenSize,
  };
  return {
    model,
    vit,
    vae,
    usage: lanceUsage,
    tokenizer: name,
    weights: hasVit
      ? [{ path: transformer, map: lance }]
      : [
          { path: transformer, map: lance, holds: (ours) => ours.startsWith("mogao.") },
          { path: await path(VIT, "vit.safetensors"), map: lanceVit, holds: (ours) => ours.startsWith("vit.") },
        ],
  };
}

/** The first of `names` that is a folder within `folder`. */
async function existing(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const entry = await stat(await fileInFolder(folder, name)).catch(() => undefined);
    if (entry?.isDirectory()) return name;
  }
  return undefined;
}
