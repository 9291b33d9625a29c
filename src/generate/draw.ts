import type { RgbImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import { guidanceConditions } from "../model/guidance.ts";
import type { ContextImage } from "./context.ts";
import type { Conversation } from "./conversation.ts";
import { drawLatents } from "./draw-latents.ts";
import { drawingSettings } from "./drawing-settings.ts";
import type { Engine } from "./engine.ts";
import type { AnswerRun } from "./session.ts";
import type { PictureSize } from "./types.ts";

/** Random stream of a seed that later images' seeds are taken from. */
const SEED_STREAM = 2 ** 32;

/** The seed of a generation's images: its own for the first one, so that it can be had again, then derived ones. */
export function imageSeed(seed: number, index: number): number {
  return index === 0 ? seed : new Philox(seed, SEED_STREAM + index).uint32();
}

export interface DrawnImage {
  readonly image: RgbImage;
  readonly seed: number;
  /** Of the denoiser, each a batch of the branches of guidance. */
  readonly evaluations: number;
  readonly context: ContextImage;
}

/** Draws the image for which the conversation's last token is the `<|vision_start|>`. Emits its events. */
export async function drawImage(
  engine: Engine,
  conversation: Conversation,
  index: number,
  { options, emit, signal, draw = (picture) => drawLatents(engine, [picture]).then(([one]) => one!) }: AnswerRun,
): Promise<DrawnImage> {
  const vae = await engine.vae();
  const { lastImage } = conversation;
  const settings = drawingSettings(options.drawing, engine.config, lastImage && pixelsOf(lastImage, vae.tokenSide));
  const { size, evaluations: steps, rule } = settings;
  const { width, height } = size;
  const { previewEvery } = options;
  const seed = imageSeed(options.seed, index);
  emit({ type: "image-start", index, width, height, steps });
  const grid = { rows: height / vae.tokenSide, columns: width / vae.tokenSide };
  const branches = [];
  for (const condition of guidanceConditions(rule, lastImage !== undefined)) {
    signal.throwIfAborted();
    branches.push({ condition, context: await conversation.condition(condition) });
  }
  const latents = await draw({
    grid,
    settings,
    branches,
    seed,
    signal,
    onStep: async ({ step, estimate }) => {
      const wanted = previewEvery > 0 && step < steps && step % previewEvery === 0;
      const preview = wanted ? await vae.decode(estimate(), width, height) : undefined;
      emit({ type: "image-step", index, step, steps, ...(preview && { preview }) });
    },
  });
  const image = await vae.decode(latents, width, height);
  emit({ type: "image-end", index, image, seed });
  return {
    image,
    seed,
    evaluations: steps,
    context: { ...grid, ...(await engine.seen(image)), latents: () => Promise.resolve(latents) },
  };
}

function pixelsOf({ rows, columns }: ContextImage, tokenSide: number): PictureSize {
  return { width: columns * tokenSide, height: rows * tokenSide };
}
