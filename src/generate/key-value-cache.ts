import type { MogaoConfig } from "../model/config.ts";
import type { HostTensor } from "../runtime/types.ts";
import { floats } from "./feed-tensor.ts";

/** Names of a cache's keys and values of one layer among a program's inputs. */
export const cacheNames = (prefix: string, layer: number): readonly [string, string] => [
  `${prefix}_keys_${layer}`,
  `${prefix}_values_${layer}`,
];

/** The output that holds a run's new rows, [2 · layers, rows, kvHeads, headSize]: keys and values in turn, layer by layer. */
export const NEW_ROWS = "new_rows";

/** Rows that a new cache has room for. */
const INITIAL_ROWS = 128;

/**
 * Rotated keys and values of earlier tokens, for each layer [rows, kvHeads, headSize] in memory that grows by doubling.
 * Programs read it where it lies and output new rows alone (engine: no copy of the cache in a step).
 */
export class KeyValueCache {
  #length = 0;
  #capacity = 0;
  /** Keys and values in turn, layer by layer. */
  readonly #arrays: Float32Array[];
  readonly #kvHeads: number;
  readonly #headSize: number;

  constructor({ layers, kvHeads, headSize }: Pick<MogaoConfig, "layers" | "kvHeads" | "headSize">) {
    this.#kvHeads = kvHeads;
    this.#headSize = headSize;
    this.#arrays = Array.from({ length: 2 * layers }, () => new Float32Array(0));
  }

  /** Rows held. */
  get length(): number {
    return this.#length;
  }

  /** Sets the feeds that are this cache's rows, [1, length, kvHeads, headSize], as far as they are among `inputs`. */
  feed(feeds: Record<string, HostTensor>, prefix: string, inputs: ReadonlySet<string>): void {
    const shape = [1, this.#length, this.#kvHeads, this.#headSize];
    const end = this.#length * this.#kvHeads * this.#headSize;
    this.#arrays.forEach((array, i) => {
      const name = cacheNames(prefix, i >> 1)[i & 1]!;
      if (inputs.has(name)) feeds[name] = { type: "float32", shape, data: array.subarray(0, end) };
    });
  }

  /** Takes in {@link NEW_ROWS}. */
  append({ shape, data }: HostTensor): void {
    const rows = shape[1]!;
    this.#grow(this.#length + rows);
    const size = this.#kvHeads * this.#headSize;
    this.#arrays.forEach((array, i) =>
      array.set((data as Float32Array).subarray(i * rows * size, (i + 1) * rows * size), this.#length * size),
    );
    this.#length += rows;
  }

  /** Forgets all rows but the first ones. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** Copies all rows of each array (keys and values in turn, layer by layer) into `targets`, from row `at` on. */
  copyInto(targets: readonly Float32Array[], at: number): void {
    const size = this.#kvHeads * this.#headSize;
    this.#arrays.forEach((array, i) => targets[i]!.set(array.subarray(0, this.#length * size), at * size));
  }

  #grow(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = Math.max(rows, INITIAL_ROWS, 2 * this.#capacity);
    const size = this.#kvHeads * this.#headSize;
    this.#arrays.forEach((array, i) => {
      const larger = floats(this.#capacity * size);
      larger.set(array.subarray(0, this.#length * size));
      this.#arrays[i] = larger;
    });
  }
}
