import { beforeAll, describe, it } from "vitest";
import { Philox } from "../../src/core/random.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { interpret, type Feed } from "../../src/graph/interpret.ts";
import {
  describe as describeTensor,
  topologicalOrder,
  type DType,
  type OperationName,
  type Tensor,
} from "../../src/graph/tensor.ts";
import { closeTo, inputsOf, projected, type TestInput, type Tolerance } from "../../src/graph/testing.ts";
import { compileModel, type CompiledModel } from "../../src/onnx/emit.ts";
import { openRuntime } from "../../src/runtime/open-runtime.ts";
import { swiftShaderDriver, useSoftwareWebGpu } from "../../src/runtime/software-webgpu.ts";
import type { HostTensor, Runtime } from "../../src/runtime/types.ts";
import { valuesOf, type Case } from "../cases/case.ts";
import { compositionCases } from "../cases/compositions.ts";
import { primitiveCases } from "../cases/primitives.ts";

const cases = [
  ...Object.entries<readonly Case[]>(primitiveCases).flatMap(([op, list]) =>
    list.map((one) => ({ ...one, title: [op, one.name].filter(Boolean).join(", ") })),
  ),
  ...compositionCases.map((one) => ({ ...one, title: one.name })),
];

/** The result of a case, its loss, and the loss's gradient in every float input. */
function outputsOf(one: Case): Record<string, Tensor> {
  const inputs = inputsOf(valuesOf(one, one.sizes[0]!));
  const y = one.build(inputs);
  const loss = projected(y);
  const wrt = Object.entries(inputs).filter(([, x]) => x.dtype === "float");
  const found = gradients(
    loss,
    wrt.map(([, x]) => x),
  );
  return { result: y, loss, ...Object.fromEntries(wrt.map(([name], i) => [`gradient in ${name}`, found[i]!])) };
}

function hostTensor({ shape, data }: Feed, dtype: DType, precision: CompiledModel["precision"]): HostTensor {
  if (dtype === "int") return { type: "int64", shape, data: BigInt64Array.from(Array.from(data, BigInt)) };
  if (dtype === "bool") return { type: "bool", shape, data: Uint8Array.from(data) };
  const data64 = Float64Array.from(data);
  return { type: precision, shape, data: precision === "float64" ? data64 : Float32Array.from(data64) };
}

/** Feeds for a case: its inputs and the projection of its result, in float32 numbers. */
function feedsOf(one: Case, sizes: Readonly<Record<string, number>>, result: Tensor): Record<string, TestInput> {
  const values = valuesOf(one, sizes);
  const shape = interpret([result], values)[0]!.shape;
  const random = new Philox(2);
  const count = shape.reduce((product, size) => product * size, 1);
  return {
    ...values,
    projection: { shape, data: Float64Array.from({ length: count }, () => Math.fround(random.normal())) },
  };
}

async function compare(one: Case, runtime: Runtime, precision: CompiledModel["precision"], tolerance: Tolerance) {
  const outputs = outputsOf(one);
  const model = compileModel(outputs, { precision });
  const program = await runtime.load(model.bytes);
  try {
    for (const sizes of one.sizes) {
      const feeds = feedsOf(one, sizes, outputs["result"]!);
      const expected = interpret(Object.values(outputs), feeds);
      const actual = await program.run(
        Object.fromEntries(model.inputs.map(({ name, dtype }) => [name, hostTensor(feeds[name]!, dtype, precision)])),
      );
      Object.entries(outputs).forEach(([name, tensor], i) => {
        const { shape, data } = actual[name]!;
        try {
          closeTo({ shape, data: Float64Array.from(data as Float32Array) }, expected[i]!, tolerance);
        } catch (error) {
          throw new Error(`${name} (${describeTensor(tensor)}): ${(error as Error).message}`, { cause: error });
        }
      });
    }
  } finally {
    program.dispose();
  }
}

const webGpu = process.env["MOGAO_TEST_WEBGPU"] !== undefined || useSoftwareWebGpu();
if (!webGpu) console.warn(`WebGPU is not compared: no ${swiftShaderDriver} and MOGAO_TEST_WEBGPU is not set.`);

const targets = [
  { device: "cpu", precision: "float64", tolerance: { relative: 1e-9, absolute: 1e-9 } },
  { device: "cpu", precision: "float32", tolerance: { relative: 1e-5, absolute: 1e-5 } },
  { device: "webgpu", precision: "float32", tolerance: { relative: 1e-5, absolute: 1e-5 } },
] as const;

/** WGSL promises 2⁻¹¹ of sin and cos, and SwiftShader gives no more; losses add up a few of them. */
const wgslTrigonometry: Tolerance = { absolute: 2 ** -11 * 10 };

/** ONNX Runtime's CPU has no double kernels for these; float32 is compared all the same. */
const withoutDouble: readonly OperationName[] = ["conv2d", "conv2dTranspose"];

const uses = (one: Case, ops: readonly OperationName[]) =>
  topologicalOrder(Object.values(outputsOf(one))).some(({ op }) => ops.includes(op));

describe.each(targets)("ONNX Runtime on $device in $precision", ({ device, precision, tolerance }) => {
  describe.skipIf(device === "webgpu" && !webGpu)("", () => {
    let runtime: Runtime;
    beforeAll(async () => {
      runtime = await openRuntime({ device, threads: 1 });
    });
    const runs = cases.filter((one) => precision === "float32" || !uses(one, withoutDouble));
    it.each(runs)("$title", async (one) => {
      if (device === "cpu") return await compare(one, runtime, precision, tolerance);
      // Several WebGPU kernels end the process when an operand has no elements.
      const filled = one.sizes.filter((sizes) => !Object.values(sizes).includes(0));
      await compare(
        { ...one, sizes: filled },
        runtime,
        precision,
        uses(one, ["sin", "cos"]) ? wgslTrigonometry : tolerance,
      );
    });
  });
});
