import type { MogaoConfig } from "../model/config.ts";
import type { HostTensor } from "../runtime/types.ts";

/** Names of a cache's keys and values of one layer among a program's inputs; its new rows are outputs `new_…`. */
export const cacheNames = (prefix: string, layer: number): readonly [string, string] => [
  `${prefix}_keys_${layer}`,
  `${prefix}_values_${layer}`,
];

/** Rows that a new cache has room for. */
const INITIAL_ROWS = 128;

/**
 * Rotated keys and values of earlier tokens, for each layer [rows, kvHeads, headSize] in memory that grows by doubling.
 * Programs read it where it lies and write new rows behind it (engine: no copy of the cache in a step).
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
    this.#views(feeds, prefix, 0, this.#length, inputs);
  }

  /** Sets the outputs that are the next `rows` rows; {@link append} then counts them in. */
  reserve(rows: number, into: Record<string, HostTensor>): void {
    this.#grow(this.#length + rows);
    this.#views(into, "new", this.#length, this.#length + rows);
  }

  append(rows: number): void {
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

  #views(
    into: Record<string, HostTensor>,
    prefix: string,
    start: number,
    end: number,
    wanted?: ReadonlySet<string>,
  ): void {
    const size = this.#kvHeads * this.#headSize;
    const shape = [1, end - start, this.#kvHeads, this.#headSize];
    for (let i = 0; i < this.#arrays.length; i++) {
      const name = cacheNames(prefix, i >> 1)[i & 1]!;
      if (wanted?.has(name) === false) continue;
      into[name] = { type: "float32", shape, data: this.#arrays[i]!.subarray(start * size, end * size) };
    }
  }

  #grow(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = Math.max(rows, INITIAL_ROWS, 2 * this.#capacity);
    const size = this.#kvHeads * this.#headSize;
    this.#arrays.forEach((array, i) => {
      const larger = new Float32Array(new ArrayBuffer(4 * this.#capacity * size));
      larger.set(array.subarray(0, this.#length * size));
      this.#arrays[i] = larger;
    });
  }
}
