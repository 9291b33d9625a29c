import type { RgbImage } from "../../../core/image.ts";
import type { Philox } from "../../../core/random.ts";
import type { SpriteBank } from "../../../data/world/sprite-bank.ts";
import { between, chance } from "../../../data/world/task-world.ts";
import type { VaeCodec } from "../../../encoders/vae-codec.ts";
import { randomLabelledPicture } from "./crop-scenes.ts";
import { blurred, noisy, toned } from "./degrade.ts";
import { labelledCrops, type LabelledCrop } from "./labelled-crops.ts";

/** Sides of the pictures, in pixels; multiples of the autoencoder's token. */
const SIDES = [64, 96, 96, 128];
const RECONSTRUCTED_SHARE = 0.25;

/** `count` crops of pictures that went through what drawings and codecs do to them; the same for the same state of `random`. */
export async function randomCrops(
  random: Philox,
  count: number,
  side: number,
  { bank, vae }: { readonly bank: SpriteBank; readonly vae: VaeCodec },
): Promise<LabelledCrop[]> {
  const crops: LabelledCrop[] = [];
  while (crops.length < count) {
    const picture = randomLabelledPicture(random, random.pick(SIDES), bank);
    crops.push(...labelledCrops(picture, await degraded(picture.image, random, vae), side));
  }
  return crops.slice(0, count);
}

async function degraded(image: RgbImage, random: Philox, vae: VaeCodec): Promise<RgbImage> {
  let made = image;
  if (chance(random, 0.3))
    made = toned(
      made,
      between(random, 0.85, 1.1),
      [0, 1, 2].map(() => between(random, -12, 12)),
    );
  if (chance(random, RECONSTRUCTED_SHARE)) made = await reconstructed(made, random, vae);
  if (chance(random, 0.3)) made = blurred(made, between(random, 0.3, 1.1));
  if (chance(random, 0.3)) made = noisy(made, between(random, 1, 12), random);
  return made;
}

/** Through the autoencoder, half of the time with a little noise on the latents, as a drawing that is not quite finished. */
async function reconstructed(image: RgbImage, random: Philox, vae: VaeCodec): Promise<RgbImage> {
  const tokens = await vae.encode([image]);
  if (chance(random, 0.5)) {
    const noise = random.fillNormal(new Float32Array(tokens.length));
    const strength = between(random, 0.02, 0.35);
    for (let i = 0; i < tokens.length; i++) tokens[i]! += strength * noise[i]!;
  }
  return vae.decode(tokens, image.width, image.height);
}
