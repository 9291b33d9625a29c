/** What one picture is drawn with: the caller's options, else what the model's configuration says for such a picture. */
import { InputError } from "../core/errors.ts";
import { vaeTokenSide } from "../encoders/vae-config.ts";
import type { GuidanceRule } from "../model/guidance.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";
import type { Solver } from "./flow-sampler.ts";
import type { DrawingOptions, PictureSize } from "./types.ts";

export interface DrawingSettings {
  readonly size: PictureSize;
  /** Of the network, for each branch of guidance. */
  readonly evaluations: number;
  readonly shift: number;
  readonly solver: Solver;
  readonly rule: GuidanceRule;
  readonly interval: readonly [number, number];
}

/** `lastImage`: size of the context's last image, if it has one: what is drawn then is an edit of it, or goes on from it. */
export function drawingSettings(
  options: DrawingOptions,
  config: ModelFolderConfig,
  lastImage: PictureSize | undefined,
): DrawingSettings {
  const { generation } = config;
  const { stepsCount, solver, guidanceForm: form, editing } = generation;
  const special = lastImage ? editing : {};
  const steps = options.steps ?? generation.steps;
  const renormalisation =
    options.guidanceRenormalisation ?? special.guidanceRenormalisation ?? generation.guidanceRenormalisation;
  return {
    size: askedSize(options, config) ?? (editing.sizeOfImage === true ? lastImage : undefined) ?? generation,
    evaluations: stepsCount === "times" ? steps - 1 : steps,
    shift: options.shift ?? generation.shift,
    solver,
    rule: {
      form,
      text: options.guidance ?? special.guidance ?? generation.guidance,
      image: options.imageGuidance ?? special.imageGuidance ?? generation.imageGuidance,
      renormalisation: renormalisation === "none" ? undefined : renormalisation,
    },
    interval: options.guidanceInterval ?? special.guidanceInterval ?? generation.guidanceInterval,
  };
}

/** The size that `size` or `aspect` asks for, each side rounded to the token grid. Throws InputError where it is impossible. */
export function askedSize({ size, aspect }: DrawingOptions, config: ModelFolderConfig): PictureSize | undefined {
  if (size !== undefined && aspect !== undefined)
    throw new InputError(`aspect: expected size or aspect, found both (${size.width}×${size.height} and ${aspect})`);
  const asked = size ?? (aspect === undefined ? undefined : sizeOfAspect(aspect, config));
  return asked && sizeOnGrid(asked, config);
}

const SIDES = /^([1-9]\d?):([1-9]\d?)$/;

/** The longer side is that of the model's own pictures. */
function sizeOfAspect(aspect: string, { generation }: ModelFolderConfig): PictureSize {
  const [, x, y] = (SIDES.exec(aspect) ?? []).map(Number);
  if (x === undefined || y === undefined)
    throw new InputError(`aspect: expected a ratio such as 1:1, 4:3, 3:4, 16:9 or 9:16, found ${aspect}`);
  const side = Math.max(generation.width, generation.height);
  const scale = side / Math.max(x, y);
  return { width: Math.round(x * scale), height: Math.round(y * scale) };
}

function sizeOnGrid({ width, height }: PictureSize, { vae, model, generation }: ModelFolderConfig): PictureSize {
  const found = `${width}×${height}`;
  if (![width, height].every((side) => Number.isInteger(side) && side > 0))
    throw new InputError(`size: expected positive whole numbers of pixels, found ${found}`);
  if (!vae) throw new InputError(`size: expected none, as this is a language model, found ${found}`);
  const side = vaeTokenSide(vae);
  const snap = (length: number) => Math.max(1, Math.round(length / side)) * side;
  const size = { width: snap(width), height: snap(height) };
  if (size.width * size.height > generation.maxPixels)
    throw new InputError(
      `size: expected at most ${generation.maxPixels} pixels, which is this model's limit, found ${found}`,
    );
  const most = (model.latentTable?.side ?? Infinity) * side;
  if (Math.max(size.width, size.height) > most)
    throw new InputError(`size: expected sides of at most ${most} pixels, which is this model's limit, found ${found}`);
  return size;
}
