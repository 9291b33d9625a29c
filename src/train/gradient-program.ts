import { InputError } from "../core/errors.ts";
import { gradients } from "../graph/gradients.ts";
import { topologicalOrder, type Tensor } from "../graph/tensor.ts";
import { compileModel } from "../onnx/emit.ts";
import { elementCount, type ParameterValues } from "../nn/parameters.ts";
import type { HostTensor, Program, Runtime } from "../runtime/types.ts";
import { flatViews } from "./flat-buffers.ts";
import type { Optimizer } from "./optimizer/optimizer.ts";
import type { TrainingTask } from "./task.ts";

export interface StepValues {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Loss, metrics and gradients of a task as one program. Weights are read, and gradients written, where the optimizer has them. */
export class GradientProgram {
  readonly #program: Program;
  readonly #parameters: Readonly<Record<string, HostTensor>>;
  readonly #gradients: Readonly<Record<string, HostTensor>>;

  static async open(runtime: Runtime, task: TrainingTask, optimizer: Optimizer): Promise<GradientProgram> {
    const outputs: Record<string, Tensor> = { loss: task.loss };
    for (const [name, tensor] of Object.entries(task.metrics)) outputs[`metric.${name}`] = tensor;
    const slots = optimizer.plan.layout.slots;
    const derivatives = gradients(
      task.loss,
      slots.map(({ info }) => info.tensor),
    );
    // ONNX Runtime begins with what the last output needs. With outputs in the order in which the forward pass uses the
    // parameters, it makes each weight gradient where its operands have just been made, not at the end of a layer.
    const place = new Map(topologicalOrder([task.loss]).map((tensor, i) => [tensor, i]));
    const placeOf = (i: number) => place.get(slots[i]!.info.tensor) ?? -1;
    for (const i of [...slots.keys()].sort((a, b) => placeOf(a) - placeOf(b)))
      outputs[`gradient.${slots[i]!.info.name}`] = derivatives[i]!;
    const { bytes, inputs } = compileModel(outputs, { name: task.name });

    const trained = flatViews(optimizer.plan.layout, optimizer.state.weights);
    const parameters: Record<string, HostTensor> = {};
    for (const { name, role, shape } of inputs)
      if (role === "parameter") parameters[name] = hostTensor(valueOf(name, trained, task), shape as readonly number[]);
    const gradientViews = flatViews(optimizer.plan.layout, optimizer.state.gradients);
    const targets = Object.fromEntries(
      slots.map(({ info }) => [`gradient.${info.name}`, hostTensor(gradientViews.get(info.name)!, info.shape)]),
    );
    return new GradientProgram(await runtime.load(bytes), parameters, targets);
  }

  private constructor(
    program: Program,
    parameters: Readonly<Record<string, HostTensor>>,
    targets: Readonly<Record<string, HostTensor>>,
  ) {
    this.#program = program;
    this.#parameters = parameters;
    this.#gradients = targets;
  }

  /** Fills the gradients for one batch. */
  async run(feeds: Readonly<Record<string, HostTensor>>): Promise<StepValues> {
    const outputs = await this.#program.run({ ...this.#parameters, ...feeds }, this.#gradients);
    const metrics: Record<string, number> = {};
    for (const [name, tensor] of Object.entries(outputs))
      if (name.startsWith("metric.")) metrics[name.slice("metric.".length)] = Number(tensor.data[0]);
    return { loss: Number(outputs["loss"]!.data[0]), metrics };
  }

  dispose(): void {
    this.#program.dispose();
  }
}

function valueOf(name: string, trained: ParameterValues, task: TrainingTask): Float32Array {
  const value = trained.get(name) ?? task.frozen?.get(name);
  if (!value)
    throw new InputError(
      `task "${task.name}": its graph reads parameter "${name}", which is neither trained nor frozen`,
    );
  return value;
}

function hostTensor(data: Float32Array, shape: readonly number[]): HostTensor {
  if (data.length !== elementCount(shape))
    throw new InputError(`a parameter of shape [${shape.join(", ")}] was given ${data.length} values`);
  return { type: "float32", shape, data };
}
