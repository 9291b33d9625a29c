/** What reference implementations computed with tiny checkpoints, and our networks run with the same. */
import type { Tensor as GraphTensor } from "../../src/graph/tensor.ts";
import { closeTo } from "../../src/graph/testing.ts";
import type { ParameterInfo, ParameterValues } from "../../src/nn/parameters.ts";
import { compileModel } from "../../src/onnx/emit.ts";
import { openRuntime } from "../../src/runtime/open-runtime.ts";
import type { HostTensor } from "../../src/runtime/types.ts";
import type { KeyMap } from "../../src/weights/key-map.ts";
import { readParameters } from "../../src/weights/read-parameters.ts";
import { openSafetensors } from "../../src/weights/safetensors.ts";
import { referenceFolder } from "./reference-folder.ts";

export interface Reference {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export const runtime = await openRuntime({ threads: 1 });

export { referenceFolder };

/** Everything that the reference wrote down, as float32. */
export async function expectedOf(family: string): Promise<Map<string, Reference>> {
  const file = await openSafetensors(`${referenceFolder(family)}/expected.safetensors`);
  const all = new Map<string, Reference>();
  for (const name of file.names) {
    const { dtype, shape, data } = await file.read(name);
    const whole = dtype === "I64" || dtype === "U8";
    all.set(name, { shape, data: whole ? Float32Array.from(data, Number) : await file.readFloat32(name) });
  }
  await file.close();
  return all;
}

/** Runs a graph with the weights of a checkpoint, read under the names that `map` tells of. */
export async function computed(
  family: string,
  map: KeyMap,
  parameters: readonly ParameterInfo[],
  outputs: Readonly<Record<string, GraphTensor>>,
  feeds: Readonly<Record<string, HostTensor>> = {},
): Promise<Record<string, HostTensor>> {
  return run(parameters, await readParameters(referenceFolder(family), parameters, { map }), outputs, feeds);
}

/** Runs a graph with these weights. */
export async function run(
  parameters: readonly ParameterInfo[],
  weights: ParameterValues,
  outputs: Readonly<Record<string, GraphTensor>>,
  feeds: Readonly<Record<string, HostTensor>>,
): Promise<Record<string, HostTensor>> {
  const program = await runtime.load(compileModel(outputs).bytes);
  const named = new Map(parameters.map(({ name, shape }) => [name, shape]));
  const wanted = program.inputNames.filter((name) => named.has(name));
  const parts = wanted.map((name): [string, HostTensor] => [
    name,
    { type: "float32", shape: named.get(name)!, data: weights.get(name)! },
  ]);
  const results = await program.run({ ...Object.fromEntries(parts), ...feeds });
  program.dispose();
  return results;
}

export function feed({ shape, data }: Reference): HostTensor {
  return { type: "float32", shape, data };
}

/** 1e-4 of the largest number there. */
export function expectClose(found: ArrayLike<number> | HostTensor | undefined, { shape, data }: Reference): void {
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const values = found && "data" in found ? (found.data as Float32Array) : found!;
  closeTo(
    { shape, data: Float64Array.from(values) },
    { shape, data: Float64Array.from(data) },
    { relative: 1e-4, absolute: 1e-4 * largest },
  );
}
