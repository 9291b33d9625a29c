/** Where an autoencoder of ours lives in a model's folder: weights in one file, configuration in another. */
import { join } from "node:path";
import { writeJsonAtomic } from "../core/atomic-file.ts";
import { InputError } from "../core/errors.ts";
import { fileInFolder } from "../core/folder-file.ts";
import { readJsonIfPresent } from "../core/json-file.ts";
import { float32ToFloat16 } from "../core/half.ts";
import type { ParameterValues } from "../nn/parameters.ts";
import { readParameters } from "./read-parameters.ts";
import { writeSafetensors } from "./safetensors.ts";
import { VaeCodec } from "../encoders/vae-codec.ts";
import type { Runtime } from "../runtime/types.ts";
import { parseVaeConfig, type VaeConfig } from "../encoders/vae-config.ts";
import { createVae } from "../encoders/autoencoder.ts";

const WEIGHTS = "vae.safetensors";
const CONFIG = "vae.json";
/** A model's own configuration, whose `vae` section stands in for a file of its own. */
const MODEL_CONFIG = "config.json";

export interface StoredVae {
  readonly config: VaeConfig;
  readonly weights: ParameterValues;
}

/** The autoencoder that a model's folder holds, ready to use. Throws as {@link loadVae}. */
export async function loadVaeCodec(runtime: Runtime, folder: string): Promise<VaeCodec> {
  const { config, weights } = await loadVae(folder);
  return VaeCodec.open(runtime, config, weights);
}

/** Writes weights (as float16) and configuration into `folder`. */
export async function saveVae(folder: string, { config, weights }: StoredVae): Promise<void> {
  const tensors = createVae(config).parameters.map(({ name, shape }) => {
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
  const weights = await readParameters(await fileInFolder(folder, WEIGHTS), createVae(config).parameters);
  return { config, weights };
}

async function readConfig(folder: string): Promise<VaeConfig> {
  for (const name of [CONFIG, MODEL_CONFIG]) {
    const path = await fileInFolder(folder, name);
    const value = await readJsonIfPresent(path);
    if (value === undefined) continue;
    return parseVaeConfig(name === CONFIG ? value : (value as { vae?: unknown } | null)?.vae, path);
  }
  throw new InputError(`${folder}: expected ${CONFIG} or ${MODEL_CONFIG} in this folder, found neither`);
}
