/** Folders of runs that never ran: a checkpoint with fresh weights. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { initializeParameters, type ParameterInfo, type ParameterValues } from "../../src/nn/parameters.ts";
import type { WorldTaskSettings } from "../../src/train/world-task.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";

export function writeWeights(
  path: string,
  parameters: readonly ParameterInfo[],
  values: ParameterValues,
): Promise<void> {
  const tensor = ({ name, shape }: ParameterInfo) => ({ name, dtype: "F32", shape, data: values.get(name)! }) as const;
  return writeSafetensors(path, parameters.map(tensor));
}

/** A run of these settings after five steps, whose averaged weights are those of `seed`; returns its folder. */
export async function writeRun(
  folder: string,
  parameters: readonly ParameterInfo[],
  settings: WorldTaskSettings,
  seed = 1,
): Promise<string> {
  const checkpoint = join(folder, "checkpoints", "step-00000005");
  await mkdir(checkpoint, { recursive: true });
  await writeWeights(join(checkpoint, "ema.safetensors"), parameters, initializeParameters(parameters, seed));
  const progress = { format: 1, step: 5, updates: 5, seed, samples: 10, seconds: 1, identity: { settings } };
  await writeFile(join(checkpoint, "state.json"), JSON.stringify(progress));
  return folder;
}
