import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { schemaProblems } from "../core/schema-problems.ts";

const perChannel = z.union([z.number(), z.array(z.number())]);

const vaeConfigSchema = z.strictObject({
  /** Squares of so many pixels a side enter and leave as one place with more channels; 1 in FLUX. */
  patch: z.int().positive(),
  /** Width of the first level; level i is `channels · multipliers[i]` wide at 1/2^i of its resolution. */
  channels: z.int().positive(),
  multipliers: z.array(z.int().positive()).min(1),
  /** The decoder's, where they differ: it may be wider, because training a model only encodes. */
  decoderMultipliers: z.array(z.int().positive()).min(1).optional(),
  /** Residual blocks a level in the encoder; the decoder has one more. */
  blocks: z.int().positive(),
  latentChannels: z.int().positive(),
  /** Groups of every group normalisation; must divide every level's width. */
  groups: z.int().positive(),
  /** Latents are normalised to (z − shift)·scale: one number, or one for each channel. */
  scale: perChannel,
  shift: perChannel,
  /** Order of the numbers in a packed token: (row, column, channel) as BAGEL, or (channel, row, column) as FLUX. */
  packing: z.enum(["channel-last", "channel-first"]),
  /** A linear path around encoder and decoder, which learns principal components first. Not in FLUX. */
  linearSkip: z.boolean(),
});

export type VaeConfig = z.infer<typeof vaeConfigSchema>;

/** FLUX.1's autoencoder (`ae.safetensors`), with the token layout of BAGEL. */
export const fluxVaeConfig: VaeConfig = {
  patch: 1,
  channels: 128,
  multipliers: [1, 2, 4, 4],
  blocks: 2,
  latentChannels: 16,
  groups: 32,
  scale: 0.3611,
  shift: 0.1159,
  packing: "channel-last",
  linearSkip: false,
};

/** Pixels to a latent's side: FLUX's 8. */
export function vaeDownscale(config: VaeConfig): number {
  return config.patch * 2 ** (config.multipliers.length - 1);
}

/** Pixels to a packed token's side, which the size of every picture is a multiple of: FLUX's 16. */
export function vaeTokenSide(config: VaeConfig): number {
  return 2 * vaeDownscale(config);
}

/** Checks what a config file says; `where` names the file. Throws InputError. */
export function parseVaeConfig(value: unknown, where: string): VaeConfig {
  const parsed = vaeConfigSchema.safeParse(value);
  if (!parsed.success) {
    throw new InputError(`${where}: not the configuration of a VAE: ${schemaProblems(parsed.error)}`);
  }
  const config = parsed.data;
  const { multipliers, decoderMultipliers = multipliers } = config;
  if (decoderMultipliers.length !== multipliers.length)
    throw new InputError(
      `${where}: decoderMultipliers: expected ${multipliers.length} levels as in multipliers, found ${decoderMultipliers.length}`,
    );
  for (const multiplier of [...multipliers, ...decoderMultipliers]) {
    const width = config.channels * multiplier;
    if (width % config.groups !== 0)
      throw new InputError(`${where}: groups: expected a divisor of every width, found ${config.groups} for ${width}`);
  }
  for (const name of ["scale", "shift"] as const) {
    const numbers = config[name];
    if (typeof numbers !== "number" && numbers.length !== config.latentChannels)
      throw new InputError(`${where}: ${name}: expected ${config.latentChannels} numbers, found ${numbers.length}`);
  }
  return config;
}
