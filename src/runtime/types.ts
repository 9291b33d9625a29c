/** Typed arrays that a tensor's bytes can live in. Float16 is carried as raw 16-bit patterns. */
export type TensorData =
  Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array | Int8Array | Uint16Array;

export type ElementType = "float32" | "float64" | "int64" | "int32" | "bool" | "uint8" | "int8" | "float16";

/** A tensor in host memory, row-major. Bool is one byte an element (`Uint8Array`). */
export interface HostTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export type Device = "cpu" | "webgpu" | "cuda";

/** A compiled ONNX graph. Runs are queued: two calls of `run` on one program never overlap. */
export interface Program {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the graph. `feeds` must name every input. `into` optionally gives preallocated outputs, which are then
   * written in place (they may be the very memory of a feed: in-place update) and returned; other outputs are
   * allocated. Does not block the event loop on CPU.
   */
  run(
    feeds: Readonly<Record<string, HostTensor>>,
    into?: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, HostTensor>>;
  /** Frees the session. Further runs throw. */
  dispose(): void;
}

export interface ProgramOptions {
  readonly device?: Device;
  /** Intra-op threads; default: the number of cores that this process may use. */
  readonly threads?: number;
  /** ONNX Runtime's graph optimization level; default "all". */
  readonly optimization?: "disabled" | "basic" | "extended" | "all";
  /** Write a Chrome trace of operator times with this path prefix. */
  readonly profile?: string;
  /**
   * Give memory back after every run (CPU): for programs whose runs are rare and large. Default: it is kept for the next run.
   */
  readonly releaseMemory?: boolean;
  /** Folder of the files that hold the model's external tensors; default: it has none. */
  readonly weightsFolder?: string | undefined;
  /**
   * External tensors by name, in memory that nobody changes: taken from here instead of `weightsFolder` (CPU). Programs that are given
   * the same map share what is packed of them for kernels. Others that the map has are ignored.
   */
  readonly constants?: ReadonlyMap<string, HostTensor> | undefined;
}

/** Opens compiled programs on one device. */
export interface Runtime {
  readonly device: Device;
  /** What runs underneath, for people: "ONNX Runtime 1.30.0 (C API)", … */
  readonly description: string;
  load(model: Uint8Array, options?: ProgramOptions): Promise<Program>;
}
