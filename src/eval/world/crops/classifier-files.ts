/** Where the trained judge lives: weights in one file, configuration in another. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { writeJsonAtomic } from "../../../core/atomic-file.ts";
import { InputError } from "../../../core/errors.ts";
import { fileInFolder } from "../../../core/folder-file.ts";
import { float32ToFloat16 } from "../../../core/half.ts";
import { readJson } from "../../../core/json-file.ts";
import { schemaProblems } from "../../../core/schema-problems.ts";
import type { ParameterValues } from "../../../nn/parameters.ts";
import { readParameters } from "../../../weights/read-parameters.ts";
import { writeSafetensors } from "../../../weights/safetensors.ts";
import { CropClassifier, type CropClassifierConfig } from "./crop-classifier.ts";

/** The judge that ships with the package. */
export const defaultJudgeFolder = fileURLToPath(new URL("../../../../models/world-judge/", import.meta.url));

const WEIGHTS = "model.safetensors";
const CONFIG = "config.json";

const whole = z.int().positive();
const configSchema = z.strictObject({
  side: whole,
  patch: whole,
  levels: z.array(z.strictObject({ size: whole, blocks: whole })).min(1),
  concepts: z.array(z.string()).min(1),
  styles: z.array(z.string()).min(1),
});

export interface StoredClassifier {
  readonly config: CropClassifierConfig;
  readonly weights: ParameterValues;
}

/** Writes weights (as float16) and configuration into `folder`. */
export async function saveClassifier(folder: string, { config, weights }: StoredClassifier): Promise<void> {
  const tensors = new CropClassifier(config).parameters.map(({ name, shape }) => ({
    name,
    shape,
    dtype: "F16" as const,
    data: float32ToFloat16(weights.get(name)!),
  }));
  await writeSafetensors(join(folder, WEIGHTS), tensors);
  await writeJsonAtomic(join(folder, CONFIG), config);
}

/** Reads what {@link saveClassifier} wrote. Throws InputError naming the file and what is wrong with it. */
export async function loadClassifier(folder: string): Promise<StoredClassifier> {
  const path = await fileInFolder(folder, CONFIG);
  const parsed = configSchema.safeParse(await readJson(path));
  if (!parsed.success) throw new InputError(`${path}: ${schemaProblems(parsed.error)}`);
  const config = parsed.data;
  const cell = config.patch * 2 ** (config.levels.length - 1);
  if (config.side % cell !== 0)
    throw new InputError(`${path}: side: expected a multiple of ${cell}, found ${config.side}`);
  const weights = await readParameters(await fileInFolder(folder, WEIGHTS), new CropClassifier(config).parameters);
  return { config, weights };
}
