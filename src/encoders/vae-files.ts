/** Where an autoencoder of ours lives in a model's folder: weights in one file, configuration in another. */
import { join } from "node:path";
import { writeJsonAtomic } from "../core/atomic-file.ts";
import { InputError } from "../core/errors.ts";
import { readJsonIfPresent } from "../core/json-file.ts";
import { float32ToFloat16 } from "../core/half.ts";
import { elementCount, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";
import { openSafetensors, writeSafetensors } from "../weights/safetensors.ts";
import { parseVaeConfig, type VaeConfig } from "./vae-config.ts";
import { Vae } from "./vae.ts";

const WEIGHTS = "vae.safetensors";
const CONFIG = "vae.json";
/** A model's own configuration, whose `vae` section stands in for a file of its own. */
const MODEL_CONFIG = "config.json";

export interface StoredVae {
  readonly config: VaeConfig;
  readonly weights: ParameterValues;
}

/** Writes weights (as float16) and configuration into `folder`. */
export async function saveVae(folder: string, { config, weights }: StoredVae): Promise<void> {
  const tensors = new Vae(config).parameters.map(({ name, shape }) => {
    const data = weights.get(name);
    if (!data) throw new InputError(`vae: no weights for "${name}"`);
    return { name, shape, dtype: "F16" as const, data: float32ToFloat16(data) };
  });
  await writeSafetensors(join(folder, WEIGHTS), tensors);
  await writeJsonAtomic(join(folder, CONFIG), config);
}

/** Reads what {@link saveVae} wrote. Throws InputError naming the file and what is wrong with it. */
export async function loadVae(folder: string): Promise<StoredVae> {
  const config = await readConfig(folder);
  const weights = await readWeights(join(folder, WEIGHTS), new Vae(config).parameters);
  return { config, weights };
}

async function readConfig(folder: string): Promise<VaeConfig> {
  for (const name of [CONFIG, MODEL_CONFIG]) {
    const path = join(folder, name);
    const value = await readJsonIfPresent(path);
    if (value === undefined) continue;
    return parseVaeConfig(name === CONFIG ? value : (value as { vae?: unknown } | null)?.vae, path);
  }
  throw new InputError(`${folder}: expected ${CONFIG} or ${MODEL_CONFIG} in this folder, found neither`);
}

/** Every parameter from a checkpoint of any floating type; throws InputError where one is missing or has another shape. */
async function readWeights(path: string, parameters: readonly ParameterInfo[]): Promise<ParameterValues> {
  const file = await openSafetensors(path);
  try {
    const weights: ParameterValues = new Map();
    for (const { name, shape } of parameters) {
      if (!file.has(name)) throw new InputError(`${path}: expected a tensor "${name}", found none`);
      const found = file.info(name).shape;
      if (String(found) !== String(shape))
        throw new InputError(`${path}: tensor "${name}": expected shape [${shape}], found [${found}]`);
      weights.set(name, await file.readFloat32(name, new Float32Array(new ArrayBuffer(4 * elementCount(shape)))));
    }
    return weights;
  } finally {
    await file.close();
  }
}
