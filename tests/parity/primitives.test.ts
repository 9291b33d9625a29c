import { beforeAll, describe, it } from "vitest";
import { Philox } from "../../src/core/random.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { interpret, type Feed } from "../../src/graph/interpret.ts";
import { topologicalOrder, type DType, type OperationName, type Tensor } from "../../src/graph/tensor.ts";
import { closeTo, inputsOf, projected, type TestInput, type Tolerance } from "../../src/graph/testing.ts";
import { compileModel, type Precision } from "../../src/onnx/emit.ts";
import { openRuntime } from "../../src/runtime/open-runtime.ts";
import { swiftShaderDriver, useSoftwareWebGpu } from "../../src/runtime/software-webgpu.ts";
import type { HostTensor, Runtime } from "../../src/runtime/types.ts";
import { valuesOf, type Case } from "../cases/case.ts";
import { compositionCases } from "../cases/compositions.ts";
import { primitiveCases } from "../cases/primitives.ts";

const cases: readonly Case[] = [
  ...Object.entries<readonly Case[]>(primitiveCases).flatMap(([op, list]) =>
    list.map((one) => ({ ...one, name: [op, one.name].filter(Boolean).join(", ") })),
  ),
  ...compositionCases,
];

/** A case with all its inputs and outputs named after it, so that several fit into one program. */
interface Part {
  readonly one: Case;
  /** Its result, the projected loss and the loss's gradient in every float input. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly result: Tensor;
}

function partOf(one: Case): Part {
  const named = (name: string) => `${one.name}: ${name}`;
  const plain = inputsOf(prefixed(one, one.sizes[0]!));
  const inputs = Object.fromEntries(Object.keys(one.inputs).map((name) => [name, plain[named(name)]!]));
  const result = one.build(inputs);
  const loss = projected(result, named("projection"));
  const wrt = Object.entries(inputs).filter(([, x]) => x.dtype === "float");
  const found = gradients(
    loss,
    wrt.map(([, x]) => x),
  );
  const outputs = { result, loss, ...Object.fromEntries(wrt.map(([name], i) => [`gradient in ${name}`, found[i]!])) };
  return {
    one,
    result,
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [named(name), tensor])),
  };
}

type Sizes = Case["sizes"][number];

function prefixed(one: Case, sizes: Sizes): Record<string, TestInput> {
  return Object.fromEntries(
    Object.entries(valuesOf(one, sizes)).map(([name, value]) => [`${one.name}: ${name}`, value]),
  );
}

/** Feeds for a part: its inputs and the projection of its result, in float32 numbers. */
function feedsOf({ one, result }: Part, sizes: Sizes): Record<string, Feed> {
  const values = prefixed(one, sizes);
  const { shape, data } = interpret([result], values)[0]!;
  const random = new Philox(2);
  return { ...values, [`${one.name}: projection`]: { shape, data: data.map(() => Math.fround(random.normal())) } };
}

function hostTensor({ shape, data }: Feed, dtype: DType, precision: Precision): HostTensor {
  if (dtype === "int") return { type: "int64", shape, data: BigInt64Array.from(Array.from(data, BigInt)) };
  if (dtype === "bool" || dtype === "byte")
    return { type: dtype === "bool" ? "bool" : "uint8", shape, data: Uint8Array.from(data) };
  return { type: precision, shape, data: precision === "float64" ? Float64Array.from(data) : Float32Array.from(data) };
}

interface Target {
  readonly precision: Precision;
  readonly tolerance: (one: Case) => Tolerance;
  readonly sizes: (one: Case) => readonly Sizes[];
}

/** Runs cases as one program, once for each entry of their sizes; all name the same sizes "n" and "m". */
async function compare(list: readonly Case[], runtime: Runtime, { precision, tolerance, sizes }: Target) {
  const parts = list.map(partOf);
  const model = compileModel(Object.assign({}, ...parts.map(({ outputs }) => outputs)), { precision });
  // Fused products keep their factor as float32, whatever they compute in.
  const optimization = precision === "float64" ? "basic" : "all";
  const program = await runtime.load(model.bytes, { optimization });
  try {
    const rounds = Math.max(...list.map((one) => sizes(one).length));
    for (let round = 0; round < rounds; round++) {
      const fed = parts.map((part) => feedsOf(part, sizes(part.one)[round % sizes(part.one).length]!));
      const feeds: Record<string, Feed> = Object.assign({}, ...fed);
      const found = await program.run(
        Object.fromEntries(model.inputs.map(({ name, dtype }) => [name, hostTensor(feeds[name]!, dtype, precision)])),
      );
      parts.forEach(({ one, outputs }, i) => {
        const expected = interpret(Object.values(outputs), fed[i]!);
        Object.keys(outputs).forEach((name, j) => {
          const { shape, data } = found[name]!;
          try {
            closeTo({ shape, data: Float64Array.from(data as Float32Array) }, expected[j]!, tolerance(one));
          } catch (error) {
            throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
          }
        });
      });
    }
  } finally {
    program.dispose();
  }
}

const uses = (one: Case, ops: readonly OperationName[]) =>
  topologicalOrder(Object.values(partOf(one).outputs)).some(({ op }) => ops.includes(op));

describe.each([
  { precision: "float64", tolerance: { relative: 1e-9, absolute: 1e-9 } },
  { precision: "float32", tolerance: { relative: 1e-5, absolute: 1e-5 } },
] as const)("ONNX Runtime on the CPU in $precision", ({ precision, tolerance }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await openRuntime({ threads: 1 });
  });
  /** There are no double kernels of these. */
  const singleOnly: readonly OperationName[] =
    precision === "float64" ? ["erf", "matmulNBits", "conv2d", "conv2dTranspose"] : [];
  it.each(cases.filter((one) => !uses(one, singleOnly)))("$name", (one) =>
    compare([one], runtime, { precision, tolerance: () => tolerance, sizes: ({ sizes }) => sizes }),
  );
});

const webGpu = process.env["MOGAO_TEST_WEBGPU"] !== undefined || useSoftwareWebGpu();
if (!webGpu) console.warn(`WebGPU is not compared: no ${swiftShaderDriver} and MOGAO_TEST_WEBGPU is not set.`);

describe.skipIf(!webGpu)("ONNX Runtime on WebGPU in float32", () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await openRuntime({ device: "webgpu", threads: 1 });
  });
  const target: Target = {
    precision: "float32",
    // WGSL promises 2⁻¹¹ of sin and cos, and SwiftShader gives no more; losses add up a few of them.
    tolerance: (one) => (uses(one, ["sin", "cos"]) ? { absolute: 0.005 } : { relative: 1e-5, absolute: 1e-5 }),
    // Several WebGPU kernels end the process when an operand has no elements.
    sizes: ({ sizes }) => sizes.filter((entry) => !Object.values(entry).includes(0)),
  };
  // Opening a program and translating its shaders takes far longer here than running it.
  const batches: { from: string; to: string; batch: readonly Case[] }[] = [];
  for (let i = 0; i < cases.length; i += 20) {
    const batch = cases.slice(i, i + 20);
    batches.push({ from: batch[0]!.name, to: batch.at(-1)!.name, batch });
  }
  it.each(batches)("$from … $to", ({ batch }) => compare(batch, runtime, target), 300_000);
});
