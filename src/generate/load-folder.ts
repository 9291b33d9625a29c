import { fileURLToPath } from "node:url";
import { openRuntime } from "../runtime/open-runtime.ts";
import { loadModelFolder } from "../weights/model-folder.ts";
import { LoadedMogao } from "./loaded-mogao.ts";
import type { LoadOptions } from "./types.ts";

export interface LoadFolderOptions extends LoadOptions {
  /** Threads of each program; default: the number of cores that this process may use. */
  readonly threads?: number;
}

/** The model that ships with the package. */
export const defaultModelFolder = fileURLToPath(new URL("../../models/emoji-world/", import.meta.url));

/** Loads a model from its folder. Throws InputError where the folder is not a model's, MogaoError without the device. */
export async function loadFolder({
  model = defaultModelFolder,
  device = "cpu",
  threads,
}: LoadFolderOptions = {}): Promise<LoadedMogao> {
  const [runtime, folder] = await Promise.all([
    openRuntime({ device, ...(threads !== undefined && { threads }) }),
    loadModelFolder(model),
  ]);
  return new LoadedMogao(runtime, folder);
}
