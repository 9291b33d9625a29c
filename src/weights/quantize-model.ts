/** A model folder with smaller weights, made of another one. */
import { join, resolve } from "node:path";
import { writeJsonAtomic } from "../core/atomic-file.ts";
import { InputError } from "../core/errors.ts";
import { fileInFolder } from "../core/folder-file.ts";
import { readJson, readJsonIfPresent } from "../core/json-file.ts";
import type { ParameterInfo, ParameterValues } from "../nn/parameters.ts";
import type { MatrixShape, Quantization } from "../nn/quantization.ts";
import { outputErrors, type OutputErrorOptions, type OutputErrors } from "./output-errors.ts";
import { loadModelConfig, modelParameters, openModelWeights, saveModelFolder } from "./model-folder.ts";
import type { ModelQuantization } from "./quantization.ts";
import { quantize, type QuantizedValues } from "./quantize.ts";
import { loadVae } from "./vae-files.ts";

/** What rounding a matrix cost. */
export interface MatrixError extends Quantization {
  readonly name: string;
  readonly shape: MatrixShape;
  /** ‖W − quantised W‖ / ‖W‖ */
  readonly error: number;
}

/** What quantising a model cost: its weights, and what its layers put out. */
export interface QuantizationErrors {
  readonly matrices: readonly MatrixError[];
  readonly outputs: OutputErrors;
}

export interface QuantizeModelOptions {
  /** Folder of a model of floats. */
  readonly model: string;
  readonly out: string;
  readonly quantization: ModelQuantization;
  /** Called before each tensor is written. */
  readonly onTensor?: (done: number, total: number, name: string) => void;
  /** Called before each part of the networks is compared with its floats. */
  readonly onPart?: OutputErrorOptions["onPart"];
  readonly signal?: AbortSignal;
}

/** What stands beside a quantised model: {@link QuantizationErrors} as JSON. */
const REPORT = "quantization-report.json";

/** What the floats of a quantised model are stored as. Those that are beside codes are float32, which programs map instead of reading. */
export const QUANTIZED_DTYPES = { dtype: "F32", vaeDtype: "F16" } as const;

/**
 * Writes the model with the matrices of the named parts quantised, and all else as {@link QUANTIZED_DTYPES}; then compares it with its
 * floats and writes the report. One tensor at a time is in memory, and then one block. Throws InputError where the model is quantised already or holds numbers that are not finite.
 */
export async function quantizeModel(options: QuantizeModelOptions): Promise<QuantizationErrors> {
  const { model, out, quantization, onTensor, onPart, signal } = options;
  const config = await loadModelConfig(model);
  if (config.quantization)
    throw new InputError(`${model}: is quantised already; expected a model of floats, from which less is lost`);
  if (resolve(model) === resolve(out)) throw new InputError(`${out}: expected another folder than that of the model`);
  const vaeWeights: ParameterValues = config.vae ? (await loadVae(model)).weights : new Map();
  const tokenizer = await readJson(await fileInFolder(model, "tokenizer.json"));
  const tokenizerConfig = await readJsonIfPresent(await fileInFolder(model, "tokenizer_config.json"));
  const total = expectQuantized({ ...config, quantization }, model).length;
  const errors: MatrixError[] = [];
  const file = await openModelWeights(model, config);
  const quantized = quantizing((info) => file.read(info), errors);
  let done = 0;
  try {
    await saveModelFolder(
      out,
      {
        config: { ...config, quantization },
        weights: (info) => {
          signal?.throwIfAborted();
          onTensor?.(done++, total, info.name);
          return quantized(info);
        },
        vaeWeights,
        tokenizer,
        ...(tokenizerConfig !== undefined && { tokenizerConfig }),
      },
      QUANTIZED_DTYPES,
    );
    return await reportErrors(errors, { model: out, read: (info) => file.read(info), onPart, signal });
  } finally {
    await file.close();
  }
}

/** The parameters of a model that is to be quantised. Throws InputError where no matrix of the parts can be. */
export function expectQuantized(
  config: Parameters<typeof modelParameters>[0],
  place: string,
): ReturnType<typeof modelParameters> {
  const parameters = modelParameters(config);
  const formats = Object.entries(config.quantization ?? {}).map(([part, { block }]) => `${part} (blocks of ${block})`);
  if (formats.length === 0 || parameters.some(({ quantized }) => quantized)) return parameters;
  throw new InputError(
    `${place}: --quantize: expected matrices whose rows are a multiple of the block, found none of ${formats.join(", ")}`,
  );
}

/** Compares what was written with its floats, and writes the report into its folder. */
export async function reportErrors(
  matrices: readonly MatrixError[],
  options: OutputErrorOptions,
): Promise<QuantizationErrors> {
  const errors = { matrices, outputs: await outputErrors(options) };
  await writeJsonAtomic(join(options.model, REPORT), errors);
  return errors;
}

/**
 * A source of parameters, quantised or not, over one of floats. The codes of a matrix are asked for first and its scales next, so
 * that it is read once. `errors` grows by one entry a matrix.
 */
export function quantizing(
  read: (info: Pick<ParameterInfo, "name" | "shape">) => Promise<Float32Array>,
  errors: MatrixError[],
): (info: ParameterInfo) => Promise<Float32Array | Uint8Array> {
  let last: { readonly name: string; readonly values: QuantizedValues } | undefined;
  return async (info) => {
    const { quantized } = info;
    if (!quantized) return read(info);
    const { of: name, shape, bits, block } = quantized;
    if (last?.name !== name) {
      const values = quantize(await read({ name, shape }), shape, { bits, block });
      if (Number.isNaN(values.error)) throw new InputError(`${name}: holds numbers that are not finite`);
      errors.push({ name, shape, bits, block, error: values.error });
      last = { name, values };
    }
    return info.tensor.dtype === "byte" ? last.values.codes : last.values.scales;
  };
}
