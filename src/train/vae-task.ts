/** Trains an autoencoder of our own on pictures rendered on the fly. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Philox } from "../core/random.ts";
import type { RgbImage } from "../core/image.ts";
import { writePng } from "../data/png.ts";
import { Vae } from "../encoders/vae.ts";
import { vaeDownscale, type FluxVaeConfig } from "../encoders/vae-config.ts";
import { planesOf, VaeCodec } from "../encoders/vae-codec.ts";
import type { Dim } from "../graph/dims.ts";
import { add, div, input, log, mul } from "../graph/primitives.ts";
import { topologicalOrder, type Tensor } from "../graph/tensor.ts";
import type { ParameterValues } from "../nn/parameters.ts";
import type { HostTensor, Runtime } from "../runtime/types.ts";
import { contactSheet } from "./contact-sheet.ts";
import type { TrainingBatch, TrainingTask } from "./task.ts";
import { vaeLoss } from "./vae-loss.ts";
import { principalStart } from "./vae-principal.ts";

/** Draws one square picture of `side` pixels; the same for the same state of `random`. */
export type PictureSource = (random: Philox, side: number) => RgbImage;

export interface VaeTaskOptions {
  readonly config: FluxVaeConfig;
  /** What a step sees: so many pictures of each side. Several sides make the network agnostic of size. */
  readonly batch: readonly { readonly side: number; readonly count: number }[];
  readonly pictures: PictureSource;
  readonly seed: number;
  /** Pictures that the principal components of the linear path are taken from; 0 starts at random. */
  readonly startFrom: number;
  /** Runs the reconstructions of reports. */
  readonly runtime: Runtime;
}

/** Peak signal to noise ratio in dB of a mean squared error between values in [−1, 1]. */
const PSNR_PEAK_SQUARED = 4;
const REPORT_PICTURES = 16;
/** Random stream of the pictures in reports; steps use streams from 0 up. */
const REPORT_STREAM = 2 ** 48;
const START_STREAM = REPORT_STREAM + 1;

/** Loss: mean over all pictures' groups of one side, weighted by their pixels. Metrics: `psnr` (dB), `kl` (nats a number). */
export function vaeTask({ config, batch, pictures, seed, startFrom, runtime }: VaeTaskOptions): TrainingTask {
  const vae = new Vae(config);
  const groups = batch.map(({ side, count }, i) => {
    const latent = side / vaeDownscale(config);
    const x = input(`pictures${i}`, [count, 3, side, side]);
    const noise = input(`noise${i}`, [count, config.latentChannels, latent, latent]);
    return { side, count, x, noise, weight: side * side * count, ...vaeLoss(vae, x, noise) };
  });
  const pixels = groups.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (pick: (group: (typeof groups)[number]) => Tensor): Tensor =>
    groups.map((group) => mul(pick(group), group.weight / pixels)).reduce((a, b) => add(a, b));
  const loss = mean((group) => group.loss);
  const squaredError = mean((group) => group.squaredError);
  // Backward costs about twice the forward pass.
  const flops = 3 * convolutionFlops(loss);

  async function makeBatch(step: number): Promise<TrainingBatch> {
    const random = new Philox(seed, step);
    const feeds: Record<string, HostTensor> = {};
    groups.forEach(({ side, count, noise }, i) => {
      const images = Array.from({ length: count }, () => pictures(random, side));
      feeds[`pictures${i}`] = planesOf(images);
      feeds[`noise${i}`] = standardNormal(random, noise.shape as number[]);
    });
    return { feeds, samples: groups.reduce((sum, { count }) => sum + count, 0), flops };
  }

  async function report(step: number, weights: ParameterValues, folder: string): Promise<void> {
    const random = new Philox(seed, REPORT_STREAM);
    const side = groups[0]!.side;
    const originals = Array.from({ length: REPORT_PICTURES }, () => pictures(random, side));
    const codec = await VaeCodec.open(runtime, config, weights);
    const tokens = await codec.encode(originals);
    const copies: RgbImage[] = [];
    const size = tokens.length / originals.length;
    for (let i = 0; i < originals.length; i++)
      copies.push(await codec.decode(tokens.subarray(i * size, (i + 1) * size), side, side));
    codec.dispose();
    await mkdir(folder, { recursive: true });
    const columns = REPORT_PICTURES / 2;
    const rows = [0, columns].flatMap((from) => [
      originals.slice(from, from + columns),
      copies.slice(from, from + columns),
    ]);
    await writePng(join(folder, `vae-${String(step).padStart(6, "0")}.png`), contactSheet(rows));
  }

  const startRandom = new Philox(seed, START_STREAM);
  const startPictures = Array.from({ length: startFrom }, () => pictures(startRandom, groups[0]!.side));

  return {
    name: "vae",
    parameters: vae.parameters,
    ...(startFrom > 0 && { start: principalStart(config, startPictures) }),
    loss,
    metrics: {
      psnr: mul(log(div(PSNR_PEAK_SQUARED, squaredError)), 10 / Math.LN10),
      kl: mean((group) => group.kl),
    },
    batch: makeBatch,
    report,
  };
}

function standardNormal(random: Philox, shape: readonly number[]): HostTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { type: "float32", shape, data: random.fillNormal(new Float32Array(new ArrayBuffer(4 * count))) };
}

/** Two for each multiplication of the convolutions that `output` depends on. */
function convolutionFlops(output: Tensor): number {
  let total = 0;
  for (const { op, inputs, shape } of topologicalOrder([output])) {
    if (op !== "conv2d") continue;
    const [, c, height, width] = inputs[1]!.shape as number[];
    total += 2 * c! * height! * width! * (shape as Dim[] as number[]).reduce((a, b) => a * b, 1);
  }
  return total;
}
