/** A model on disk: config.json, model.safetensors, tokenizer.json, and vae.safetensors unless it is a language model. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { writeJsonAtomic } from "../core/atomic-file.ts";
import { InputError } from "../core/errors.ts";
import { fileInFolder } from "../core/folder-file.ts";
import { readJson } from "../core/json-file.ts";
import { float32ToBfloat16, float32ToFloat16 } from "../core/half.ts";
import { loadTokenizer } from "../encoders/tokenizer-file.ts";
import { NO_TOKEN, Tokenizer } from "../encoders/tokenizer.ts";
import { createVae } from "../encoders/autoencoder.ts";
import { createVit } from "../encoders/vision-transformer.ts";
import { Mogao } from "../model/mogao.ts";
import { elementCount, ParameterScope, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";
import type { StoredWeights } from "../nn/quantization.ts";
import { FORMAT, parseModelConfig, type ModelFolderConfig, type ModelFolderConfigInput } from "./model-config.ts";
import { openWeights } from "./open-weights.ts";
import { storageOf, type ModelQuantization } from "./quantization.ts";
import { openParameters, reportMismatch, type ParameterFile } from "./read-parameters.ts";
import { writeSafetensors, type TensorToWrite } from "./safetensors.ts";

/** What names in model.safetensors begin with: the transformer's and the vision transformer's. */
export const MOGAO_SCOPE = "mogao";
export const VIT_SCOPE = "vit";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";
const VAE_WEIGHTS = "vae.safetensors";
const TOKENIZER = "tokenizer.json";
const TOKENIZER_CONFIG = "tokenizer_config.json";

export interface ModelFolder {
  readonly config: ModelFolderConfig;
  /** Transformer and ViT, by the names of {@link modelParameters}. */
  readonly weights: ParameterValues;
  /** Those of quantised parts, which are not among the `weights`. */
  readonly stored?: StoredWeights | undefined;
  /** Empty in a language model. */
  readonly vaeWeights: ParameterValues;
  readonly tokenizer: Tokenizer;
}

/** Parameters of model.safetensors: `mogao.…`, and `vit.…` where there is one. */
export function modelParameters({
  model,
  vit,
  quantization,
}: Pick<ModelFolderConfig, "model" | "vit"> & {
  quantization?: ModelQuantization | undefined;
}): readonly ParameterInfo[] {
  const scope = new ParameterScope("", storageOf(quantization));
  void new Mogao(scope.at(MOGAO_SCOPE), model);
  if (vit) void createVit(scope.at(VIT_SCOPE), vit);
  return scope.all;
}

/** What a model folder says of itself, without its weights. Throws InputError as {@link loadModelFolder}. */
export async function loadModelConfig(folder: string): Promise<ModelFolderConfig> {
  await expectFolder(folder);
  const path = await fileInFolder(folder, CONFIG);
  return parseModelConfig(await readJson(path), path);
}

/**
 * Opens a model: weights as float32, mapped where they are stored so and read and converted elsewhere, but for quantised ones,
 * of which only the places are taken. Throws InputError naming the file and what is wrong with it.
 */
export async function loadModelFolder(folder: string): Promise<ModelFolder> {
  const config = await loadModelConfig(folder);
  const tokenizer = await loadTokenizer(folder);
  checkTokenizer(tokenizer, config, join(folder, TOKENIZER));
  const path = await fileInFolder(folder, WEIGHTS);
  const { weights, stored } = await openWeights(path, modelParameters(config), config.quantization);
  const vaeWeights = config.vae
    ? (await openWeights(await fileInFolder(folder, VAE_WEIGHTS), createVae(config.vae).parameters)).weights
    : (new Map() as ParameterValues);
  return { config, weights, stored, vaeWeights, tokenizer };
}

/** The float weights of a model folder, read one at a time. */
export async function openModelWeights(folder: string, config: ModelFolderConfig): Promise<ParameterFile> {
  return openParameters(await fileInFolder(folder, WEIGHTS), modelParameters(config));
}

