import type { MogaoConfig } from "../model/config.ts";
import type { HostTensor } from "../runtime/types.ts";
import { feedTensor, floats } from "./feed-tensor.ts";

/** Names of a cache's keys and values of one layer among a program's inputs. */
export const cacheNames = (prefix: string, layer: number): readonly [string, string] => [
  `${prefix}_keys_${layer}`,
  `${prefix}_values_${layer}`,
];

/** The output that holds a run's new rows, [2 · layers, rows, kvHeads, headSize]: keys and values in turn, layer by layer. */
export const NEW_ROWS = "new_rows";

/** Rows that a new cache has room for. */
const INITIAL_ROWS = 128;

/** Room grows, and {@link KeyValueCache.roundedLength} goes, in steps of so many rows. */
const STEP_ROWS = 32;
const rounded = (rows: number) => Math.ceil(rows / STEP_ROWS) * STEP_ROWS;

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
  #views: { readonly rows: number; readonly tensors: readonly HostTensor[] } | undefined;

  constructor({ layers, kvHeads, headSize }: Pick<MogaoConfig, "layers" | "kvHeads" | "headSize">) {
    this.#kvHeads = kvHeads;
    this.#headSize = headSize;
    this.#arrays = Array.from({ length: 2 * layers }, () => new Float32Array(0));
  }

  /** Rows held. */
  get length(): number {
    return this.#length;
  }

  /** A length to {@link feed} that stays the same for many tokens; what is behind the rows held is finite, to be masked. */
  get roundedLength(): number {
    return rounded(this.#length);
  }

  /**
   * Sets the feeds that are this cache's first `rows` rows, [1, rows, kvHeads, headSize], as far as they are among
   * `inputs`. Equal calls set the same tensors.
   */
  feed(feeds: Record<string, HostTensor>, prefix: string, inputs: ReadonlySet<string>, rows = this.#length): void {
    if (this.#views?.rows !== rows) {
      const shape = [1, rows, this.#kvHeads, this.#headSize];
      const end = rows * this.#kvHeads * this.#headSize;
      const tensors = this.#arrays.map((array): HostTensor => feedTensor(shape, array.subarray(0, end)));
      this.#views = { rows, tensors };
    }
    this.#views.tensors.forEach((tensor, i) => {
      const name = cacheNames(prefix, i >> 1)[i & 1]!;
      if (inputs.has(name)) feeds[name] = tensor;
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

  /** Takes over the first `rows` rows of another cache. This one must be empty. */
  copyFrom(other: KeyValueCache, rows: number): void {
    this.#grow(rows);
    const end = rows * this.#kvHeads * this.#headSize;
    this.#arrays.forEach((array, i) => array.set(other.#arrays[i]!.subarray(0, end)));
    this.#length = rows;
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
    this.#capacity = Math.max(rounded(rows), INITIAL_ROWS, 2 * this.#capacity);
    this.#views = undefined;
    const size = this.#kvHeads * this.#headSize;
    this.#arrays.forEach((array, i) => {
      const larger = floats(this.#capacity * size);
      larger.set(array.subarray(0, this.#length * size));
      this.#arrays[i] = larger;
    });
  }
}
