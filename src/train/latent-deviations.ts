/** How far each latent channel should vary, seen from the flow that learns to make it. */
import { InputError } from "../core/errors.ts";
import type { StoredVae } from "../weights/vae-files.ts";

/**
 * Deviations of the latent channels, of mean square 1: each in proportion to what the channel adds to pixels by the linear
 * path of the decoder, to the power `power`. 0 makes all equal; at 0.5, which the default model has, coarse
 * structure stands out from the noise earlier than detail (docs/log.md has the trial).
 * @throws InputError for an autoencoder without a linear path
 */
export function latentDeviations({ config, weights }: StoredVae, power: number): number[] {
  const weight = weights.get("decoder.linear_skip.weight");
  if (!weight) throw new InputError("latentDeviations: expected an autoencoder with linearSkip, found one without");
  const channels = config.latentChannels;
  const gains = Array.from({ length: channels }, (_, channel) => {
    const squares = weight.reduce((sum, w, i) => (i % channels === channel ? sum + w * w : sum), 0);
    return Math.sqrt(squares) ** power;
  });
  const size = Math.sqrt(gains.reduce((sum, gain) => sum + gain * gain, 0) / channels);
  return gains.map((gain) => gain / size);
}
