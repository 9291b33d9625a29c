import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RgbImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import { SpriteBank } from "../data/world/sprite-bank.ts";
import { WorldStream } from "../data/world/world-stream.ts";
import { loadVae, loadVaeCodec } from "../weights/vae-files.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import { latentDeviations } from "./latent-deviations.ts";
import { LATENT_POWER } from "./vae-export.ts";
import { reconstructionPsnr } from "./vae-quality.ts";
import { randomPicture } from "./vae-scenes.ts";

const folder = join(import.meta.dirname, "..", "..", "models", "emoji-world");
const SIDE = 96;
const COUNT = 32;
/** The machine may be training beside us. */
const TIMEOUT = 300_000;

test.skipIf(!existsSync(join(folder, "vae.safetensors")))(
  "the default model's autoencoder reconstructs fresh pictures, from latents of mean 0 and their share's deviation",
  async () => {
    const bank = await SpriteBank.open();
    const codec = await loadVaeCodec(await openRuntime({ threads: 1 }), folder);
    const stream = new WorldStream({ seed: 987_654, imageSize: SIDE, families: { "draw-single": 1 } }, bank);
    const single: RgbImage[] = [];
    for (let i = 0; single.length < COUNT; i++)
      for (const item of stream.sample(i).items) if (item.type === "image") single.push(item.image);
    const random = new Philox(987_654);
    const mixed = Array.from({ length: COUNT }, () => randomPicture(random, SIDE, bank));

    // Measured when it was trained: 30.5 dB for single objects, 27.8 dB for one to six objects of any size.
    expect((await reconstructionPsnr(codec, single)).mean).toBeGreaterThan(29);
    expect((await reconstructionPsnr(codec, mixed)).mean).toBeGreaterThan(26.5);

    const tokens = await codec.encode(mixed);
    const channels = codec.config.latentChannels;
    const deviations = latentDeviations(await loadVae(folder), LATENT_POWER);
    for (let channel = 0; channel < channels; channel++) {
      let [sum, squares] = [0, 0];
      for (let i = channel; i < tokens.length; i += channels) {
        const value = tokens[i]! / deviations[channel]!;
        sum += value;
        squares += value ** 2;
      }
      const count = tokens.length / channels;
      expect(Math.abs(sum / count), `mean of channel ${channel}`).toBeLessThan(0.25);
      expect(Math.abs(Math.sqrt(squares / count) - 1), `deviation of channel ${channel}`).toBeLessThan(0.2);
    }
    codec.dispose();
  },
  TIMEOUT,
);
