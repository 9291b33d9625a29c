/** FLUX.1's autoencoder: the names of `ae.safetensors` are ours; diffusers' AutoencoderKL has others. */
import type { KeyMap, KeyRule } from "../key-map.ts";

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
