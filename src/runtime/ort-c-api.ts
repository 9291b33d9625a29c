import { MogaoError } from "../core/errors.ts";
import { allocateTensor, elementStorage, elementTypeOfCode } from "./host-tensor.ts";
import { findOrtLibrary, loadLibrary, openKoffi, type Koffi } from "./native-library.ts";
import { ortApiVersion, plainSlots, slotCount, statusSlots, type PlainSlot, type StatusSlot } from "./ort-slots.ts";
import type { DeclaredDim, DeclaredValue } from "./signature.ts";
import type { SharedConstants } from "./shared-constants.ts";
import type { ElementType, HostTensor, ProgramOptions } from "./types.ts";

/** The address of a native object; 0 is null. */
export type Address = bigint;

type NativeFunction = ((...parameters: unknown[]) => unknown) & { async: (...parameters: unknown[]) => void };

const cpuArenaAllocator = 1;
const defaultMemory = 0;
const silentLogs = 4; // Failures come back as statuses, with the same words.
const optimizationLevels = { disabled: 0, basic: 1, extended: 2, all: 99 } as const;

/** Key of the session's setting that says where external tensors lie, for models that come from memory. */
export const externalFolderKey = "session.model_external_initializers_file_folder_path";

/** Settings of one session; see {@link ProgramOptions}. */
export interface SessionSettings {
  readonly threads: number;
  readonly optimization: NonNullable<ProgramOptions["optimization"]>;
  readonly profile: string | undefined;
  readonly weightsFolder: string | undefined;
  readonly constants: ProgramOptions["constants"];
  readonly releaseMemory: boolean;
}

/** ONNX Runtime's C API, called in the library that onnxruntime-node ships, without its copies and blocking calls. */
export class OrtCApi {
  /** ONNX Runtime's version, such as "1.30.0". */
  readonly version: string;
  readonly #koffi: Koffi;
  readonly #status = {} as Record<StatusSlot, NativeFunction>;
  readonly #plain = {} as Record<PlainSlot, NativeFunction>;
  readonly #environment: Address;
  readonly #cpuMemory: Address;
  readonly #allocator: Address;
  readonly #inFlight = new Set<readonly unknown[]>();
  // Reused by synchronous calls, which never overlap.
  readonly #out = new BigUint64Array(new ArrayBuffer(8));
  readonly #shape = new BigInt64Array(new ArrayBuffer(8 * 64));

  /** @throws MogaoError when koffi or the library does not load, or the library is too old */
  static async open(): Promise<OrtCApi> {
    return new OrtCApi(await openKoffi(), findOrtLibrary());
  }

  private constructor(koffi: Koffi, path: string) {
    this.#koffi = koffi;
    const library = loadLibrary(koffi, path);
    const base = library.func("OrtGetApiBase", "void *", [])() as Address;
    const [getApi, getVersion] = new BigUint64Array(koffi.view(base, 16).slice(0)) as unknown as [Address, Address];
    this.version = this.#decode(getVersion, "str", [])() as string;
    if (!atLeast(this.version, 1, ortApiVersion)) {
      throw new MogaoError(`ONNX Runtime 1.${ortApiVersion} or newer is needed, ${path} is ${this.version}.`);
    }
    const api = this.#decode(getApi, "void *", ["uint32_t"])(ortApiVersion) as Address;
    const table = new BigUint64Array(koffi.view(api, slotCount * 8).slice(0));
    for (const [name, [slot, parameters]] of Object.entries(statusSlots)) {
      this.#status[name as StatusSlot] = this.#decode(table[slot] as Address, "void *", parameters);
    }
    for (const [name, [slot, result, parameters]] of Object.entries(plainSlots)) {
      this.#plain[name as PlainSlot] = this.#decode(table[slot] as Address, result, parameters);
    }
    this.#environment = this.#create("createEnv", silentLogs, "mogao");
    this.#call("disableTelemetryEvents", this.#environment);
    this.#cpuMemory = this.#create("createCpuMemoryInfo", cpuArenaAllocator, defaultMemory);
    this.#allocator = this.#create("getAllocatorWithDefaultOptions");
  }

