import { readdir, stat } from "node:fs/promises";
import { InputError } from "../core/errors.ts";
import { fileInFolder } from "../core/folder-file.ts";
import { isPickle, pickleAdvice } from "./pickle.ts";
import { openSafetensorsFile, type SafetensorsFile } from "./safetensors-file.ts";
import { openSharded } from "./safetensors-sharded.ts";

export type { Dtype, DtypeArray } from "./dtype.ts";
export type { SafetensorsFile, Tensor } from "./safetensors-file.ts";
export type { TensorInfo } from "./safetensors-header.ts";
export { writeSafetensors, type TensorToWrite } from "./safetensors-writer.ts";

const indexSuffix = ".safetensors.index.json";

/**
 * Opens a checkpoint: a `.safetensors` file, the index of a sharded one (`….safetensors.index.json`), or a folder that holds
 * `model.safetensors.index.json` or `model.safetensors`. An index may name only files of its own folder, and no link may lead out of it.
 * @throws InputError where there is none, it is damaged, or it is a pickle, which we never open
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  if (path.endsWith(indexSuffix)) return openSharded(path);
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    if (isPickle(path)) throw new InputError(`${path}: ${pickleAdvice([path])}`);
    return openSafetensorsFile(path);
  }
  const names = await readdir(path);
  const found = [`model${indexSuffix}`, "model.safetensors"].find((name) => names.includes(name));
  if (found !== undefined) return openSafetensors(await fileInFolder(path, found));
  const pickles = names.filter(isPickle);
  if (pickles.length > 0) throw new InputError(`${path}: ${pickleAdvice(pickles)}`);
  throw new InputError(`${path}: expected model.safetensors or model${indexSuffix} in this folder, found neither`);
}
