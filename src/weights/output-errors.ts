/** What quantising a model does to what its layers put out: the same short input through both, block by block. */
import { createImage, type RgbImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import type { Tokenizer } from "../encoders/tokenizer.ts";
import { createVit } from "../encoders/vision-transformer.ts";
import { VitCodec, type VitCodecConfig } from "../encoders/vit-codec.ts";
import type { MogaoConfig } from "../model/config.ts";
import { buildSequence, type SequencePart } from "../model/sequence.ts";
import { ParameterScope, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import type { Runtime } from "../runtime/types.ts";
import { loadModelFolder, VIT_SCOPE, type ModelFolder } from "./model-folder.ts";
import { StagedPass, type PassContent, type RowValues } from "./staged-pass.ts";

/** Relative errors of a block's rows: √mean over the rows of ‖quantised − float‖² / ‖float‖². */
export interface RowErrors {
  /** Of this block alone: both are given the float model's rows. */
  readonly alone: number;
  /** Of all blocks up to this one: each model is given its own rows. */
  readonly total: number;
}

/** What a block puts out. `visual`: absent in a language model. */
export interface LayerError {
  readonly layer: number;
  readonly text: RowErrors;
  readonly visual?: RowErrors | undefined;
}

export interface OutputErrors {
  /** Of the table of embeddings, and of noisy latents as they enter the first block. */
  readonly embeddings: { readonly text: number; readonly visual?: number | undefined };
  readonly layers: readonly LayerError[];
  readonly logits: number;
  /** Share of the text's tokens after which both models hold the same token for the likeliest. */
  readonly sameToken: number;
  readonly velocity?: number | undefined;
  /** Of the tokens of a picture that the ViT sees. */
  readonly vit?: number | undefined;
}

export interface OutputErrorOptions {
  /** Folder of the quantised model. */
  readonly model: string;
  /** The floats that it was made of, one parameter at a time. */
  readonly read: (info: Pick<ParameterInfo, "name" | "shape">) => Promise<Float32Array>;
  /** Called before each part of the networks. */
  readonly onPart?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What both models read. */
const TEXT =
  "A red apple lies on a wooden table beside a window. Outside it rains, and the street is empty but for a dog. " +
  "Draw the apple, then say in one sentence what the dog may be waiting for.";
/** Then both begin to draw, and both see a picture: tokens a side, at most. */
const SIDE = 8;
const SEED = 0;

/**
 * Runs a quantised model beside its floats: a text, and the first step of drawing a picture after it. Of the floats one block, the
 * table of embeddings or the ViT is in memory at a time.
 */
export async function outputErrors({ model: folder, read, onPart, signal }: OutputErrorOptions): Promise<OutputErrors> {
  const quantised = await loadModelFolder(folder);
  const { model, vit } = quantised.config;
  const runtime = await openRuntime();
  const content = contentOf(model, quantised.tokenizer);
  const floats = new StagedPass(runtime, model, { read }, content);
  const ofFolder = async ({ name }: ParameterInfo) => quantised.weights.get(name)!;
  const codes = new StagedPass(runtime, model, { read: ofFolder, stored: quantised.stored }, content);
  const total = model.layers + 2 + (vit ? 1 : 0);
  let done = 0;
  const begin = () => {
    signal?.throwIfAborted();
    onPart?.(done++, total);
  };

  begin();
  let [exact, rounded] = [await floats.embed(), await codes.embed()];
  const rowErrors = (found: RowValues, expected: RowValues) => {
    const of = (branch: "text" | "visual") =>
      expected[branch] && relativeError(found[branch]!, expected[branch], model.hiddenSize);
    return { text: of("text")!, visual: of("visual") };
  };
  const embeddings = rowErrors(rounded, exact);
  const layers: LayerError[] = [];
  for (let layer = 0; layer < model.layers; layer++) {
    begin();
    const [next] = await floats.block(layer, [exact]);
    const [own, onward] = await codes.block(layer, [exact, rounded]);
    const [alone, sum] = [rowErrors(own!, next!), rowErrors(onward!, next!)];
    layers.push({
      layer,
      text: { alone: alone.text, total: sum.text },
      ...(sum.visual !== undefined && { visual: { alone: alone.visual!, total: sum.visual } }),
    });
    [exact, rounded] = [next!, onward!];
  }
  begin();
  const [expected, found] = [await floats.outputs(exact), await codes.outputs(rounded)];
  const errors: OutputErrors = {
    embeddings,
    layers,
    logits: relativeError(found.logits, expected.logits, model.vocabularySize),
    sameToken: sameChoices(found.logits, expected.logits, model.vocabularySize),
    velocity: expected.velocity && relativeError(found.velocity!, expected.velocity, model.latentSize),
  };
  if (!vit) return errors;
  begin();
  return { ...errors, vit: await vitError(runtime, vit, quantised, read) };
}

/** The text, and after it, where the model draws, the noise of a picture. */
function contentOf(
  { imageContext, imageLayout, latentTable, latentSize }: MogaoConfig,
  tokenizer: Tokenizer,
): PassContent {
  const text: SequencePart = { type: "text", ids: tokenizer.encode(TEXT), loss: false };
  const side = Math.min(SIDE, latentTable?.side ?? SIDE);
  const latents = new Philox(SEED).fillNormal(new Float32Array(side ** 2 * latentSize));
  const { visionStart: start, visionEnd: end } = tokenizer.special;
  const inside = imageLayout?.markers === "inside";
  const image: SequencePart[] = [
    ...(inside ? [] : [{ type: "text", ids: [start], loss: false } as const]),
    {
      type: "image",
      image: 0,
      rows: side,
      columns: side,
      vit: false,
      vae: false,
      copies: 1,
      markers: inside ? { start, end } : undefined,
    },
  ];
  const parts = imageContext === "none" ? [text] : [text, ...image];
  return { sequence: buildSequence(parts, { layout: imageLayout }), latents, time: 0 };
}

async function vitError(
  runtime: Runtime,
  vit: VitCodecConfig,
  { weights, stored }: ModelFolder,
  read: OutputErrorOptions["read"],
): Promise<number> {
  const tokens = async (values: ParameterValues, from?: ModelFolder["stored"]) => {
    const codec = await VitCodec.open(runtime, vit, values, { tokenSide: vit.patch * vit.merge, stored: from });
    try {
      return await codec.encode([picture(vit)]);
    } finally {
      codec.dispose();
    }
  };
  const found = await tokens(weights, stored);
  const scope = new ParameterScope(`${VIT_SCOPE}.`);
  void createVit(scope, vit);
  const floats: ParameterValues = new Map();
  for (const info of scope.all) floats.set(info.name, await read(info));
  return relativeError(found, await tokens(floats), vit.outSize);
}

/** Red grows to the right, green downwards, and blue changes from patch to patch. */
function picture(vit: VitCodecConfig): RgbImage {
  const side = vit.architecture === "siglip" ? Math.min(SIDE, vit.positionsPerSide) : SIDE;
  const pixels = side * vit.patch * vit.merge;
  const image = createImage(pixels, pixels);
  const ramp = (place: number) => Math.round((255 * place) / pixels);
  for (let y = 0; y < pixels; y++)
    for (let x = 0; x < pixels; x++) {
      const patches = Math.floor(x / vit.patch) + Math.floor(y / vit.patch);
      image.data.set([ramp(x), ramp(y), patches % 2 === 0 ? 0 : 255], 3 * (y * pixels + x));
    }
  return image;
}

/** √mean over the rows of ‖found − expected‖² / ‖expected‖², so that a row of large numbers does not outweigh the others. */
function relativeError(found: Float32Array, expected: Float32Array, size: number): number {
  const rows = expected.length / size;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let [lost, whole] = [0, 0];
    for (let i = row * size; i < (row + 1) * size; i++) {
      lost += (found[i]! - expected[i]!) ** 2;
      whole += expected[i]! ** 2;
    }
    sum += whole === 0 ? 0 : lost / whole;
  }
  return Math.sqrt(sum / rows);
}

/** Share of the rows whose largest numbers are in the same place. */
function sameChoices(found: Float32Array, expected: Float32Array, size: number): number {
  const rows = expected.length / size;
  const largest = (values: Float32Array, row: number) => {
    const part = values.subarray(row * size, (row + 1) * size);
    return part.indexOf(part.reduce((a, b) => Math.max(a, b)));
  };
  const same = Array.from({ length: rows }, (_, row) => largest(found, row) === largest(expected, row));
  return same.filter(Boolean).length / rows;
}
