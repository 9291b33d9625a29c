import { basename, dirname } from "node:path";
import { InputError } from "../core/errors.ts";
import { fileInFolder } from "../core/folder-file.ts";
import { readJson } from "../core/json-file.ts";
import type { TensorPlace } from "../onnx/emit.ts";
import { openSafetensorsFile, type SafetensorsFile, type Tensor } from "./safetensors-file.ts";
import { quote, type TensorInfo } from "./safetensors-header.ts";

/** Opens the shards that an index (`{"weight_map": {tensor: file}}`) names; they must lie in its own folder. */
export async function openSharded(indexPath: string): Promise<SafetensorsFile> {
  const shardOf = parseIndex(await readJson(indexPath), indexPath);
  const shards = new Map<string, SafetensorsFile>();
  try {
    for (const name of new Set(shardOf.values()))
      shards.set(name, await openSafetensorsFile(await fileInFolder(dirname(indexPath), name)));
    const tensors = new Map<string, SafetensorsFile>();
    for (const [name, shardName] of shardOf) {
      const shard = shards.get(shardName)!;
      if (!shard.has(name))
        throw new InputError(`${indexPath}: places tensor ${quote(name)} in ${shardName}, which lacks it`);
      tensors.set(name, shard);
    }
    return new ShardedFile(indexPath, tensors, [...shards.values()]);
  } catch (error) {
    for (const shard of shards.values()) await shard.close();
    throw error;
  }
}

/** Tensor name → shard's file name, as an index has it. Throws InputError naming `path`. */
export function parseIndex(index: unknown, path: string): Map<string, string> {
  const map = isObject(index) ? index["weight_map"] : undefined;
  if (!isObject(map))
    throw new InputError(`${path}: expected an object "weight_map", found ${map === undefined ? "none" : typeof map}`);
  const shardOf = new Map<string, string>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== "string" || !file.endsWith(".safetensors") || file !== basename(file) || file.includes("\\"))
      throw new InputError(
        `${path}: tensor ${quote(tensor)}: expected the name of a .safetensors file in the same folder, found ${quote(String(file))}`,
      );
    shardOf.set(tensor, file);
  }
  return shardOf;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

class ShardedFile implements SafetensorsFile {
  readonly path: string;
  readonly names: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly #shardOf: ReadonlyMap<string, SafetensorsFile>;
  readonly #shards: readonly SafetensorsFile[];

  constructor(path: string, shardOf: ReadonlyMap<string, SafetensorsFile>, shards: readonly SafetensorsFile[]) {
    this.path = path;
    this.names = [...shardOf.keys()];
    this.metadata = new Map(shards.flatMap((shard) => [...shard.metadata]));
    this.#shardOf = shardOf;
    this.#shards = shards;
  }

  has(name: string): boolean {
    return this.#shardOf.has(name);
  }

  info(name: string): TensorInfo {
    return this.#shard(name).info(name);
  }

  place(name: string): TensorPlace {
    return this.#shard(name).place(name);
  }

  async read(name: string): Promise<Tensor> {
    return this.#shard(name).read(name);
  }

  async readFloat32(name: string, out?: Float32Array): Promise<Float32Array> {
    return this.#shard(name).readFloat32(name, out);
  }

  async close(): Promise<void> {
    for (const shard of this.#shards) await shard.close();
  }

  #shard(name: string): SafetensorsFile {
    const shard = this.#shardOf.get(name);
    if (shard === undefined)
      throw new InputError(`${this.path}: no tensor ${quote(name)} among its ${this.names.length}`);
    return shard;
  }
}