  /**
   * Compiles a model off the event loop. `constants` must outlive the session.
   *
   * @throws MogaoError with ONNX Runtime's message when it rejects the model
   */
  async createSession(model: Uint8Array, settings: SessionSettings, constants?: SharedConstants): Promise<Address> {
    const options = this.#create("createSessionOptions");
    const out = new BigUint64Array(new ArrayBuffer(8));
    try {
      // Measured: training steps of a transformer are faster without it.
      this.#call("disableMemPattern", options);
      this.#call("enableCpuMemArena", options);
      this.#call("setIntraOpNumThreads", options, settings.threads);
      this.#call("setInterOpNumThreads", options, 1);
      this.#call("setSessionGraphOptimizationLevel", options, optimizationLevels[settings.optimization]);
      // Each session has threads of its own, which otherwise go on spinning after a run and take the next one's cores.
      this.#call("addSessionConfigEntry", options, "session.force_spinning_stop", "1");
      if (settings.weightsFolder !== undefined)
        this.#call("addSessionConfigEntry", options, externalFolderKey, settings.weightsFolder);
      if (settings.profile !== undefined) this.#call("enableProfiling", options, settings.profile);
      constants?.values.forEach((value, name) => this.#call("addInitializer", options, name, value));
      const parameters = [this.#environment, this.#address(model), model.length, options];
      if (!constants)
        await this.#callAsync("createSessionFromArray", [...parameters, this.#address(out)], [model, out]);
      else
        await this.#callAsync(
          "createSessionFromArrayWithPrepackedWeightsContainer",
          [...parameters, constants.container, this.#address(out)],
          [model, constants, out],
        );
    } catch (error) {
      throw wrapped(error, "ONNX Runtime rejects the model");
    } finally {
      this.#plain.releaseSessionOptions(options);
    }
    return out[0] as Address;
  }

  /** A place where sessions share what they pack of their constants. */
  createPackedWeights(): Address {
    return this.#create("createPrepackedWeightsContainer");
  }

  releasePackedWeights(container: Address): void {
    this.#plain.releasePrepackedWeightsContainer(container);
  }

  /** Options of runs after which the session gives back what memory it can. */
  createReleasingRunOptions(): Address {
    const options = this.#create("createRunOptions");
    this.#call("addRunConfigEntry", options, "memory.enable_memory_arena_shrinkage", "cpu:0");
    return options;
  }

  releaseRunOptions(options: Address): void {
    this.#plain.releaseRunOptions(options);
  }

  releaseSession(session: Address): void {
    this.#plain.releaseSession(session);
  }

  /** Ends profiling and returns the path of the trace. */
  endProfiling(session: Address): string {
    return this.#takeString(this.#create("sessionEndProfiling", session, this.#allocator));
  }

  /** @throws MogaoError when an input or output is no tensor of a supported element type */
  describe(session: Address, side: "input" | "output"): DeclaredValue[] {
    const input = side === "input";
    const count = Number(this.#create(input ? "sessionGetInputCount" : "sessionGetOutputCount", session));
    return Array.from({ length: count }, (_, index) => {
      const name = this.#takeString(
        this.#create(input ? "sessionGetInputName" : "sessionGetOutputName", session, index, this.#allocator),
      );
      const info = this.#create(input ? "sessionGetInputTypeInfo" : "sessionGetOutputTypeInfo", session, index);
      try {
        const tensorInfo = this.#create("castTypeInfoToTensorInfo", info);
        if (tensorInfo === 0n) throw new MogaoError(`The model's ${side} "${name}" is no tensor.`);
        const hasShape = this.#plain.tensorTypeAndShapeHasShape(tensorInfo) as boolean;
        return {
          name,
          type: this.#elementType(tensorInfo, `The model's ${side} "${name}"`),
          shape: hasShape ? this.#declaredShape(tensorInfo) : undefined,
        };
      } finally {
        this.#plain.releaseTypeInfo(info);
      }
    });
  }

  /**
   * A tensor over the caller's memory. The caller keeps `tensor.data` referenced until it has released the value.
   */
  createValue(tensor: HostTensor): Address {
    const rank = tensor.shape.length;
    const shape = rank <= this.#shape.length ? this.#shape : new BigInt64Array(new ArrayBuffer(8 * rank));
    for (let axis = 0; axis < rank; axis++) shape[axis] = BigInt(tensor.shape[axis] as number);
    return this.#create(
      "createTensorWithDataAsOrtValue",
      this.#cpuMemory,
      tensor.data,
      tensor.data.byteLength,
      shape,
      rank,
      elementStorage[tensor.type].code,
    );
  }

  releaseValue(value: Address): void {
    this.#plain.releaseValue(value);
  }

  /** A copy of a tensor that ONNX Runtime allocated, in `target` when that is given. */
  copyValue(value: Address, name: string, target?: HostTensor): HostTensor {
    const info = this.#create("getTensorTypeAndShape", value);
    try {
      const type = this.#elementType(info, `Output "${name}"`);
      const result = target ?? allocateTensor(type, this.#dimensions(info));
      const bytes = result.data.byteLength;
      if (bytes === 0) return result;
      const source = this.#koffi.view(this.#create("getTensorMutableData", value), bytes);
      new Uint8Array(result.data.buffer, result.data.byteOffset, bytes).set(new Uint8Array(source));
      return result;
    } finally {
      this.#plain.releaseTensorTypeAndShapeInfo(info);
    }
  }

  /**
   * Runs a session off the event loop. Null entries of `outputs` are replaced by values that ONNX Runtime allocates
   * and the caller releases.
   *
   * @param kept what owns the memory behind the values: referenced until the run has ended
   */
  async run(
    session: Address,
    inputNames: NameTable,
    inputs: BigUint64Array,
    outputNames: NameTable,
    outputs: BigUint64Array,
    kept: readonly unknown[],
    options: Address | null = null,
  ): Promise<void> {
    const parameters = [
      session,
      options,
      this.#address(inputNames.addresses),
      this.#address(inputs),
      inputs.length,
      this.#address(outputNames.addresses),
      outputs.length,
      this.#address(outputs),
    ];
    await this.#callAsync("run", parameters, [inputNames, inputs, outputNames, outputs, kept]);
  }

  /** C strings for {@link run}. */
  nameTable(names: readonly string[]): NameTable {
    const texts = names.map((name) => new TextEncoder().encode(`${name}\0`));
    const bytes = new Uint8Array(new ArrayBuffer(texts.reduce((sum, text) => sum + text.length, 0)));
    const addresses = new BigUint64Array(new ArrayBuffer(8 * names.length));
    const base = this.#address(bytes) ?? 0n;
    let offset = 0;
    texts.forEach((text, index) => {
      bytes.set(text, offset);
      addresses[index] = base + BigInt(offset);
      offset += text.length;
    });
    return { addresses, bytes };
  }

  #decode(address: Address, result: string, parameters: readonly string[]): NativeFunction {
    const path = process.platform === "win32" ? "str16" : "str";
    const types = parameters.map((type) => (type === "path" ? path : type));
    return this.#koffi.decode(address, this.#koffi.proto(result, types)) as NativeFunction;
  }

  #call(name: StatusSlot, ...parameters: unknown[]): void {
    this.#check(this.#status[name](...parameters));
  }

