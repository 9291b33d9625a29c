/** A vision transformer on its own: weights in one file, configuration in another; or inside a public checkpoint. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeJsonAtomic } from "../core/atomic-file.ts";
import { fileInFolder } from "../core/folder-file.ts";
import { float32ToBfloat16 } from "../core/half.ts";
import { readJson, readJsonIfPresent } from "../core/json-file.ts";
import { createVit } from "../encoders/vision-transformer.ts";
import type { VitCodecConfig } from "../encoders/vit-codec.ts";
import { parseVitConfig } from "../encoders/vit-config.ts";
import { parameterCount, ParameterScope } from "../nn/parameters.ts";
import { qwen2VlVision, qwen2VlVisionConfig } from "./families/qwen2-vl.ts";
import { ourName } from "./key-map.ts";
import { VIT_SCOPE } from "./model-folder.ts";
import { openParameters, type ReadOptions } from "./read-parameters.ts";
import { writeSafetensors } from "./safetensors.ts";

const WEIGHTS = "vit.safetensors";
const CONFIG = "vit.json";

export interface VitCheckpoint {
  readonly config: VitCodecConfig;
  /** What holds the weights, and how to read them from there. */
  readonly path: string;
  readonly read: ReadOptions;
}

/**
 * The vision transformer of a folder that {@link convertVit} wrote, or of a Qwen2-VL or Qwen2.5-VL checkpoint.
 * @throws InputError naming the file and what is wrong with it
 */
export async function findVit(folder: string): Promise<VitCheckpoint> {
  const own = await fileInFolder(folder, CONFIG);
  const json = await readJsonIfPresent(own);
  if (json !== undefined)
    return { config: parseVitConfig(json, own), path: await fileInFolder(folder, WEIGHTS), read: {} };
  const theirs = await fileInFolder(folder, "config.json");
  return {
    config: qwen2VlVisionConfig(await readJson(theirs), theirs),
    path: folder,
    read: { map: qwen2VlVision, others: (theirs) => ourName(qwen2VlVision, theirs) === undefined },
  };
}

/** Writes the vision transformer of a checkpoint into the folder `out`, in bfloat16, one tensor at a time. Throws as {@link findVit}. */
export async function convertVit(
  folder: string,
  out: string,
): Promise<{ readonly parameters: number; readonly config: VitCodecConfig }> {
  const { config, path, read } = await findVit(folder);
  const scope = new ParameterScope();
  createVit(scope.at(VIT_SCOPE), config);
  const file = await openParameters(path, scope.all, read);
  try {
    await mkdir(out, { recursive: true });
    await writeSafetensors(
      join(out, WEIGHTS),
      scope.all.map((info) => ({
        name: info.name,
        shape: info.shape,
        dtype: "BF16",
        data: async () => float32ToBfloat16(await file.read(info)),
      })),
    );
  } finally {
    await file.close();
  }
  await writeJsonAtomic(join(out, CONFIG), config);
  return { parameters: parameterCount(scope.all), config };
}
