/** Wan2.2's autoencoder, for single images: diffusers' names are ours; the original checkpoint has others. */
import { dirname } from "node:path";
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { fileInFolder } from "../../core/folder-file.ts";
import { readJsonIfPresent } from "../../core/json-file.ts";
import { schemaProblems } from "../../core/schema-problems.ts";
import { parseVaeConfig, type WanVaeConfig } from "../../encoders/vae-config.ts";
import { WanVae } from "../../encoders/wan-vae.ts";
import type { ParameterInfo, ParameterValues } from "../../nn/parameters.ts";
import { checkpointFile } from "../checkpoint-file.ts";
import type { KeyMap, KeyRule } from "../key-map.ts";
import { openParameters } from "../read-parameters.ts";
import { openSafetensors } from "../safetensors.ts";
import type { StoredVae } from "../vae-files.ts";

/** Convolutions between frames, of which a single image has none. */
const diffusersTime = ["{side}.{blocks}.{i}.{sampler}.time_conv.{leaf}"];
const originalTime = ["{side}.{blocks}.{i}.{part}.{j}.time_conv.{leaf}"];

export const diffusersWanVae: KeyMap = {
  family: "Wan2.2 autoencoder (diffusers)",
  rules: [["{*}", "{*}"]],
  unused: diffusersTime,
};

const residual = (theirs: string, ours: string): KeyRule[] => [
  [`${theirs}.residual.0.gamma`, `${ours}.norm1.gamma`],
  [`${theirs}.residual.2.{leaf}`, `${ours}.conv1.{leaf}`],
  [`${theirs}.residual.3.gamma`, `${ours}.norm2.gamma`],
  [`${theirs}.residual.6.{leaf}`, `${ours}.conv2.{leaf}`],
  [`${theirs}.shortcut.{leaf}`, `${ours}.conv_shortcut.{leaf}`],
];

/** Encoder or decoder; a resampling layer follows the residual blocks of its level under the next number. */
const half = (side: "encoder" | "decoder", direction: "down" | "up", blocks: number): KeyRule[] => {
  const [theirs, ours] = [`${side}.${direction}samples.{i}.${direction}samples`, `${side}.${direction}_blocks.{i}`];
  return [
    [`${side}.conv1.{leaf}`, `${side}.conv_in.{leaf}`],
    [`${theirs}.${blocks}.resample.1.{leaf}`, `${ours}.${direction}sampler.resample.1.{leaf}`],
    ...residual(`${theirs}.{j}`, `${ours}.resnets.{j}`),
    ...residual(`${side}.middle.0`, `${side}.mid_block.resnets.0`),
    [`${side}.middle.1.{*}`, `${side}.mid_block.attentions.0.{*}`],
    ...residual(`${side}.middle.2`, `${side}.mid_block.resnets.1`),
    [`${side}.head.0.gamma`, `${side}.norm_out.gamma`],
    [`${side}.head.2.{leaf}`, `${side}.conv_out.{leaf}`],
  ];
};

const BLOCKS = 2;

/** `Wan2.2_VAE.pth`, stored as safetensors. */
export const originalWanVae: KeyMap = {
  family: "Wan2.2 autoencoder",
  rules: [
    ["conv1.{leaf}", "quant_conv.{leaf}"],
    ["conv2.{leaf}", "post_quant_conv.{leaf}"],
    ...half("encoder", "down", BLOCKS),
    ...half("decoder", "up", BLOCKS + 1),
  ],
  unused: originalTime,
};

/** Means and deviations of the 48 channels, as Wan2.2 and Lance publish them in code. */
const MEAN = [
  -0.2289, -0.0052, -0.1323, -0.2339, -0.2799, 0.0174, 0.1838, 0.1557, -0.1382, 0.0542, 0.2813, 0.0891, 0.157, -0.0098,
  0.0375, -0.1825, -0.2246, -0.1207, -0.0698, 0.5109, 0.2665, -0.2108, -0.2158, 0.2502, -0.2055, -0.0322, 0.1109,
  0.1567, -0.0729, 0.0899, -0.2799, -0.123, -0.0313, -0.1649, 0.0117, 0.0723, -0.2839, -0.2083, -0.052, 0.3748, 0.0152,
  0.1957, 0.1433, -0.2944, 0.3573, -0.0548, -0.1681, -0.0667,
];
const DEVIATION = [
  0.4765, 1.0364, 0.4514, 1.1677, 0.5313, 0.499, 0.4818, 0.5013, 0.8158, 1.0344, 0.5894, 1.0901, 0.6885, 0.6165, 0.8454,
  0.4978, 0.5759, 0.3523, 0.7135, 0.6804, 0.5833, 1.4146, 0.8986, 0.5659, 0.7069, 0.5338, 0.4889, 0.4917, 0.4069,
  0.4999, 0.6866, 0.4093, 0.5709, 0.6065, 0.6415, 0.4944, 0.5726, 1.2042, 0.5458, 1.6887, 0.3971, 1.06, 0.3943, 0.5537,
  0.5444, 0.4089, 0.7468, 0.7744,
];

