import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { schemaProblems } from "../core/schema-problems.ts";

const perChannel = z.union([z.number(), z.array(z.number())]);

const whole = z.int().positive();

/** What latents are made into: tokens, normalised to (z − shift)·scale. */
const latents = {
  latentChannels: whole,
  /** One number, or one for each channel. */
  scale: perChannel,
  shift: perChannel,
  /** Order of the numbers in a packed token: (row, column, channel) as BAGEL, or (channel, row, column) as FLUX. */
  packing: z.enum(["channel-last", "channel-first"]),
};

const fluxSchema = z.strictObject({
  ...latents,
  architecture: z.literal("flux").optional(),
  /** Squares of so many pixels a side enter and leave as one place with more channels; 1 in FLUX. */
  patch: whole,
  /** Width of the first level; level i is `channels · multipliers[i]` wide at 1/2^i of its resolution. */
  channels: whole,
  multipliers: z.array(whole).min(1),
  /** The decoder's, where they differ: it may be wider, because training a model only encodes. */
  decoderMultipliers: z.array(whole).min(1).optional(),
  /** Residual blocks a level in the encoder; the decoder has one more. */
  blocks: whole,
  /** Groups of every group normalisation; must divide every level's width. */
  groups: whole,
  /** A linear path around encoder and decoder, which learns principal components first. Not in FLUX. */
  linearSkip: z.boolean(),
});

const wanSchema = z.strictObject({
  ...latents,
  architecture: z.literal("wan2.2"),
  patch: whole,
  channels: whole,
  decoderChannels: whole,
  multipliers: z.array(whole).min(1),
  blocks: whole,
  /** Which levels halve time besides height and width: their shortcuts differ even for single images. */
  halvesTime: z.array(z.boolean()),
});

const vaeSchema = z.discriminatedUnion("architecture", [fluxSchema, wanSchema]);

export type FluxVaeConfig = z.infer<typeof fluxSchema>;
export type WanVaeConfig = z.infer<typeof wanSchema>;
export type VaeConfig = FluxVaeConfig | WanVaeConfig;

/** FLUX.1's autoencoder (`ae.safetensors`), with the token layout of BAGEL. */
export const fluxVaeConfig: FluxVaeConfig = {
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

/** Pixels to a latent's side: FLUX's 8, Wan2.2's 16. */
export function vaeDownscale(config: VaeConfig): number {
  return config.patch * 2 ** (config.multipliers.length - 1);
}

/** Latents to a packed token's side: FLUX's 2; Wan2.2's in Lance are tokens already. */
export function latentsPerSide({ architecture }: VaeConfig): number {
  return architecture === "wan2.2" ? 1 : 2;
}

/** Numbers in a packed token. */
export function vaeTokenSize(config: VaeConfig): number {
  return latentsPerSide(config) ** 2 * config.latentChannels;
}

/** Pixels to a packed token's side, which the size of every picture is a multiple of: 16 for both. */
export function vaeTokenSide(config: VaeConfig): number {
  return latentsPerSide(config) * vaeDownscale(config);
}

/** Checks what a config file says; `where` names the file. Throws InputError. */
export function parseVaeConfig(value: unknown, where: string): VaeConfig {
  const parsed = vaeSchema.safeParse(value);
  if (!parsed.success) {
    throw new InputError(`${where}: not the configuration of a VAE: ${schemaProblems(parsed.error)}`);
  }
  const config = parsed.data;
  if (config.architecture === "wan2.2") checkWanShortcuts(config, where);
  else checkFluxWidths(config, where);
  for (const name of ["scale", "shift"] as const) {
    const numbers = config[name];
    if (typeof numbers !== "number" && numbers.length !== config.latentChannels)
      throw new InputError(`${where}: ${name}: expected ${config.latentChannels} numbers, found ${numbers.length}`);
  }
  return config;
}

function checkFluxWidths(
  { channels, groups, multipliers, decoderMultipliers = multipliers }: FluxVaeConfig,
  where: string,
) {
  if (decoderMultipliers.length !== multipliers.length)
    throw new InputError(
      `${where}: decoderMultipliers: expected ${multipliers.length} levels as in multipliers, found ${decoderMultipliers.length}`,
    );
  for (const multiplier of [...multipliers, ...decoderMultipliers]) {
    const width = channels * multiplier;
    if (width % groups !== 0)
      throw new InputError(`${where}: groups: expected a divisor of every width, found ${groups} for ${width}`);
  }
}

/** Shortcuts average and repeat whole numbers of channels. */
function checkWanShortcuts({ multipliers, halvesTime }: WanVaeConfig, where: string): void {
  const resamplings = multipliers.length - 1;
  if (halvesTime.length !== resamplings)
    throw new InputError(`${where}: halvesTime: expected ${resamplings} values, found ${halvesTime.length}`);
  /** Values of the level that the shortcut has for each place of the smaller resolution. */
  const places = (halves: boolean | undefined) => (halves === undefined ? 1 : halves ? 8 : 4);
  const widths = multipliers.toReversed();
  const times = halvesTime.toReversed();
  const fits =
    multipliers.every((width, i) => ((multipliers[i - 1] ?? 1) * places(halvesTime[i])) % width === 0) &&
    times.every((time, i) => (widths[i]! * places(time)) % (widths[i - 1] ?? widths[0]!) === 0);
  if (!fits)
    throw new InputError(
      `${where}: multipliers: expected widths whose channels can be averaged and repeated from level to level, found ${multipliers.join(", ")}`,
    );
}
