import { stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../core/errors.ts";
import { openSafetensorsFile, type SafetensorsFile } from "./safetensors-file.ts";
import { openSharded } from "./safetensors-sharded.ts";

export type { Dtype, DtypeArray } from "./dtype.ts";
export type { SafetensorsFile, Tensor } from "./safetensors-file.ts";
export type { TensorInfo } from "./safetensors-header.ts";
export { writeSafetensors, type TensorToWrite } from "./safetensors-writer.ts";

const indexSuffix = ".safetensors.index.json";

/**
 * Opens a checkpoint: a `.safetensors` file, the index of a sharded one (`….safetensors.index.json`), or a folder that holds
 * `model.safetensors.index.json` or `model.safetensors`. An index may name only files of its own folder.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  if (path.endsWith(indexSuffix)) return openSharded(path);
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder) return openSafetensorsFile(path);
  for (const name of [`model${indexSuffix}`, "model.safetensors"]) {
    const candidate = join(path, name);
    const exists = await stat(candidate).then(
      () => true,
      () => false,
    );
    if (exists) return openSafetensors(candidate);
  }
  throw new InputError(`${path}: expected model.safetensors or model${indexSuffix} in this folder, found neither`);
}
