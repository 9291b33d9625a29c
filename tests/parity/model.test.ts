/** The whole training graph of a tiny model: its gradients, and the same numbers from every engine. */
import { describe, expect, it } from "vitest";
import { Philox } from "../../src/core/random.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { interpret, type Feed } from "../../src/graph/interpret.ts";
import { simplify } from "../../src/graph/simplify.ts";
import { topologicalOrder, type Tensor } from "../../src/graph/tensor.ts";
import { closeTo, type Tolerance } from "../../src/graph/testing.ts";
import { verify } from "../../src/graph/verify.ts";
import { compileModel, type Precision } from "../../src/onnx/emit.ts";
import { openRuntime } from "../../src/runtime/open-runtime.ts";
import { useSoftwareWebGpu } from "../../src/runtime/software-webgpu.ts";
import type { Device, HostTensor } from "../../src/runtime/types.ts";
import { image, text, tinyFeeds, tinyModel } from "../../src/train/testing.ts";

const model = tinyModel();
const { loss } = model.graph;
const parameters = model.scope.all.map(({ tensor }) => tensor);
const outputs = [loss, ...gradients(loss, parameters)];
const names = ["loss", ...model.scope.all.map(({ name }) => `gradient of ${name}`)];

/** Two rows of interleaved text and images, of different lengths: `repeats` stretches them. */
function hostFeeds(repeats: number): Record<string, HostTensor> {
  const sample = [text(1, 2, 3), image(0), text(4), image(1, { copies: 2 }), text(5, 6)];
  const long = Array.from({ length: repeats }, () => sample).flat();
  return tinyFeeds([long, [text(7), image(2), text(8, 9)]], { text: 24 * repeats, visual: 16 * repeats });
}

function feedsOf(host: Readonly<Record<string, HostTensor>>): Record<string, Feed> {
  const inputs = Object.entries(host).map(([name, { shape, data }]) => {
    return [name, { shape, data: Float64Array.from(Array.from(data as ArrayLike<number | bigint>, Number)) }] as const;
  });
  // Float32 numbers, so that every engine starts from the same.
  const weights = Object.entries(model.values).map(([name, { shape, data }]) => {
    return [name, { shape, data: data.map(Math.fround) }] as const;
  });
  return Object.fromEntries([...inputs, ...weights]);
}

const feeds = feedsOf(hostFeeds(1));
const reference = interpret(outputs, feeds);

it("is a graph without faults, before and after it is simplified", () => {
  verify(outputs);
  verify(simplify(outputs));
});

it("has the gradients that finite differences find", () => {
  const random = new Philox(5);
  const direction = parameters.map((_, i) => reference[i + 1]!.data.map(() => random.normal()));
  const lossAt = (step: number) => {
    const moved = parameters.map((_, i) => {
      const { name, shape } = model.scope.all[i]!;
      return [name, { shape, data: Float64Array.from(feeds[name]!.data, (x, j) => x + step * direction[i]![j]!) }];
    });
    return interpret([loss], { ...feeds, ...Object.fromEntries(moved) })[0]!.data[0]!;
  };
  const found = (lossAt(1e-6) - lossAt(-1e-6)) / 2e-6;
  let expected = 0;
  direction.forEach((part, i) => part.forEach((d, j) => (expected += d * reference[i + 1]!.data[j]!)));
  closeTo([found], [expected], { relative: 1e-6 });
  // Every parameter takes part.
  reference.forEach(({ data }, i) =>
    expect(
      data.some((x) => x !== 0),
      names[i],
    ).toBe(true),
  );
});

it("keeps its numbers when it is simplified", () => {
  const simplified = simplify(outputs);
  expect(topologicalOrder(simplified).length).toBeLessThan(0.95 * topologicalOrder(outputs).length);
  expectClose(interpret(simplified, feeds), { relative: 1e-9, absolute: 1e-9 });
});

function expectClose(found: readonly Feed[], tolerance: Tolerance, expected: readonly Feed[] = reference): void {
  found.forEach((value, i) => {
    try {
      closeTo(value, expected[i]!, tolerance);
    } catch (error) {
      throw new Error(`${names[i]}: ${(error as Error).message}`, { cause: error });
    }
  });
}

async function run(list: readonly Tensor[], device: Device, precision: Precision, repeats: number): Promise<Feed[]> {
  const named = Object.fromEntries(list.map((tensor, i) => [names[i]!, tensor]));
  const compiled = compileModel(named, { precision });
  const runtime = await openRuntime({ device, threads: 1 });
  const program = await runtime.load(compiled.bytes);
  try {
    const values = feedsOf(hostFeeds(repeats));
    const found = await program.run(
      Object.fromEntries(
        compiled.inputs.map(({ name, dtype }) => {
          const { shape, data } = values[name]!;
          if (dtype === "int")
            return [name, { type: "int64", shape, data: BigInt64Array.from(Array.from(data, BigInt)) }];
          const floats = precision === "float64" ? Float64Array.from(data) : Float32Array.from(data);
          return [name, { type: precision, shape, data: floats }];
        }),
      ),
    );
    return names.map((name) => {
      const { shape, data } = found[name]!;
      return { shape, data: Float64Array.from(data as Float32Array) };
    });
  } finally {
    program.dispose();
  }
}

describe.each([
  { what: "as built", list: outputs },
  { what: "simplified", list: simplify(outputs) },
])("on ONNX Runtime, $what, it gives the interpreter's numbers", ({ list }) => {
  it("on the CPU in double", async () => {
    expectClose(await run(list, "cpu", "float64", 1), { relative: 1e-6, absolute: 1e-7 });
  });
  it("on the CPU in float, at two lengths", async () => {
    expectClose(await run(list, "cpu", "float32", 1), { relative: 1e-4, absolute: 1e-4 });
    const longer = interpret(outputs, feedsOf(hostFeeds(2)));
    expectClose(await run(list, "cpu", "float32", 2), { relative: 1e-4, absolute: 2e-4 }, longer);
  });
});

it.skipIf(!useSoftwareWebGpu())(
  "on WebGPU it gives the interpreter's numbers, as far as WGSL's sines go",
  async () => {
    expectClose(await run(simplify(outputs), "webgpu", "float32", 1), { relative: 2e-3, absolute: 2e-3 });
  },
  300_000,
);
