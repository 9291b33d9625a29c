/** Parameters of a model: declared by modules under names that are the checkpoint keys, held in host memory. */
import { Philox } from "../core/random.ts";
import { parameter } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { MatrixShape, Quantization, Storage } from "./quantization.ts";

/**
 * How a parameter starts. `copy` takes another parameter's values (the visual branch starts as the language model); `table`
 * fills in what a formula says.
 */
export type Initializer =
  | { readonly kind: "zeros" }
  | { readonly kind: "ones" }
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "table"; readonly fill: (into: Float32Array) => void }
  | { readonly kind: "copy"; readonly of: string };

export const zeros: Initializer = { kind: "zeros" };
export const ones: Initializer = { kind: "ones" };
export const normal = (deviation: number): Initializer => ({ kind: "normal", deviation });

export interface ParameterInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** The graph node that stands for it; of bytes where it holds codes. */
  readonly tensor: Tensor;
  /** For the codes or the scales of a quantised matrix: what they stand for. */
  readonly quantized?: QuantizedPart;
}

export interface QuantizedPart extends Quantization {
  /** Name of the matrix. */
  readonly of: string;
  readonly shape: MatrixShape;
}

/** A place in the tree of names. `scope.at("layers", 0)` is the subtree "layers.0."; all subtrees share one table. */
export class ParameterScope {
  readonly prefix: string;
  readonly #storage: Storage;
  readonly #table: Map<string, ParameterInfo>;
  /** `storage` says which matrices are quantised; by default none is. */
  constructor(prefix = "", storage: Storage = () => undefined, table = new Map<string, ParameterInfo>()) {
    this.prefix = prefix;
    this.#storage = storage;
    this.#table = table;
  }
  at(...path: readonly (string | number)[]): ParameterScope {
    return new ParameterScope(`${this.prefix}${path.join(".")}.`, this.#storage, this.#table);
  }
  /** The same place in a tree of its own: what is declared there, the model does not have. */
  detached(): ParameterScope {
    return new ParameterScope(this.prefix, this.#storage);
  }
  parameter(name: string, shape: readonly number[], initializer: Initializer): Tensor {
    const key = this.prefix + name;
    return this.#declare({ name: key, shape, initializer, tensor: parameter(key, shape) });
  }
  /** How a matrix of this name is stored. */
  storageOf(name: string, shape: MatrixShape): Quantization | undefined {
    return this.#storage(this.prefix + name, shape);
  }
  /** Codes [rows, blocks, bytes] or scales [rows, blocks] of a quantised matrix; they come from files and have no start. */
  quantizedParameter(name: string, shape: readonly number[], quantized: QuantizedPart): Tensor {
    const key = this.prefix + name;
    const tensor = parameter(key, shape, shape.length === 3 ? "byte" : "float");
    return this.#declare({ name: key, shape, initializer: zeros, tensor, quantized });
  }
  #declare(info: ParameterInfo): Tensor {
    if (this.#table.has(info.name)) throw new Error(`parameter "${info.name}" is declared twice`);
    this.#table.set(info.name, info);
    return info.tensor;
  }
  /** Every parameter of the whole tree, in order of declaration. */
  get all(): readonly ParameterInfo[] {
    return [...this.#table.values()];
  }
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

export function parameterCount(parameters: readonly ParameterInfo[]): number {
  return parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/** Host memory of parameters, by name. */
export type ParameterValues = Map<string, Float32Array>;

/**
 * Fresh values. Each parameter's random stream is derived from its name, so that adding one parameter changes no other.
 * `into` (optional) supplies the memory, e.g. views of one flat buffer.
 */
export function initializeParameters(
  parameters: readonly ParameterInfo[],
  seed: number,
  into?: ParameterValues,
): ParameterValues {
  const values: ParameterValues = into ?? new Map();
  for (const { name, shape, initializer, quantized } of parameters) {
    if (quantized) throw new Error(`parameter "${name}" is quantised and has no start`);
    let data = values.get(name);
    if (!data) values.set(name, (data = new Float32Array(new ArrayBuffer(4 * elementCount(shape)))));
    if (initializer.kind === "zeros") data.fill(0);
    else if (initializer.kind === "ones") data.fill(1);
    else if (initializer.kind === "table") initializer.fill(data);
    else if (initializer.kind === "normal") {
      new Philox(seed, hashName(name)).fillNormal(data);
      for (let i = 0; i < data.length; i++) data[i]! *= initializer.deviation;
    }
  }
  for (const { name, initializer } of parameters) {
    if (initializer.kind !== "copy") continue;
    const source = values.get(initializer.of);
    if (!source) throw new Error(`parameter "${name}" copies "${initializer.of}", which does not exist`);
    values.get(name)!.set(source);
  }
  return values;
}

/** FNV-1a, 32 bit. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
