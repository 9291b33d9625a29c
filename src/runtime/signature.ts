import { InputError } from "../core/errors.ts";
import { elementCount, elementStorage } from "./host-tensor.ts";
import type { ElementType, HostTensor } from "./types.ts";

/** A dimension as the model declares it: a length, a symbol shared by name, or nothing known. */
export type DeclaredDim = number | string | undefined;

/** An input or output as the model declares it; `shape` is undefined when not even the rank is declared. */
export interface DeclaredValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly DeclaredDim[] | undefined;
}

/** Lengths of the symbolic dimensions in one run, each with the input that set it. */
export type DimBindings = Map<string, { readonly length: number; readonly from: string }>;

export function describeShape(shape: readonly DeclaredDim[]): string {
  return `[${shape.map((dim) => dim ?? "?").join(", ")}]`;
}

/**
 * Checks that `feeds` holds exactly the declared inputs, with matching types, shapes and storage. `known` are, by input,
 * tensors of fixed shape that have been checked before.
 *
 * @returns the lengths of the symbolic dimensions
 * @throws InputError naming the input, what was expected and what was found
 */
export function checkFeeds(
  inputs: readonly DeclaredValue[],
  feeds: Readonly<Record<string, HostTensor>>,
  known: readonly (HostTensor | undefined)[] = [],
): DimBindings {
  const bindings: DimBindings = new Map();
  for (const [index, input] of inputs.entries()) {
    const tensor = feeds[input.name];
    if (tensor !== undefined && tensor === known[index]) continue;
    if (tensor === undefined) {
      throw new InputError(`Missing feed "${input.name}": expected ${describeValue(input)}.`);
    }
    checkTensor(`Feed "${input.name}"`, input, tensor, bindings);
  }
  rejectUnknownNames("feed", feeds, inputs);
  return bindings;
}

/**
 * Checks preallocated outputs against the declared ones.
 *
 * @throws InputError naming the output, what was expected and what was found
 */
export function checkInto(
  outputs: readonly DeclaredValue[],
  into: Readonly<Record<string, HostTensor>>,
  bindings: DimBindings,
): void {
  rejectUnknownNames("output", into, outputs);
  for (const output of outputs) {
    const tensor = into[output.name];
    if (tensor !== undefined) checkTensor(`Output "${output.name}"`, output, tensor, bindings);
  }
}

/** The shape of an output, when its declaration and the run's bindings determine it. */
export function resolveShape(output: DeclaredValue, bindings: DimBindings): number[] | undefined {
  const shape: number[] = [];
  if (output.shape === undefined) return undefined;
  for (const dim of output.shape) {
    const length = typeof dim === "string" ? bindings.get(dim)?.length : dim;
    if (length === undefined) return undefined;
    shape.push(length);
  }
  return shape;
}

function rejectUnknownNames(
  kind: "feed" | "output",
  given: Readonly<Record<string, HostTensor>>,
  declared: readonly DeclaredValue[],
): void {
  const names = Object.keys(given);
  // Every declared feed is present by now, so equal counts mean equal sets; outputs may be a subset.
  if (kind === "feed" && names.length === declared.length) return;
  const known = declared.map((value) => value.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const list = known.slice(0, 20).join(", ") + (known.length > 20 ? `, … (${known.length})` : "");
  throw new InputError(`Unknown ${kind} "${unknown}": the graph has ${list || "none"}.`);
}

function checkTensor(place: string, declared: DeclaredValue, tensor: HostTensor, bindings: DimBindings): void {
  if (tensor.type !== declared.type) {
    throw new InputError(`${place}: expected ${describeValue(declared)}, found ${describeTensor(tensor)}.`);
  }
  const { array } = elementStorage[tensor.type];
  if (!(tensor.data instanceof array)) {
    throw new InputError(
      `${place}: ${tensor.type} is carried by ${array.name}, found ${(tensor.data as object | undefined)?.constructor.name}.`,
    );
  }
  if (!tensor.shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    throw new InputError(`${place}: a shape is made of non-negative integers, found ${describeShape(tensor.shape)}.`);
  }
  const count = elementCount(tensor.shape);
  if (tensor.data.length !== count) {
    throw new InputError(
      `${place}: shape ${describeShape(tensor.shape)} holds ${count} elements, its data holds ${tensor.data.length}.`,
    );
  }
  if (declared.shape === undefined) return;
  if (tensor.shape.length !== declared.shape.length) {
    throw new InputError(`${place}: expected ${describeValue(declared)}, found ${describeTensor(tensor)}.`);
  }
  for (let axis = 0; axis < tensor.shape.length; axis++) {
    const length = tensor.shape[axis] as number;
    const dim = declared.shape[axis];
    if (typeof dim === "number" && dim !== length) {
      throw new InputError(
        `${place}: expected ${describeValue(declared)}, found ${describeTensor(tensor)} (axis ${axis}).`,
      );
    }
    if (typeof dim !== "string") continue;
    const bound = bindings.get(dim);
    if (bound === undefined) {
      bindings.set(dim, { length, from: declared.name });
    } else if (bound.length !== length) {
      throw new InputError(
        `${place}: dimension "${dim}" (axis ${axis}) is ${length}, but "${bound.from}" set it to ${bound.length}.`,
      );
    }
  }
}

function describeValue(value: DeclaredValue): string {
  return value.shape === undefined ? value.type : `${value.type} ${describeShape(value.shape)}`;
}

function describeTensor(tensor: HostTensor): string {
  return `${tensor.type} ${describeShape(tensor.shape)}`;
}
