/** Reads the parameters of a network from a checkpoint, under our names or another family's. */
import { InputError } from "../core/errors.ts";
import type { TensorPlace } from "../onnx/emit.ts";
import { elementCount, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";
import { isUnused, ourName, theirNames, type KeyMap } from "./key-map.ts";
import { openSafetensors } from "./safetensors.ts";

/** Names that an error lists before it counts the rest. */
const LISTED = 8;

export interface ReadOptions {
  /** The checkpoint's names, where they are not ours. */
  readonly map?: KeyMap;
  /** Tensors of the checkpoint that belong to other networks, by their names there; none by default. */
  readonly others?: (theirs: string) => boolean;
}

/** A checkpoint that is known to hold all of some parameters, read one at a time. */
export interface ParameterFile {
  /** As float32. */
  read(info: Pick<ParameterInfo, "name" | "shape">): Promise<Float32Array>;
  /** Where it lies, and whether it is stored as float32. */
  place(info: Pick<ParameterInfo, "name">): TensorPlace & { readonly isFloat32: boolean };
  close(): Promise<void>;
}

/**
 * Opens a checkpoint (see {@link openSafetensors}) of any floating type that holds all of `parameters`. Axes of length one may be
 * missing or more: a 1×1 convolution is a matrix.
 * @throws InputError that names every missing, misshapen and unknown tensor, as the checkpoint calls it
 */
export async function openParameters(
  path: string,
  parameters: readonly ParameterInfo[],
  { map, others = () => false }: ReadOptions = {},
): Promise<ParameterFile> {
  const file = await openSafetensors(path);
  const nameOf = (name: string) => {
    const spellings = map ? theirNames(map, name) : [];
    return spellings.find((theirs) => file.has(theirs)) ?? spellings[0] ?? name;
  };
  const known = new Set(parameters.map(({ name }) => name));
  const isKnown = (theirs: string) => {
    const ours = map ? ourName(map, theirs) : theirs;
    const isRead = ours !== undefined && known.has(ours) && nameOf(ours) === theirs;
    return isRead || (map !== undefined && isUnused(map, theirs)) || others(theirs);
  };
  try {
    reportMismatch(
      path,
      parameters.map((info) => ({ ...info, name: nameOf(info.name) })),
      (name) => file.has(name),
      ({ name, shape, tensor, quantized }) => {
        const found = file.info(name);
        // Codes and scales are used as they are; floats of any type are converted.
        const wanted = quantized && (tensor.dtype === "byte" ? "U8" : "F32");
        if (wanted !== undefined && found.dtype !== wanted) return `${found.dtype} [${found.shape}], no ${wanted}`;
        return String(withoutOnes(found.shape)) === String(withoutOnes(shape)) ? undefined : `[${found.shape}]`;
      },
      file.names.filter((name) => !isKnown(name)),
    );
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    read: ({ name, shape }) =>
      file.readFloat32(nameOf(name), new Float32Array(new ArrayBuffer(4 * elementCount(shape)))),
    place: ({ name }) => {
      const theirs = nameOf(name);
      return { ...file.place(theirs), isFloat32: file.info(theirs).dtype === "F32" };
    },
    close: () => file.close(),
  };
}

/** All of `parameters` in memory, from a checkpoint as {@link openParameters} takes it. */
export async function readParameters(
  path: string,
  parameters: readonly ParameterInfo[],
  options: ReadOptions = {},
): Promise<ParameterValues> {
  const file = await openParameters(path, parameters, options);
  try {
    const weights: ParameterValues = new Map();
    for (const info of parameters) weights.set(info.name, await file.read(info));
    return weights;
  } finally {
    await file.close();
  }
}

const withoutOnes = (shape: readonly number[]) => shape.filter((size) => size !== 1);

/** Throws one error that names every missing, misshapen and unexpected tensor. */
export function reportMismatch<Info extends Pick<ParameterInfo, "name" | "shape">>(
  path: string,
  parameters: readonly Info[],
  has: (name: string) => boolean,
  wrongShape: (info: Info) => string | undefined,
  unexpected: readonly string[] = [],
): void {
  const missing = parameters.filter(({ name }) => !has(name)).map(({ name }) => name);
  const misshapen = parameters.flatMap((info) => {
    const found = has(info.name) ? wrongShape(info) : undefined;
    return found === undefined ? [] : [`${info.name} (expected [${info.shape}], found ${found})`];
  });
  const problems = [
    ["lacks", missing],
    ["has the wrong shape of", misshapen],
    ["has unknown", unexpected],
  ] as const;
  const told = problems.flatMap(([what, names]) => (names.length === 0 ? [] : [`${what} ${listed(names)}`]));
  if (told.length > 0) throw new InputError(`${path}: does not hold this model: it ${told.join("; it ")}`);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).join(", ");
  return names.length > LISTED ? `${shown} and ${names.length - LISTED} more (${names.length} tensors)` : shown;
}