  /** Calls a function whose last parameter is an out pointer, and returns what it wrote. */
  #create(name: StatusSlot, ...parameters: unknown[]): Address {
    this.#out[0] = 0n;
    this.#call(name, ...parameters, this.#out);
    return this.#out[0];
  }

  /** `kept` is what the native code reads or writes: referenced until the call has returned. */
  #callAsync(name: StatusSlot, parameters: readonly unknown[], kept: readonly unknown[]): Promise<void> {
    this.#inFlight.add(kept);
    return new Promise((resolve, reject) => {
      this.#status[name].async(...parameters, (error: unknown, status: unknown) => {
        this.#inFlight.delete(kept);
        try {
          if (error) throw error;
          this.#check(status);
          resolve();
        } catch (failure) {
          reject(failure as Error);
        }
      });
    });
  }

  #check(status: unknown): void {
    if (status === null) return;
    const message = this.#plain.getErrorMessage(status) as string;
    this.#plain.releaseStatus(status);
    throw new MogaoError(message);
  }

  /** Taking the address also fixes it: V8 moves only typed arrays whose memory nobody asked for yet. */
  #address(array: Uint8Array | BigUint64Array): Address | null {
    return array.length === 0 ? null : this.#koffi.address(array);
  }

  #takeString(address: Address): string {
    const text = this.#koffi.decode.string(address);
    this.#call("allocatorFree", this.#allocator, address);
    return text;
  }

  #elementType(info: Address, place: string): ElementType {
    const code = Number(this.#create("getTensorElementType", info) & 0xffffffffn);
    const type = elementTypeOfCode(code);
    if (type === undefined) throw new MogaoError(`${place} has ONNX element type ${code}, which is not supported.`);
    return type;
  }

  #dimensions(info: Address): number[] {
    const dims = new BigInt64Array(new ArrayBuffer(8 * Number(this.#create("getDimensionsCount", info))));
    if (dims.length > 0) this.#call("getDimensions", info, dims, dims.length);
    return Array.from(dims, Number);
  }

  #declaredShape(info: Address): DeclaredDim[] {
    const dims = this.#dimensions(info);
    if (dims.length === 0) return [];
    const symbols = new BigUint64Array(new ArrayBuffer(8 * dims.length));
    this.#call("getSymbolicDimensions", info, symbols, dims.length);
    return dims.map((dim, axis) => (dim >= 0 ? dim : this.#koffi.decode.string(symbols[axis] as Address) || undefined));
  }
}

/** Names as a C array of C strings: `addresses` points into `bytes`. */
export interface NameTable {
  readonly addresses: BigUint64Array;
  readonly bytes: Uint8Array;
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [foundMajor = 0, foundMinor = 0] = version.split(".").map(Number);
  return foundMajor === major && foundMinor >= minor;
}

/** The same failure, told from where it happened. */
export function wrapped(error: unknown, context: string): MogaoError {
  const message = error instanceof Error ? error.message : String(error);
  return new MogaoError(`${context}: ${message}`, { cause: error });
}