export const wanVaeConfig: WanVaeConfig = {
  architecture: "wan2.2",
  patch: 2,
  channels: 160,
  decoderChannels: 256,
  multipliers: [1, 2, 4, 4],
  blocks: BLOCKS,
  halvesTime: [false, true, true],
  latentChannels: 48,
  shift: MEAN,
  scale: DEVIATION.map((deviation) => 1 / deviation),
  packing: "channel-last",
};

const count = z.int().positive();
const diffusersSchema = z.object({
  _class_name: z.literal("AutoencoderKLWan").optional(),
  is_residual: z.literal(true),
  base_dim: count,
  decoder_base_dim: count.nullish(),
  z_dim: count,
  dim_mult: z.array(count).min(1),
  num_res_blocks: count,
  attn_scales: z.array(z.number()).length(0),
  temperal_downsample: z.array(z.boolean()),
  latents_mean: z.array(z.number()),
  latents_std: z.array(z.number().positive()),
  patch_size: count,
});

function configOf(json: unknown, where: string): WanVaeConfig {
  const parsed = diffusersSchema.safeParse(json);
  if (!parsed.success) {
    throw new InputError(`${where}: not the configuration of Wan2.2's autoencoder: ${schemaProblems(parsed.error)}`);
  }
  const theirs = parsed.data;
  const config: WanVaeConfig = {
    architecture: "wan2.2",
    patch: theirs.patch_size,
    channels: theirs.base_dim,
    decoderChannels: theirs.decoder_base_dim ?? theirs.base_dim,
    multipliers: theirs.dim_mult,
    blocks: theirs.num_res_blocks,
    halvesTime: theirs.temperal_downsample,
    latentChannels: theirs.z_dim,
    shift: theirs.latents_mean,
    scale: theirs.latents_std.map((deviation) => 1 / deviation),
    packing: "channel-last",
  };
  parseVaeConfig(config, where);
  return config;
}

const FILES = [
  "diffusion_pytorch_model.safetensors",
  "Wan2.2_VAE.safetensors",
  "wan2.2_vae.safetensors",
  "model.safetensors",
  "vae/diffusion_pytorch_model.safetensors",
];

/**
 * Wan2.2's autoencoder from diffusers' folder with its config.json, or from a safetensors file under the original names. Of each
 * kernel the slice for the present frame is kept.
 * @throws InputError naming the file and what is wrong with it
 */
export async function readWanVae(path: string): Promise<StoredVae> {
  const file = await checkpointFile(path, FILES);
  const header = await openSafetensors(file);
  await header.close();
  const isOriginal = header.names.some((name) => name.startsWith("encoder.downsamples."));
  const where = await fileInFolder(dirname(file), "config.json");
  const json = isOriginal ? undefined : await readJsonIfPresent(where);
  const config = json === undefined ? wanVaeConfig : configOf(json, where);
  return {
    config,
    weights: await readFirstFrame(file, new WanVae(config).parameters, isOriginal ? originalWanVae : diffusersWanVae),
  };
}

/** Weights of causal convolutions over (time, height, width), without what meets earlier frames. */
async function readFirstFrame(
  path: string,
  parameters: readonly ParameterInfo[],
  map: KeyMap,
): Promise<ParameterValues> {
  const stored = parameters.map((info): ParameterInfo => ({ ...info, shape: withTime(info) }));
  const file = await openParameters(path, stored, { map });
  try {
    const weights: ParameterValues = new Map();
    for (const info of stored) weights.set(info.name, lastSlice(await file.read(info), info.shape));
    return weights;
  } finally {
    await file.close();
  }
}

/** 3×3 kernels are 3×3×3 in the checkpoint, but for those that resample single frames. */
function withTime({ name, shape }: ParameterInfo): readonly number[] {
  const [out, inputs, height, width] = shape as [number, number, number, number];
  return height === 3 && !name.includes(".resample.") ? [out, inputs, height, height, width] : shape;
}

function lastSlice(kernel: Float32Array, shape: readonly number[]): Float32Array {
  if (shape.length !== 5) return kernel;
  const [, , depth, height, width] = shape as [number, number, number, number, number];
  const size = height * width;
  const kernels = kernel.length / (depth * size);
  const last = new Float32Array(new ArrayBuffer(4 * kernels * size));
  for (let i = 0; i < kernels; i++) {
    const end = (i + 1) * depth * size;
    last.set(kernel.subarray(end - size, end), i * size);
  }
  return last;
}
