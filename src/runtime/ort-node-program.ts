import type { InferenceSession, Tensor } from "onnxruntime-node";
import { MogaoError } from "../core/errors.ts";
import { elementStorage } from "./host-tensor.ts";
import { externalFolderKey, wrapped, type SessionSettings } from "./ort-c-api.ts";
import { RunQueue } from "./run-queue.ts";
import { checkFeeds, checkInto, type DeclaredValue } from "./signature.ts";
import type { Device, HostTensor, Program, TensorData } from "./types.ts";

type OrtNode = typeof import("onnxruntime-node");

/** @throws MogaoError when the package or its binary for this platform is missing */
export async function openOrtNode(): Promise<OrtNode> {
  try {
    const ort = await import("onnxruntime-node");
    ort.env.logLevel = "fatal"; // Failures come back as errors, with the same words.
    fixFloat16Storage(ort);
    return ort;
  } catch (cause) {
    throw new MogaoError(
      `onnxruntime-node does not load on ${process.platform}-${process.arch}: ${String(cause)}. Run: npm install onnxruntime-node`,
      { cause },
    );
  }
}

/**
 * onnxruntime-common picks the array of its float16 tensors when the first tensor is made: `Float16Array` where that
 * exists (Node 24), which its own native binding then rejects. Without that global it picks `Uint16Array`, as we do.
 */
function fixFloat16Storage(ort: OrtNode): void {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, "Float16Array");
  if (descriptor !== undefined) Reflect.deleteProperty(globalThis, "Float16Array");
  try {
    new ort.Tensor("float32", new Float32Array(1), [1]);
  } finally {
    if (descriptor !== undefined) Object.defineProperty(globalThis, "Float16Array", descriptor);
  }
}

/**
 * A graph on onnxruntime-node: the way to WebGPU and CUDA, and to the CPU where the C API cannot be called.
 *
 * Limits: every output is copied at least once (twice with `into`), runs on the CPU block the event loop, and tensors
 * cross to the device and back in each run. Operators without a kernel on the device run on the CPU.
 */
export class OrtNodeProgram implements Program {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #ort: OrtNode;
  readonly #session: InferenceSession;
  readonly #inputs: readonly DeclaredValue[];
  readonly #outputs: readonly DeclaredValue[];
  readonly #profiled: boolean;
  readonly #queue = new RunQueue();

  /** @throws MogaoError with ONNX Runtime's message when it rejects the model */
  static async open(
    ort: OrtNode,
    device: Device,
    model: Uint8Array,
    settings: SessionSettings,
  ): Promise<OrtNodeProgram> {
    let session: InferenceSession;
    try {
      session = await ort.InferenceSession.create(model, {
        executionProviders: [device],
        intraOpNumThreads: settings.threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: settings.optimization,
        enableMemPattern: false,
        enableCpuMemArena: true,
        ...(settings.weightsFolder !== undefined && { extra: nested(externalFolderKey, settings.weightsFolder) }),
        ...(settings.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: settings.profile }),
      });
    } catch (error) {
      throw wrapped(error, "ONNX Runtime rejects the model");
    }
    return new OrtNodeProgram(ort, session, settings.profile !== undefined);
  }

  private constructor(ort: OrtNode, session: InferenceSession, profiled: boolean) {
    this.#ort = ort;
    this.#session = session;
    this.#profiled = profiled;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
    this.#inputs = session.inputMetadata.map((value) => declared(value, "input"));
    this.#outputs = session.outputMetadata.map((value) => declared(value, "output"));
  }

  run(
    feeds: Readonly<Record<string, HostTensor>>,
    into: Readonly<Record<string, HostTensor>> = {},
  ): Promise<Record<string, HostTensor>> {
    return this.#queue.run(() => this.#run(feeds, into));
  }

  dispose(): void {
    this.#queue.close(async () => {
      if (this.#profiled) this.#session.endProfiling();
      await this.#session.release();
    });
  }

  async #run(
    feeds: Readonly<Record<string, HostTensor>>,
    into: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, HostTensor>> {
    checkInto(this.#outputs, into, checkFeeds(this.#inputs, feeds));
    const values: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(feeds)) values[name] = this.#value(tensor);
    let outputs: InferenceSession.ReturnType;
    try {
      outputs = await this.#session.run(values);
    } catch (error) {
      throw wrapped(error, "ONNX Runtime could not run the graph");
    }
    const results: Record<string, HostTensor> = {};
    for (const output of this.#outputs) results[output.name] = take(output, outputs[output.name] as Tensor, into);
    return results;
  }

  #value(tensor: HostTensor): Tensor {
    // The cast is about float16, which onnxruntime-common types by the arrays of the newest Node.
    return new this.#ort.Tensor(tensor.type as "float32", tensor.data as Float32Array, [...tensor.shape]);
  }
}

/** "a.b" and a value → { a: { b: value } }, which is how onnxruntime-node takes settings by name. */
function nested(key: string, value: string): Record<string, unknown> {
  return key.split(".").reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as Record<string, unknown>;
}

function take(output: DeclaredValue, value: Tensor, into: Readonly<Record<string, HostTensor>>): HostTensor {
  const data = value.data as TensorData;
  const target = into[output.name];
  if (target === undefined) return { type: output.type, shape: [...value.dims], data };
  if (target.shape.length !== value.dims.length || target.shape.some((dim, axis) => dim !== value.dims[axis])) {
    throw new MogaoError(
      `ONNX Runtime could not run the graph: output "${output.name}" has shape [${value.dims.join(", ")}], the tensor given for it [${target.shape.join(", ")}].`,
    );
  }
  (target.data as Uint8Array).set(data as Uint8Array);
  return target;
}

function declared(value: InferenceSession.ValueMetadata, side: "input" | "output"): DeclaredValue {
  if (!value.isTensor) throw new MogaoError(`The model's ${side} "${value.name}" is no tensor.`);
  const type = Object.keys(elementStorage).find((known) => known === value.type) as DeclaredValue["type"] | undefined;
  if (type === undefined) {
    throw new MogaoError(`The model's ${side} "${value.name}" has element type ${value.type}, which is not supported.`);
  }
  return { name: value.name, type, shape: value.shape.map((dim) => (dim === "" ? undefined : dim)) };
}
