/** The weights of a model that is to run: in memory, mapped, or left to the programs. */
import { realpath } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { elementCount, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";
import type { StoredWeights } from "../nn/quantization.ts";
import type { TensorPlace } from "../onnx/emit.ts";
import { mapFile } from "../runtime/mapped-file.ts";
import type { HostTensor } from "../runtime/types.ts";
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
    const mapped = bytes >= mapFrom || places.size > 0 ? await mapFile(path) : undefined;
    const buffer = bytes >= mapFrom ? mapped : undefined;
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
      tensors: mapped && views(mapped, parameters, places),
    };
    return { weights, stored: places.size > 0 ? stored : undefined };
  } finally {
    await file.close();
  }
}

/** Codes and scales where they lie; undefined unless all do as numbers must. */
function views(
  buffer: ArrayBuffer,
  parameters: readonly ParameterInfo[],
  places: ReadonlyMap<string, TensorPlace>,
): ReadonlyMap<string, HostTensor> | undefined {
  const tensors = new Map<string, HostTensor>();
  for (const { name, shape, tensor } of parameters) {
    const place = places.get(name);
    if (!place) continue;
    const { offset, length } = place;
    if (tensor.dtype === "byte") {
      tensors.set(name, { type: "uint8", shape, data: new Uint8Array(buffer, offset, length) });
    } else {
      if (offset % Float32Array.BYTES_PER_ELEMENT !== 0) return undefined;
      tensors.set(name, { type: "float32", shape, data: new Float32Array(buffer, offset, elementCount(shape)) });
    }
  }
  return tensors;
}
