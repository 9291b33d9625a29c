/** A public checkpoint of a whole model as a model folder of ours, one tensor at a time. */
import { join } from "node:path";
import { readTokenizerFiles } from "../encoders/tokenizer-file.ts";
import { initializeParameters, parameterCount, type ParameterInfo } from "../nn/parameters.ts";
import { readBagel } from "./families/bagel.ts";
import { readLance } from "./families/lance.ts";
import { readQwen2 } from "./families/qwen2-language.ts";
import { isUnused, theirName, type KeyMap } from "./key-map.ts";
import { modelParameters, saveModelFolder } from "./model-folder.ts";
import type { PublicModel } from "./public-model.ts";
import {
  expectQuantized,
  QUANTIZED_DTYPES,
  quantizing,
  reportErrors,
  type MatrixError,
  type QuantizationErrors,
} from "./quantize-model.ts";
import type { ModelQuantization } from "./quantization.ts";
import { openParameters, type ParameterFile } from "./read-parameters.ts";

/** Families that are whole models, and who reads their folders. */
export const publicModels = {
  bagel: readBagel,
  lance: readLance,
  "qwen2.5": readQwen2,
} satisfies Record<string, (folder: string) => Promise<PublicModel>>;
export type PublicFamily = keyof typeof publicModels;

export interface ConvertModelOptions {
  readonly family: PublicFamily;
  /** The checkpoint's folder, with its tokenizer. */
  readonly folder: string;
  readonly out: string;
  readonly name: string;
  /** Matrices to quantise on the way, each as it is read; none by default. */
  readonly quantization?: ModelQuantization | undefined;
  /** Called before each tensor of transformer and ViT. */
  readonly onTensor?: (done: number, total: number, name: string) => void;
  /** Called before each part of a quantised model is compared with its floats. */
  readonly onPart?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface ConvertedModel {
  readonly parameters: number;
  /** Of a model that was quantised. */
  readonly errors?: QuantizationErrors;
}

/**
 * Writes transformer and ViT in bfloat16, as they are published or used, and the autoencoder in float32; or quantised, all types then as
 * of {@link quantizeModel}. Tables of positions that the family computes instead of reading them are computed.
 * @throws InputError where the checkpoint is not of its family
 */
export async function convertModel(options: ConvertModelOptions): Promise<ConvertedModel> {
  const { family, folder, out, name, quantization, onTensor, onPart, signal } = options;
  const found: PublicModel = await publicModels[family](folder);
  const { model, vit, vae, usage, weights, tokenizer: tokenizerFolder = "" } = found;
  const parameters = modelParameters({ model, vit });
  const byName = new Map(parameters.map((info) => [info.name, info]));
  const total = quantization ? expectQuantized({ model, vit, quantization }, folder).length : parameters.length;
  const files: { readonly file: ParameterFile; readonly names: ReadonlySet<string> }[] = [];
  try {
    for (const { path, map, holds = () => true } of weights) {
      const wanted = parameters.filter((info) => holds(info.name) && !isComputed(map, info));
      const names = new Set(wanted.map((info) => info.name));
      files.push({ file: await openParameters(path, wanted, { map }), names });
    }
    const { json: tokenizer, config: tokenizerConfig } = await readTokenizerFiles(join(folder, tokenizerFolder));
    const read = async ({ name: wanted }: Pick<ParameterInfo, "name">) => {
      const info = byName.get(wanted)!;
      const source = files.find(({ names }) => names.has(wanted));
      return source ? source.file.read(info) : initializeParameters([info], 0).get(wanted)!;
    };
    const matrices: MatrixError[] = [];
    const stored = quantizing(read, matrices);
    let done = 0;
    await saveModelFolder(
      out,
      {
        config: { name, model, vit, vae: vae?.config, ...usage, ...(quantization && { quantization }) },
        weights: async (info) => {
          signal?.throwIfAborted();
          onTensor?.(done++, total, info.name);
          return stored(info);
        },
        vaeWeights: vae?.weights ?? new Map<string, Float32Array>(),
        tokenizer,
        ...(tokenizerConfig !== undefined && { tokenizerConfig }),
      },
      quantization ? QUANTIZED_DTYPES : { dtype: "BF16", vaeDtype: "F32" },
    );
    return {
      parameters: parameterCount(parameters),
      ...(quantization && { errors: await reportErrors(matrices, { model: out, read, onPart, signal }) }),
    };
  } finally {
    for (const { file } of files) await file.close();
  }
}

/** A table that a formula gives, and that the family does not read. */
function isComputed(map: KeyMap, { name, initializer }: ParameterInfo): boolean {
  const theirs = theirName(map, name);
  return initializer.kind === "table" && (theirs === undefined || isUnused(map, theirs));
}
