/** A Mogao model that begins where public checkpoints end: LLM, ViT and VAE (Sec. 4.1), all else fresh. */
import { InputError } from "../core/errors.ts";
import { fileInFolder } from "../core/folder-file.ts";
import { readJson } from "../core/json-file.ts";
import { readTokenizerFiles } from "../encoders/tokenizer-file.ts";
import { vaeTokenSide, vaeTokenSize } from "../encoders/vae-config.ts";
import type { MogaoConfig } from "../model/config.ts";
import { presets, type PresetName } from "../model/presets.ts";
import { initializeParameters, parameterCount, type ParameterInfo } from "../nn/parameters.ts";
import { readFluxVae } from "./families/flux-vae.ts";
import { languageModelTypes, qwen2, qwen2Config, type LanguageConfig } from "./families/qwen2.ts";
import { modelParameters, saveModelFolder, VIT_SCOPE } from "./model-folder.ts";
import { ourName, theirName } from "./key-map.ts";
import { openParameters, type ParameterFile, type ReadOptions } from "./read-parameters.ts";
import { findVit } from "./vit-files.ts";

export interface InitModelOptions {
  /** Folder of a Qwen2 or Qwen2.5 checkpoint, with its tokenizer; or of a vision-language one, for its language model. */
  readonly llm: string;
  /** Folder of a Qwen2-VL or Qwen2.5-VL checkpoint, of which the vision transformer is read, or of one that was converted. */
  readonly vit: string;
  /** FLUX's `ae.safetensors`, or diffusers' folder of it. */
  readonly vae: string;
  /** Where the model goes. */
  readonly out: string;
  /** What the sizes must be; default: whatever those of the LLM are. */
  readonly preset?: PresetName | undefined;
  readonly name: string;
  /** Of what starts fresh. */
  readonly seed: number;
}

export interface InitializedModel {
  readonly parameters: number;
  /** Weights taken from checkpoints, copies for the visual branch included. */
  readonly taken: number;
  readonly fresh: readonly string[];
}

/** Side of the pictures that the paper's model draws. */
const SIDE = 512;
const MOST_PIXELS = 1024 ** 2;
/** The layer of the ViT that may start fresh, whose names are then not asked for. */
const MERGER_OUT = `${VIT_SCOPE}.merger.mlp.2.`;

/**
 * Writes a model folder in bfloat16: the text branch is the LLM, the visual branch a copy of it, ViT and VAE are theirs. The last
 * layer of the ViT's merger starts fresh where the LLM has another width than the one it was trained with.
 * @throws InputError where a checkpoint is not of its family, or the sizes are not the preset's
 */
export async function initModel(options: InitModelOptions): Promise<InitializedModel> {
  const { llm, vit: vitFolder, out, name, seed } = options;
  const llmConfig = await fileInFolder(llm, "config.json");
  const { ropeSections: _, ...language } = qwen2Config(await readJson(llmConfig), llmConfig, languageModelTypes);
  const { config: vision, path: vitPath, read: readVit } = await findVit(vitFolder);
  const vae = await readFluxVae(options.vae);
  const model: MogaoConfig = {
    ...presets["mogao-7b"],
    ...language,
    latentSize: vaeTokenSize(vae.config),
    conditionSize: language.hiddenSize,
  };
  if (options.preset) requireSizes(presets[options.preset], model, llm);
  const vit = { ...vision, outSize: language.hiddenSize };
  const parameters = modelParameters({ model, vit });
  const byName = new Map(parameters.map((info) => [info.name, info]));
  const newMerger = (ours: string) => vision.outSize !== vit.outSize && ours.startsWith(MERGER_OUT);

  const fromLlm = parameters.filter((info) => theirName(qwen2, info.name) !== undefined);
  const fromVit = parameters.filter((info) => info.name.startsWith(`${VIT_SCOPE}.`) && !newMerger(info.name));
  const files: { readonly file: ParameterFile; readonly names: ReadonlySet<string> }[] = [];
  /** The parameter that is read in the place of this one: itself, or what it starts as a copy of. */
  const origin = (info: ParameterInfo) => (info.initializer.kind === "copy" ? byName.get(info.initializer.of)! : info);
  const sourceOf = (info: ParameterInfo) => files.find(({ names }) => names.has(origin(info).name))?.file;
  const open = async (path: string, wanted: readonly ParameterInfo[], from: ReadOptions) =>
    files.push({ file: await openParameters(path, wanted, from), names: new Set(wanted.map((info) => info.name)) });
  try {
    await open(llm, fromLlm, { map: qwen2 });
    const { map, others: isOther = () => false } = readVit;
    const others = (theirs: string) => newMerger((map && ourName(map, theirs)) ?? theirs) || isOther(theirs);
    await open(vitPath, fromVit, { ...readVit, others });
    const { json: tokenizer, config: tokenizerConfig } = await readTokenizerFiles(llm);
    await saveModelFolder(
      out,
      {
        config: {
          name,
          model,
          vit,
          vae: vae.config,
          images: { minPixels: vaeTokenSide(vae.config) ** 2, maxPixels: MOST_PIXELS },
          generation: { width: SIDE, height: SIDE, maxPixels: MOST_PIXELS },
        },
        weights: async (info) =>
          (await sourceOf(info)?.read(origin(info))) ?? initializeParameters([info], seed).get(info.name)!,
        vaeWeights: vae.weights,
        tokenizer,
        ...(tokenizerConfig !== undefined && { tokenizerConfig }),
      },
      { dtype: "BF16" },
    );
  } finally {
    for (const { file } of files) await file.close();
  }
  const taken = parameters.filter((info) => sourceOf(info) !== undefined);
  return {
    parameters: parameterCount(parameters),
    taken: parameterCount(taken),
    fresh: parameters.filter((info) => sourceOf(info) === undefined).map((info) => info.name),
  };
}

function requireSizes(preset: MogaoConfig, model: LanguageConfig, llm: string): void {
  const names = ["hiddenSize", "layers", "heads", "kvHeads", "headSize", "ffnSize", "vocabularySize"] as const;
  const wrong = names.filter((name) => preset[name] !== model[name]);
  if (wrong.length > 0)
    throw new InputError(
      `${llm}: not of the preset's size: ${wrong.map((name) => `${name}: expected ${preset[name]}, found ${model[name]}`).join("; ")}`,
    );
}
