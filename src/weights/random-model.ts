/** A model of a preset's real sizes with weights that mean nothing: what a machine can do with it, without its weights. */
import { randomFillSync } from "node:crypto";
import { mkdir, readdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InputError } from "../core/errors.ts";
import { readJson, readJsonIfPresent } from "../core/json-file.ts";
import { Philox } from "../core/random.ts";
import { createVae } from "../encoders/autoencoder.ts";
import { fluxVaeConfig, vaeTokenSide } from "../encoders/vae-config.ts";
import { presets, vitPresets } from "../model/presets.ts";
import { elementCount, type ParameterInfo } from "../nn/parameters.ts";
import { FORMAT, parseModelConfig, type ModelFolderConfigInput } from "./model-config.ts";
import { modelParameters, saveModelFolder } from "./model-folder.ts";
import type { ModelQuantization } from "./quantization.ts";

/** Presets whose three networks are known: FLUX's VAE is the third. */
export const randomPresets = ["mogao-1b", "mogao-7b"] as const satisfies readonly (keyof typeof presets &
  keyof typeof vitPresets)[];
export type RandomPreset = (typeof randomPresets)[number];

/** Of pictures that are drawn, in pixels. */
const SIDE = 512;
const MOST_PIXELS = 1024 ** 2;
/** Disk that is left free, in bytes. */
const SPARE_BYTES = 2 ** 30;

export type RandomModelConfig = Omit<ModelFolderConfigInput, "format">;

export interface RandomModelOptions {
  /** Where random models are kept, each in a folder of its own. */
  readonly cache: string;
  readonly config: RandomModelConfig;
  /** A folder whose tokenizer stands in for the preset's; it must have no more ids. */
  readonly tokenizer: string;
  /** Told before anything is written, if it must be. */
  readonly onSize?: (bytes: number, folder: string) => void;
  readonly onTensor?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * The folder of a random model, written unless it is there already: its config.json comes last, so that a folder which has it is
 * whole. Throws InputError where the disk lacks the room.
 */
export async function randomModel(options: RandomModelOptions): Promise<string> {
  const { cache, config, tokenizer, onSize, onTensor, signal } = options;
  const { quantization, vae } = config;
  const folder = join(cache, "random", [config.name, ...formatNames(quantization)].join("-"));
  const path = join(folder, "config.json");
  const found = await readJsonIfPresent(path);
  if (
    found !== undefined &&
    isDeepStrictEqual(parseModelConfig(found, path), parseModelConfig({ format: FORMAT, ...config }, path))
  )
    return folder;

  const parameters = modelParameters({ quantization, ...config });
  const vaeParameters = vae ? createVae(vae).parameters : [];
  const bytes = [...parameters, ...vaeParameters].reduce((sum, info) => sum + storedBytes(info), 0);
  onSize?.(bytes, folder);
  await mkdir(folder, { recursive: true });
  // Left by a process that was killed.
  for (const name of await readdir(folder)) if (name.endsWith(".tmp")) await rm(join(folder, name));
  await expectRoom(folder, bytes);

  const random = new Philox(0);
  let done = 0;
  await saveModelFolder(
    folder,
    {
      config,
      weights: async (info) => {
        signal?.throwIfAborted();
        onTensor?.(done++, parameters.length);
        return randomWeights(info, random);
      },
      vaeWeights: new Map(vaeParameters.map((info) => [info.name, randomWeights(info, random) as Float32Array])),
      tokenizer: await readJson(join(tokenizer, "tokenizer.json")),
      tokenizerConfig: await readJsonIfPresent(join(tokenizer, "tokenizer_config.json")),
    },
    { dtype: "F32" },
  );
  return folder;
}

/** The sizes of a preset, with Qwen2-VL's ViT and FLUX's VAE. */
export function randomModelConfig(preset: RandomPreset, quantization: ModelQuantization): RandomModelConfig {
  return {
    name: preset,
    model: presets[preset],
    vit: vitPresets[preset],
    vae: fluxVaeConfig,
    images: { minPixels: vaeTokenSide(fluxVaeConfig) ** 2, maxPixels: MOST_PIXELS },
    generation: { width: SIDE, height: SIDE, maxPixels: MOST_PIXELS },
    quantization,
  };
}

const formatNames = (quantization: ModelQuantization = {}): string[] =>
  Object.entries(quantization).map(([part, { bits, block }]) => `${part}${bits}in${block}`);

function storedBytes({ shape, tensor }: ParameterInfo): number {
  return elementCount(shape) * (tensor.dtype === "byte" ? 1 : Float32Array.BYTES_PER_ELEMENT);
}

/** Activations keep their size: rows of matrices have the deviation 1/√length, norms are ones and biases zeros. */
function randomWeights({ name, shape, tensor, quantized }: ParameterInfo, random: Philox): Float32Array | Uint8Array {
  const count = elementCount(shape);
  if (tensor.dtype === "byte") return randomFillSync(new Uint8Array(count));
  const values = new Float32Array(count);
  if (quantized) {
    const { bits, shape: matrix } = quantized;
    // Uniform codes have the deviation 2^bits / √12.
    return values.fill(Math.sqrt(12 / matrix[1]) / 2 ** bits);
  }
  if (shape.length === 1) return values.fill(name.endsWith(".bias") ? 0 : 1);
  const deviation = 1 / Math.sqrt(elementCount(shape.slice(1)));
  random.fillNormal(values);
  for (let i = 0; i < count; i++) values[i]! *= deviation;
  return values;
}

async function expectRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + SPARE_BYTES) return;
  const gigabytes = (count: number) => (count / 1e9).toFixed(1);
  throw new InputError(
    `${folder}: expected ${gigabytes(bytes + SPARE_BYTES)} GB of free disk, found ${gigabytes(free)}; --cache chooses another place`,
  );
}
