/** The weights of a model that is to run: in memory, mapped, or left to the programs. */
import { realpath } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { elementCount, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";
import type { StoredWeights } from "../nn/quantization.ts";
import type { TensorPlace } from "../onnx/emit.ts";
import { mapFile } from "../runtime/mapped-file.ts";
import { storageOf, type ModelQuantization } from "./quantization.ts";
import { openParameters } from "./read-parameters.ts";

/** Bytes of float32 from which a file is mapped: smaller ones are read as fast, and may then change under us. */
const MAPPED_FROM = 2 ** 26;

export interface OpenedWeights {
  readonly weights: ParameterValues;
  readonly stored: StoredWeights | undefined;
}

/**
 * Float parameters as float32: views of the mapped file where it holds them so and enough of them (`mapFrom` bytes), copies
 * elsewhere. Of quantised ones only the places. Throws InputError as {@link openParameters}.
 */
export async function openWeights(
  path: string,
  parameters: readonly ParameterInfo[],
  quantization?: ModelQuantization,
  mapFrom = MAPPED_FROM,
): Promise<OpenedWeights> {
  const file = await openParameters(path, parameters);
  try {
    // ONNX Runtime follows no links out of a folder, and a cache of downloads is made of such.
    const real = await realpath(path);
    const places = new Map<string, TensorPlace>();
    const mappable = new Map<ParameterInfo, TensorPlace>();
    for (const info of parameters) {
      const { isFloat32, ...place } = file.place(info);
      if (info.quantized) places.set(info.name, { ...place, file: basename(real) });
      else if (isFloat32 && place.offset % Float32Array.BYTES_PER_ELEMENT === 0) mappable.set(info, place);
    }
    const bytes = [...mappable.values()].reduce((sum, { length }) => sum + length, 0);
    const buffer = bytes >= mapFrom ? await mapFile(path) : undefined;
    const weights: ParameterValues = new Map();
    for (const info of parameters) {
      if (info.quantized) continue;
      const place = buffer && mappable.get(info);
      weights.set(
        info.name,
        place ? new Float32Array(buffer, place.offset, elementCount(info.shape)) : await file.read(info),
      );
    }
    const stored = {
      folder: dirname(real),
      storage: storageOf(quantization),
      place: (key: string) => places.get(key),
    };
    return { weights, stored: places.size > 0 ? stored : undefined };
  } finally {
    await file.close();
  }
}
