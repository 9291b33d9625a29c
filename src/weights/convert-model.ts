/** A public checkpoint of a whole model as a model folder of ours, one tensor at a time. */
import { readTokenizerFiles } from "../encoders/tokenizer-file.ts";
import { initializeParameters, parameterCount, type ParameterInfo } from "../nn/parameters.ts";
import { readBagel } from "./families/bagel.ts";
import { readQwen2 } from "./families/qwen2-language.ts";
import { isUnused, theirName } from "./key-map.ts";
import { modelParameters, saveModelFolder } from "./model-folder.ts";
import type { PublicModel } from "./public-model.ts";
import { openParameters } from "./read-parameters.ts";

/** Families that are whole models, and who reads their folders. */
export const publicModels = {
  bagel: readBagel,
  "qwen2.5": readQwen2,
} satisfies Record<string, (folder: string) => Promise<PublicModel>>;
export type PublicFamily = keyof typeof publicModels;

export interface ConvertModelOptions {
  readonly family: PublicFamily;
  /** The checkpoint's folder, with its tokenizer. */
  readonly folder: string;
  readonly out: string;
  readonly name: string;
  /** Called before each tensor of transformer and ViT. */
  readonly onTensor?: (done: number, total: number, name: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes transformer and ViT in bfloat16, as they are published, and the autoencoder in float32. What the checkpoint lacks because a formula
 * gives it, such as tables of positions, is computed.
 * @throws InputError where the checkpoint is not of its family
 */
export async function convertModel(options: ConvertModelOptions): Promise<{ readonly parameters: number }> {
  const { family, folder, out, name, onTensor, signal } = options;
  const found: PublicModel = await publicModels[family](folder);
  const { model, vit, vae, usage, weights, map } = found;
  const parameters = modelParameters({ model, vit });
  const isComputed = ({ name: own, initializer }: ParameterInfo) =>
    initializer.kind === "table" && (theirName(map, own) === undefined || isUnused(map, theirName(map, own)!));
  const file = await openParameters(
    weights,
    parameters.filter((info) => !isComputed(info)),
    { map },
  );
  try {
    const { json: tokenizer, config: tokenizerConfig } = await readTokenizerFiles(folder);
    let done = 0;
    await saveModelFolder(
      out,
      {
        config: { name, model, vit, vae: vae?.config, ...usage },
        weights: async (info) => {
          signal?.throwIfAborted();
          onTensor?.(done++, parameters.length, info.name);
          return isComputed(info) ? initializeParameters([info], 0).get(info.name)! : file.read(info);
        },
        vaeWeights: vae?.weights ?? new Map<string, Float32Array>(),
        tokenizer,
        ...(tokenizerConfig !== undefined && { tokenizerConfig }),
      },
      { dtype: "BF16", vaeDtype: "F32" },
    );
  } finally {
    await file.close();
  }
  return { parameters: parameterCount(parameters) };
}
