import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../core/errors.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { latestCheckpoint, readProgress } from "./checkpoint.ts";
import type { ParameterInfo, ParameterValues } from "../nn/parameters.ts";

export interface InitFromResult {
  readonly path: string;
  readonly loaded: readonly string[];
  /** Parameters that the file lacks or holds in another shape: they keep fresh values, or copy as declared. */
  readonly fresh: readonly string[];
  /** Seed of the run that made the weights, where it is known. */
  readonly seed: number | undefined;
}

/**
 * Overwrites fresh values by those of another model, matched by name and shape. `source`: a safetensors file, a checkpoint
 * or a run (its newest checkpoint); of the latter two the averaged weights are taken.
 * @throws InputError where nothing matches
 */
export async function initializeFrom(
  source: string,
  parameters: readonly ParameterInfo[],
  values: ParameterValues,
): Promise<InitFromResult> {
  const path = await weightsFile(source);
  const file = await openSafetensors(path);
  const loaded: string[] = [];
  const fresh: string[] = [];
  try {
    for (const { name, shape } of parameters) {
      if (file.has(name) && String(file.info(name).shape) === String(shape)) {
        await file.readFloat32(name, values.get(name)!);
        loaded.push(name);
      } else fresh.push(name);
    }
  } finally {
    await file.close();
  }
  // A branch that starts as a copy of another follows the weights that the other was given.
  const kept = new Set(fresh);
  for (const { name, initializer } of parameters)
    if (initializer.kind === "copy" && kept.has(name) && values.has(initializer.of))
      values.get(name)!.set(values.get(initializer.of)!);
  if (loaded.length === 0)
    throw new InputError(`${path}: none of its ${file.names.length} tensors has the name and shape of a parameter`);
  return { path, loaded, fresh, seed: await seedBeside(path) };
}

/** Of weights that lie in no checkpoint nothing is known, whatever else lies beside them. */
async function seedBeside(weights: string): Promise<number | undefined> {
  return readProgress(dirname(weights)).then(
    ({ seed }) => seed,
    () => undefined,
  );
}

async function weightsFile(source: string): Promise<string> {
  const newest = (await latestCheckpoint(source)) ?? source;
  const averaged = join(newest, "ema.safetensors");
  return stat(averaged).then(
    () => averaged,
    () => source,
  );
}
