import { Philox } from "../core/random.ts";
import type { Grid } from "../model/sequence.ts";
import { Denoiser, type DenoiserBranch } from "./denoiser.ts";
import type { DrawingSettings } from "./drawing-settings.ts";
import type { Engine } from "./engine.ts";
import { sampleFlow, type FlowStep } from "./flow-sampler.ts";

/** Random stream of a seed that noise is taken from. */
const NOISE_STREAM = 1;

/** A picture before it is drawn. */
export interface PictureToDraw {
  readonly grid: Grid;
  readonly settings: DrawingSettings;
  /** Those of guidance, whose contexts are settled. */
  readonly branches: readonly DenoiserBranch[];
  /** Of its noise. */
  readonly seed: number;
  readonly onStep: (step: Pick<FlowStep, "step" | "estimate">) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Draws the latents of a picture, [tokens, latentSize]. */
export type DrawLatents = (picture: PictureToDraw) => Promise<Float32Array>;

/**
 * Draws the latents of pictures of one grid and equal settings, in step, each as if it were alone up to rounding. Ends early when all
 * are aborted; what of a batch is aborted before the others is drawn along, but told of no step.
 */
export async function drawLatents(engine: Engine, pictures: readonly PictureToDraw[]): Promise<Float32Array[]> {
  const { grid, settings } = pictures[0]!;
  const { evaluations, shift, solver, rule, interval } = settings;
  const branches = pictures.map((picture) => picture.branches);
  const { insideImage: markers } = engine.markup;
  const denoiser = await Denoiser.openBatch(engine.programs, branches, { ...grid, markers, rule, interval });
  const size = denoiser.size / pictures.length;
  const partsOf = (all: Float32Array) => pictures.map((_, i) => all.subarray(i * size, (i + 1) * size));

  const latents = new Float32Array(new ArrayBuffer(4 * denoiser.size));
  for (const [i, part] of partsOf(latents).entries()) new Philox(pictures[i]!.seed, NOISE_STREAM).fillNormal(part);
  const velocity: typeof denoiser.velocity = async (...state) => {
    if (pictures.every(({ signal }) => signal.aborted)) pictures[0]!.signal.throwIfAborted();
    await denoiser.velocity(...state);
  };
  await sampleFlow(latents, velocity, {
    steps: evaluations,
    shift,
    solver,
    onStep: async ({ step, estimate }) => {
      for (const [i, { onStep, signal }] of pictures.entries())
        if (!signal.aborted) await onStep({ step, estimate: () => partsOf(estimate())[i]! });
    },
  });
  return pictures.length === 1 ? [latents] : partsOf(latents).map((part) => part.slice());
}
