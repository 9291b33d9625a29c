/** A public checkpoint of a whole model as a model folder of ours, one tensor at a time. */
import { readJson, readJsonIfPresent } from "../core/json-file.ts";
import { fileInFolder } from "../core/folder-file.ts";
import { initializeParameters, parameterCount, type ParameterInfo } from "../nn/parameters.ts";
import { readBagel, type PublicModel } from "./families/bagel.ts";
import { isUnused, theirName } from "./key-map.ts";
import { modelParameters, saveModelFolder } from "./model-folder.ts";
import { openParameters } from "./read-parameters.ts";

/** Families that are whole models, and who reads their folders. */
export const publicModels = { bagel: readBagel } satisfies Record<string, (folder: string) => Promise<PublicModel>>;
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
  const { model, vit, vae, usage, weights, map } = await publicModels[family](folder);
  const parameters = modelParameters({ model, vit });
  const isComputed = ({ name: own, initializer }: ParameterInfo) =>
    initializer.kind === "table" && (theirName(map, own) === undefined || isUnused(map, theirName(map, own)!));
  const file = await openParameters(
    weights,
    parameters.filter((info) => !isComputed(info)),
    { map },
  );
  try {
    const path = async (entry: string) => fileInFolder(folder, entry);
    const tokenizer = await readJson(await path("tokenizer.json"));
    const tokenizerConfig = await readJsonIfPresent(await path("tokenizer_config.json"));
    let done = 0;
    await saveModelFolder(
      out,
      {
        config: { name, model, vit, vae: vae.config, ...usage },
        weights: async (info) => {
          signal?.throwIfAborted();
          onTensor?.(done++, parameters.length, info.name);
          return isComputed(info) ? initializeParameters([info], 0).get(info.name)! : file.read(info);
        },
        vaeWeights: vae.weights,
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
