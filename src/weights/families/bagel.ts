/** BAGEL-7B-MoT and its kin: two Qwen2.5 decoders around one attention, of which `_moe_gen` is the visual one. */
import { stat } from "node:fs/promises";
import { InputError } from "../../core/errors.ts";
import { fileInFolder } from "../../core/folder-file.ts";
import { readJson } from "../../core/json-file.ts";
import { vaeTokenSize } from "../../encoders/vae-config.ts";
import type { MogaoConfig } from "../../model/config.ts";
import { presets } from "../../model/presets.ts";
import type { KeyMap, KeyRule } from "../key-map.ts";
import type { PublicImageModel } from "../public-model.ts";
import { openSafetensors } from "../safetensors.ts";
import { bagelUsage } from "./family-defaults.ts";
import { readFluxVae } from "./flux-vae.ts";
import { qwen2Config } from "./qwen2.ts";
import { bagelSiglip, bagelSiglipConfig } from "./siglip.ts";

/** Names of the transformer, which Lance has from BAGEL. What is more special stands first. */
export const mixtureOfTransformers: readonly KeyRule[] = [
  ["language_model.model.embed_tokens.weight", "mogao.embed_tokens.weight"],
  ["language_model.lm_head.weight", "mogao.lm_head.weight"],
  ["language_model.model.norm.weight", "mogao.norm.weight"],
  ["language_model.model.norm_moe_gen.weight", "mogao.visual_norm.weight"],
  [
    "language_model.model.layers.{i}.self_attn.{part}_moe_gen.{leaf}",
    "mogao.layers.{i}.visual.self_attn.{part}.{leaf}",
  ],
  ["language_model.model.layers.{i}.mlp_moe_gen.{*}", "mogao.layers.{i}.visual.mlp.{*}"],
  ["language_model.model.layers.{i}.{norm}_moe_gen.weight", "mogao.layers.{i}.visual.{norm}.weight"],
  ["language_model.model.layers.{i}.{*}", "mogao.layers.{i}.text.{*}"],
  ["time_embedder.{*}", "mogao.time_embedder.{*}"],
  ["vae2llm.{leaf}", "mogao.latent_in.{leaf}"],
  ["llm2vae.{leaf}", "mogao.velocity.{leaf}"],
];

const LATENT_TABLE = "latent_pos_embed.pos_embed";

export const bagel: KeyMap = {
  family: "BAGEL",
  rules: [
    ...mixtureOfTransformers,
    [LATENT_TABLE, "mogao.latent_positions.weight"],
    ["vit_pos_embed.pos_embed", "mogao.vit_positions.weight"],
    ["connector.{*}", "mogao.connector.{*}"],
    ...bagelSiglip.rules,
  ],
};

/**
 * What a folder of BAGEL holds: llm_config.json and vit_config.json (its config.json has not always been enough), the weights in
 * ema.safetensors or as an index tells, and FLUX's autoencoder.
 * @throws InputError naming the file and what is wrong with it
 */
export async function readBagel(folder: string): Promise<PublicImageModel> {
  const config = async (name: string) => {
    const path = await fileInFolder(folder, name);
    return [await readJson(path), path] as const;
  };
  const language = qwen2Config(...(await config("llm_config.json")));
  const vit = bagelSiglipConfig(...(await config("vit_config.json")));
  const averaged = await fileInFolder(folder, "ema.safetensors");
  const weights = (await stat(averaged).catch(() => undefined)) ? averaged : folder;
  const published = presets["bagel-7b-mot"];
  const side = await latentSide(weights);
  const vae = await readFluxVae(folder);
  const model: MogaoConfig = {
    ...published,
    ...language,
    latentSize: vaeTokenSize(vae.config),
    conditionSize: language.hiddenSize,
    connectorSize: vit.outSize,
    latentTable: { ...published.latentTable, side },
    vitTable: { ...published.vitTable, side: vit.positionsPerSide },
  };
  return { model, vit, vae, usage: bagelUsage, weights: [{ path: weights, map: bagel }] };
}

/** Side of the latents' position table, which no configuration tells: the default of BAGEL's class is not that of its checkpoint. */
async function latentSide(weights: string): Promise<number> {
  const file = await openSafetensors(weights);
  await file.close();
  const places = file.has(LATENT_TABLE) ? file.info(LATENT_TABLE).shape[0] : undefined;
  const side = Math.sqrt(places ?? NaN);
  if (!Number.isInteger(side))
    throw new InputError(
      `${weights}: ${LATENT_TABLE}: expected a square number of rows, found ${places ?? "no such tensor"}`,
    );
  return side;
}
