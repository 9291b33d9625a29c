/** What a task lets be looked at beside its loss, written down at reports. */
import { join } from "node:path";
import { writeJsonAtomic } from "../core/atomic-file.ts";
import type { ParameterValues } from "../nn/parameters.ts";
import { compileModel } from "../onnx/emit.ts";
import type { HostTensor, Program, Runtime } from "../runtime/types.ts";
import type { TrainingTask } from "./task.ts";

/** Numbers of a tensor, nested as its shape says. */
type Nested = number | readonly Nested[];

/** Writes the observed tensors of a task as `observed-<step>.json`; the program is made at the first report. */
export class Observation {
  readonly #runtime: Runtime;
  readonly #task: TrainingTask;
  #program: Program | undefined;
  #parameters: readonly { readonly name: string; readonly shape: readonly number[] }[] = [];

  constructor(runtime: Runtime, task: TrainingTask) {
    this.#runtime = runtime;
    this.#task = task;
  }

  /** Nothing where the task has none. */
  async write(
    folder: string,
    step: number,
    weights: ParameterValues,
    feeds: Readonly<Record<string, HostTensor>>,
  ): Promise<void> {
    const { observed, frozen } = this.#task;
    if (!observed) return;
    this.#program ??= await this.#open(observed);
    const all: Record<string, HostTensor> = { ...feeds };
    for (const { name, shape } of this.#parameters)
      all[name] = { type: "float32", shape, data: (weights.get(name) ?? frozen?.get(name))! };
    const read = Object.fromEntries(this.#program.inputNames.map((name) => [name, all[name]!]));
    const outputs = await this.#program.run(read);
    const json = Object.fromEntries(
      Object.entries(outputs).map(([name, { data, shape }]) => [name, nested(data as Float32Array, shape)]),
    );
    await writeJsonAtomic(join(folder, `observed-${String(step).padStart(7, "0")}.json`), json);
  }

  async #open(observed: NonNullable<TrainingTask["observed"]>): Promise<Program> {
    const { bytes, inputs } = compileModel(observed, { name: "observed" });
    this.#parameters = inputs.flatMap(({ name, role, shape }) =>
      role === "parameter" ? [{ name, shape: shape as readonly number[] }] : [],
    );
    return this.#runtime.load(bytes);
  }

  dispose(): void {
    this.#program?.dispose();
  }
}

function nested(data: Float32Array, shape: readonly number[]): Nested {
  if (shape.length === 0) return Number(data[0]!.toPrecision(4));
  const [count, ...rest] = shape as [number, ...number[]];
  const size = data.length / count;
  return Array.from({ length: count }, (_, i) => nested(data.subarray(i * size, (i + 1) * size), rest));
}