export interface ModelToSave {
  readonly config: Omit<ModelFolderConfigInput, "format">;
  /** All at hand, or made one by one in the order in which they are written, so that a big model is never in memory whole. */
  readonly weights: ParameterValues | ((info: ParameterInfo) => Promise<Float32Array | Uint8Array>);
  /** Empty in a language model. */
  readonly vaeWeights: ParameterValues;
  /** The parsed tokenizer.json, and tokenizer_config.json where there is one. */
  readonly tokenizer: unknown;
  readonly tokenizerConfig?: unknown;
}

/** What floats may be stored as. */
const narrow = {
  F32: (values: Float32Array) => values,
  F16: (values: Float32Array) => float32ToFloat16(values),
  BF16: (values: Float32Array) => float32ToBfloat16(values),
};
type FloatDtype = keyof typeof narrow;

/**
 * Writes a model folder, each file atomically and config.json last. All is checked first: nothing is written that could not
 * be loaded. Other files of the folder, such as its card, stay. Throws InputError where weights are missing or misshapen.
 */
export async function saveModelFolder(
  folder: string,
  model: ModelToSave,
  { dtype = "F16", vaeDtype = dtype }: { readonly dtype?: FloatDtype; readonly vaeDtype?: FloatDtype } = {},
): Promise<void> {
  const config = parseModelConfig({ format: FORMAT, ...model.config }, join(folder, CONFIG));
  const tokenizerPath = join(folder, TOKENIZER);
  checkTokenizer(new Tokenizer(model.tokenizer, model.tokenizerConfig, tokenizerPath), config, tokenizerPath);
  // Codes and scales of a matrix follow each other, so that they can be made together.
  const order = { keepOrder: config.quantization !== undefined };
  const files: [string, readonly ParameterInfo[], ModelToSave["weights"], FloatDtype, object][] = [
    [join(folder, WEIGHTS), modelParameters(config), model.weights, dtype, order],
  ];
  if (config.vae)
    files.push([join(folder, VAE_WEIGHTS), createVae(config.vae).parameters, model.vaeWeights, vaeDtype, {}]);
  for (const [path, parameters, values] of files) {
    if (typeof values === "function") continue;
    reportMismatch(
      path,
      parameters,
      (name) => values.has(name),
      ({ name, shape }) => {
        const found = values.get(name)!.length;
        return found === elementCount(shape) ? undefined : `${found} numbers`;
      },
    );
  }
  for (const [path, parameters, values, floatDtype, fileOrder] of files)
    await writeSafetensors(
      path,
      parameters.map((info) => tensorToWrite(info, values, floatDtype)),
      {},
      fileOrder,
    );
  await writeJsonAtomic(join(folder, TOKENIZER), model.tokenizer);
  if (model.tokenizerConfig !== undefined) await writeJsonAtomic(join(folder, TOKENIZER_CONFIG), model.tokenizerConfig);
  await writeJsonAtomic(join(folder, CONFIG), { format: FORMAT, ...model.config });
}

function tensorToWrite(info: ParameterInfo, values: ModelToSave["weights"], floatDtype: FloatDtype): TensorToWrite {
  const { name, shape, tensor, quantized } = info;
  const read = async () => (typeof values === "function" ? values(info) : values.get(name)!);
  if (tensor.dtype === "byte") return { name, shape, dtype: "U8", data: read };
  const dtype = quantized ? "F32" : floatDtype;
  return { name, shape, dtype, data: async () => narrow[dtype]((await read()) as Float32Array) };
}

/** That every id has an embedding, and images their markers. */
function checkTokenizer({ size, special }: Tokenizer, { model, vae }: ModelFolderConfig, path: string): void {
  if (size > model.vocabularySize)
    throw new InputError(`${path}: expected at most ${model.vocabularySize} ids (${CONFIG}), found ${size}`);
  if (vae && [special.visionStart, special.visionEnd].includes(NO_TOKEN))
    throw new InputError(`${path}: lacks <|vision_start|> or <|vision_end|>, between which images stand`);
}

async function expectFolder(folder: string): Promise<void> {
  const entry = await stat(folder).catch(() => undefined);
  if (!entry)
    throw new InputError(
      `${folder}: no such folder; expected one with ${CONFIG}, ${WEIGHTS}, ${VAE_WEIGHTS} and ${TOKENIZER}`,
    );
  if (!entry.isDirectory()) throw new InputError(`${folder}: expected the folder of a model, found a file`);
}
