import { allocateTensor } from "./host-tensor.ts";
import { wrapped, type Address, type NameTable, type OrtCApi, type SessionSettings } from "./ort-c-api.ts";
import { RunQueue } from "./run-queue.ts";
import { SharedConstants } from "./shared-constants.ts";
import { checkFeeds, checkInto, resolveShape, type DeclaredValue } from "./signature.ts";
import type { HostTensor, Program } from "./types.ts";

/**
 * A graph on the CPU, called through ONNX Runtime's C API. Feeds are read where they lie; outputs are written where
 * they end up, whether given by `into` or allocated here, as long as their shapes follow from the declared ones and
 * the feeds. Other outputs (data-dependent shapes) are copied once.
 *
 * An output that shares memory with a feed is an in-place update: it is right when the operator that writes it is
 * elementwise in that feed and no later operator reads the feed. ONNX Runtime does not check this.
 */
export class CpuProgram implements Program {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #api: OrtCApi;
  readonly #session: Address;
  readonly #constants: SharedConstants | undefined;
  readonly #inputs: readonly DeclaredValue[];
  readonly #outputs: readonly DeclaredValue[];
  readonly #inputTable: NameTable;
  readonly #outputTable: NameTable;
  readonly #profiled: boolean;
  readonly #runOptions: Address | null;
  // Runs never overlap, so the addresses of their values have one place.
  readonly #inputValues: BigUint64Array;
  readonly #outputValues: BigUint64Array;
  /** By input: the tensor of the last run, whose value the next one takes over where it is fed again. */
  readonly #kept: (HostTensor | undefined)[];
  /** The same where the shape is fixed: checking it again would tell nothing new. */
  readonly #checked: (HostTensor | undefined)[];
  readonly #fixedShape: readonly boolean[];
  readonly #queue = new RunQueue();

  /** @throws MogaoError with ONNX Runtime's message when it rejects the model */
  static async open(api: OrtCApi, model: Uint8Array, settings: SessionSettings): Promise<CpuProgram> {
    const constants = settings.constants && SharedConstants.take(api, settings.constants);
    let session: Address | undefined;
    try {
      session = await api.createSession(model, settings, constants);
      constants?.dropPages();
      return new CpuProgram(api, session, settings, constants);
    } catch (error) {
      if (session !== undefined) api.releaseSession(session);
      constants?.release();
      throw error;
    }
  }

  private constructor(
    api: OrtCApi,
    session: Address,
    { profile, releaseMemory }: SessionSettings,
    constants: SharedConstants | undefined,
  ) {
    this.#api = api;
    this.#session = session;
    this.#constants = constants;
    this.#profiled = profile !== undefined;
    this.#inputs = api.describe(session, "input");
    this.#outputs = api.describe(session, "output");
    this.inputNames = this.#inputs.map((value) => value.name);
    this.outputNames = this.#outputs.map((value) => value.name);
    this.#inputTable = api.nameTable(this.inputNames);
    this.#outputTable = api.nameTable(this.outputNames);
    this.#inputValues = new BigUint64Array(new ArrayBuffer(8 * this.#inputs.length));
    this.#outputValues = new BigUint64Array(new ArrayBuffer(8 * this.#outputs.length));
    this.#kept = this.#inputs.map(() => undefined);
    this.#checked = this.#inputs.map(() => undefined);
    this.#fixedShape = this.#inputs.map(({ shape }) => shape?.every((dim) => typeof dim === "number") === true);
    this.#runOptions = releaseMemory ? api.createReleasingRunOptions() : null;
  }

  run(
    feeds: Readonly<Record<string, HostTensor>>,
    into: Readonly<Record<string, HostTensor>> = {},
  ): Promise<Record<string, HostTensor>> {
    return this.#queue.run(() => this.#run(feeds, into));
  }

  dispose(): void {
    this.#queue.close(() => {
      this.#inputValues.forEach((_, index) => this.#releaseInput(index));
      if (this.#profiled) this.#api.endProfiling(this.#session);
      if (this.#runOptions !== null) this.#api.releaseRunOptions(this.#runOptions);
      this.#api.releaseSession(this.#session);
      this.#constants?.release();
    });
  }

  async #run(
    feeds: Readonly<Record<string, HostTensor>>,
    into: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, HostTensor>> {
    const bindings = checkFeeds(this.#inputs, feeds, this.#checked);
    checkInto(this.#outputs, into, bindings);
    const sources = this.#inputs.map((input) => feeds[input.name] as HostTensor);
    const targets = this.#outputs.map((output) => {
      // ONNX Runtime leaves a preallocated output alone when it is an input by name.
      if (output.name in feeds) return undefined;
      const given = into[output.name];
      if (given !== undefined) return given;
      const shape = resolveShape(output, bindings);
      return shape && allocateTensor(output.type, shape);
    });
    const inputs = this.#inputValues;
    const outputs = this.#outputValues;
    try {
      sources.forEach((tensor, index) => {
        if (this.#kept[index] === tensor) return;
        this.#releaseInput(index);
        inputs[index] = this.#api.createValue(tensor);
        this.#kept[index] = tensor;
        if (this.#fixedShape[index]) this.#checked[index] = tensor;
      });
      targets.forEach((tensor, index) => (outputs[index] = tensor ? this.#api.createValue(tensor) : 0n));
      const kept = [sources, targets];
      await this.#api.run(this.#session, this.#inputTable, inputs, this.#outputTable, outputs, kept, this.#runOptions);
      const results: Record<string, HostTensor> = {};
      this.outputNames.forEach((name, index) => {
        results[name] = targets[index] ?? this.#api.copyValue(outputs[index] as Address, name, into[name]);
      });
      return results;
    } catch (error) {
      throw wrapped(error, "ONNX Runtime could not run the graph");
    } finally {
      for (const value of outputs) if (value !== 0n) this.#api.releaseValue(value);
      outputs.fill(0n);
    }
  }

  #releaseInput(index: number): void {
    this.#kept[index] = undefined;
    this.#checked[index] = undefined;
    if (this.#inputValues[index] === 0n) return;
    this.#api.releaseValue(this.#inputValues[index] as Address);
    this.#inputValues[index] = 0n;
  }
}
