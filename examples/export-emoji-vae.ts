/**
 * After `mogao train configs/emoji-vae.ts`: measures the latents of a run's autoencoder over 2,048 pictures, writes it into a
 * model's folder and prints how well that folder's files reconstruct fresh pictures.
 *
 *   node examples/export-emoji-vae.ts runs/emoji-vae models/emoji-world
 */
import emojiVae from "../configs/emoji-vae.ts";
import { Philox } from "../src/core/random.ts";
import { SpriteBank } from "../src/data/world/sprite-bank.ts";
import { loadVaeCodec } from "../src/weights/vae-files.ts";
import { Vae } from "../src/encoders/vae.ts";
import { initializeParameters } from "../src/nn/parameters.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import { initializeFrom } from "../src/train/init-from.ts";
import { exportVae } from "../src/train/vae-export.ts";
import { reconstructionPsnr } from "../src/train/vae-quality.ts";
import { randomPicture } from "../src/train/vae-scenes.ts";

const [run = "runs/emoji-vae", folder = "models/emoji-world"] = process.argv.slice(2);
const SIDE = 96;
const BATCH = 32;

const config = emojiVae.task.vae;
const runtime = await openRuntime();
const bank = await SpriteBank.open();
const pictures = (seed: number, count: number) => {
  const random = new Philox(seed);
  return Array.from({ length: count }, () => randomPicture(random, SIDE, bank));
};
function* batches(count: number) {
  for (let i = 0; i < count; i++) yield pictures(1000 + i, BATCH);
}

const { parameters } = new Vae(config);
const weights = initializeParameters(parameters, 0);
const { path, fresh } = await initializeFrom(run, parameters, weights);
if (fresh.length > 0) throw new Error(`${path}: lacks ${fresh.length} parameters, such as ${fresh[0]}`);
await exportVae(runtime, { config, weights }, batches(64), folder);

const codec = await loadVaeCodec(runtime, folder);
const fresh96 = pictures(7, 128);
const began = performance.now();
for (let i = 0; i < fresh96.length; i += BATCH) await codec.encode(fresh96.slice(i, i + BATCH));
const seconds = (performance.now() - began) / 1000;
const psnr = await reconstructionPsnr(codec, fresh96);
codec.dispose();
console.log(
  `${folder}: ${psnr.pooled.toFixed(2)} dB over ${fresh96.length} fresh pictures (mean of each one's: ${psnr.mean.toFixed(2)} dB), ` +
    `encodes ${(fresh96.length / seconds).toFixed(0)} pictures/s at ${SIDE} px`,
);
