import { dropPages } from "./mapped-file.ts";
import type { Address, OrtCApi } from "./ort-c-api.ts";
import type { HostTensor } from "./types.ts";

type Tensors = ReadonlyMap<string, HostTensor>;

const known = new WeakMap<Tensors, SharedConstants>();

/**
 * Constants that sessions read where they lie, and the one place of what ONNX Runtime packs of them for its kernels, however many
 * sessions use it. It exists as long as one of them does.
 */
export class SharedConstants {
  /** Those of `tensors`: all sessions that are given the same map share them. The caller releases them once. */
  static take(api: OrtCApi, tensors: Tensors): SharedConstants {
    let shared = known.get(tensors);
    if (!shared) known.set(tensors, (shared = new SharedConstants(api, tensors)));
    shared.#uses++;
    return shared;
  }

  /** Values over the tensors' memory, by name. */
  readonly values: ReadonlyMap<string, Address>;
  /** Where sessions leave and find packed weights. */
  readonly container: Address;
  readonly #api: OrtCApi;
  readonly #tensors: Tensors;
  #uses = 0;

  private constructor(api: OrtCApi, tensors: Tensors) {
    this.#api = api;
    this.#tensors = tensors;
    this.container = api.createPackedWeights();
    this.values = new Map(Array.from(tensors, ([name, tensor]) => [name, api.createValue(tensor)]));
  }

  /** Gives back the memory of what has been packed, as far as it can be read from a file again. */
  dropPages(): void {
    for (const { data } of this.#tensors.values()) dropPages(data);
  }

  release(): void {
    if (--this.#uses > 0) return;
    known.delete(this.#tensors);
    for (const value of this.values.values()) this.#api.releaseValue(value);
    this.#api.releasePackedWeights(this.container);
  }
}
