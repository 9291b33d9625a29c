/** FLUX.1's autoencoder: the names of `ae.safetensors` are ours; diffusers' AutoencoderKL has others. */
import { dirname } from "node:path";
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { schemaProblems } from "../../core/schema-problems.ts";
import { fileInFolder } from "../../core/folder-file.ts";
import { readJsonIfPresent } from "../../core/json-file.ts";
import { fluxVaeConfig, type FluxVaeConfig } from "../../encoders/vae-config.ts";
import { Vae } from "../../encoders/vae.ts";
import { checkpointFile } from "../checkpoint-file.ts";
import type { KeyMap, KeyRule } from "../key-map.ts";
import { readParameters } from "../read-parameters.ts";
import { openSafetensors } from "../safetensors.ts";
import type { StoredVae } from "../vae-files.ts";

/** The last level, from which diffusers counts the decoder's. */
const LAST = 3;

const residual = (theirs: string, ours: string): KeyRule[] => [
  [`${theirs}.conv_shortcut.{leaf}`, `${ours}.nin_shortcut.{leaf}`],
  [`${theirs}.{layer}.{leaf}`, `${ours}.{layer}.{leaf}`],
];

const half = (side: "encoder" | "decoder"): KeyRule[] => [
  [`${side}.conv_in.{leaf}`, `${side}.conv_in.{leaf}`],
  ...residual(`${side}.mid_block.resnets.0`, `${side}.mid.block_1`),
  ...residual(`${side}.mid_block.resnets.1`, `${side}.mid.block_2`),
  [`${side}.mid_block.attentions.0.group_norm.{leaf}`, `${side}.mid.attn_1.norm.{leaf}`],
  [`${side}.mid_block.attentions.0.to_out.0.{leaf}`, `${side}.mid.attn_1.proj_out.{leaf}`],
  [`${side}.mid_block.attentions.0.to_{part}.{leaf}`, `${side}.mid.attn_1.{part}.{leaf}`],
  [`${side}.conv_norm_out.{leaf}`, `${side}.norm_out.{leaf}`],
  [`${side}.conv_out.{leaf}`, `${side}.conv_out.{leaf}`],
];

export const diffusersFluxVae: KeyMap = {
  family: "FLUX autoencoder (diffusers)",
  rules: [
    ["encoder.down_blocks.{i}.downsamplers.0.conv.{leaf}", "encoder.down.{i}.downsample.conv.{leaf}"],
    ...residual("encoder.down_blocks.{i}.resnets.{j}", "encoder.down.{i}.block.{j}"),
    [`decoder.up_blocks.{${LAST}-i}.upsamplers.0.conv.{leaf}`, "decoder.up.{i}.upsample.conv.{leaf}"],
    ...residual(`decoder.up_blocks.{${LAST}-i}.resnets.{j}`, "decoder.up.{i}.block.{j}"),
    ...half("encoder"),
    ...half("decoder"),
  ],
};

const count = z.int().positive();
const diffusersSchema = z.object({
  _class_name: z.literal("AutoencoderKL").optional(),
  block_out_channels: z.array(count).length(LAST + 1),
  layers_per_block: count,
  latent_channels: count,
  norm_num_groups: count,
  scaling_factor: z.number().positive(),
  shift_factor: z.number(),
  use_quant_conv: z.literal(false),
  use_post_quant_conv: z.literal(false),
});

/** What the config.json beside a diffusers checkpoint says; FLUX.1's own sizes where there is none. */
function configOf(json: unknown, where: string): FluxVaeConfig {
  if (json === undefined) return fluxVaeConfig;
  const parsed = diffusersSchema.safeParse(json);
  if (!parsed.success) {
    throw new InputError(`${where}: not the configuration of FLUX's autoencoder: ${schemaProblems(parsed.error)}`);
  }
  const theirs = parsed.data;
  const channels = theirs.block_out_channels[0]!;
  return {
    ...fluxVaeConfig,
    channels,
    multipliers: theirs.block_out_channels.map((width) => width / channels),
    blocks: theirs.layers_per_block,
    latentChannels: theirs.latent_channels,
    groups: theirs.norm_num_groups,
    scale: theirs.scaling_factor,
    shift: theirs.shift_factor,
  };
}

const FILES = [
  "ae.safetensors",
  "diffusion_pytorch_model.safetensors",
  "model.safetensors",
  "vae/diffusion_pytorch_model.safetensors",
];

/**
 * FLUX's autoencoder from `ae.safetensors`, or from diffusers' folder with its config.json, which may be the folder `vae` of a pipeline.
 * @throws InputError naming the file and what is wrong with it
 */
export async function readFluxVae(path: string): Promise<StoredVae> {
  const file = await checkpointFile(path, FILES);
  const where = await fileInFolder(dirname(file), "config.json");
  const header = await openSafetensors(file);
  await header.close();
  const isDiffusers = header.names.some((name) => name.startsWith("encoder.down_blocks."));
  const config = isDiffusers ? configOf(await readJsonIfPresent(where), where) : fluxVaeConfig;
  const map = isDiffusers ? { map: diffusersFluxVae } : {};
  return { config, weights: await readParameters(file, new Vae(config).parameters, map) };
}
