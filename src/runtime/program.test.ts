import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { InputError, MogaoError } from "../core/errors.ts";
import { onnxElementType as onnx } from "../onnx/model-proto.ts";
import { openRuntime } from "./open-runtime.ts";
import { swiftShaderDriver, useSoftwareWebGpu } from "./software-webgpu.ts";
import { constant, doubling, float, int64, model, node, product, sumAndDifference, value } from "./testing.ts";
import type { HostTensor, Program, Runtime } from "./types.ts";

const webGpuAsked = process.env["MOGAO_TEST_WEBGPU"] !== undefined;
const webGpu = webGpuAsked || useSoftwareWebGpu();
if (!webGpu) console.warn(`WebGPU is not tested: no ${swiftShaderDriver} and MOGAO_TEST_WEBGPU is not set.`);

const runtimes = [
  { name: "C API", environment: "", device: "cpu", skip: false, description: "C API" },
  {
    name: "onnxruntime-node",
    environment: "ort-node",
    device: "cpu",
    skip: false,
    description: "onnxruntime-node, cpu",
  },
  { name: "WebGPU", environment: "", device: "webgpu", skip: !webGpu, description: "onnxruntime-node, webgpu" },
] as const;

describe.each(runtimes)("programs on $name", ({ environment, device, skip, description }) => {
  describe.skipIf(skip)("", () => {
    let runtime: Runtime;
    const programs: Program[] = [];
    const load = async (bytes: Uint8Array, options = {}) => {
      const program = await runtime.load(bytes, options);
      programs.push(program);
      return program;
    };

    beforeAll(async () => {
      vi.stubEnv("MOGAO_RUNTIME", environment);
      runtime = await openRuntime({ device, threads: 2 });
      vi.unstubAllEnvs();
    });
    afterEach(() => programs.splice(0).forEach((program) => program.dispose()));

    test("say what runs underneath", () => {
      expect(runtime.device).toBe(device);
      expect(runtime.description).toContain(description);
    });

    test("multiply, and accumulate through Gemm's beta", async () => {
      const program = await load(
        model({
          nodes: [
            node("Gemm", ["a", "w", "c"], ["y"], {
              transB: { kind: "int", value: 1 },
              beta: { kind: "float", value: 0.5 },
            }),
          ],
          inputs: [value("a", [1, 2]), value("c", [1, 2])],
          outputs: [value("y", [1, 2])],
          initializers: [constant("w", float([2, 2], 1, 2, 3, 4), onnx.float)],
        }),
      );
      expect(program.inputNames).toEqual(["a", "c"]);
      expect(program.outputNames).toEqual(["y"]);
      const { y } = await program.run({ a: float([1, 2], 10, 1), c: float([1, 2], 2, 4) });
      expect(y).toEqual(float([1, 2], 13, 36));
    });

    test("take attributes of every kind", async () => {
      const weights = constant("", float([2], 5, 6), onnx.float);
      const program = await load(
        model({
          nodes: [
            node("Constant", [], ["tensor"], { value: { kind: "tensor", value: weights } }),
            node("Constant", [], ["floats"], { value_floats: { kind: "floats", value: [0.5, 0.25] } }),
            node("Transpose", ["x"], ["t"], { perm: { kind: "ints", value: [1, 0] } }),
            node("Einsum", ["t", "tensor", "floats"], ["y"], { equation: { kind: "string", value: "ij,j,j->i" } }),
          ],
          inputs: [value("x", [2, 3])],
          outputs: [value("y", [3]), value("t", [3, 2])],
        }),
      );
      const { y, t } = await program.run({ x: float([2, 3], 1, 2, 3, 4, 5, 6) });
      expect(t).toEqual(float([3, 2], 1, 4, 2, 5, 3, 6));
      expect(y).toEqual(float([3], 8.5, 12.5, 16.5));
    });

    test("take symbolic lengths anew in each run", async () => {
      const program = await load(product);
      const one = await program.run({ a: float([1, 2], 1, 2), b: float([2, 1], 3, 4) });
      expect(one["y"]).toEqual(float([1, 1], 11));
      const two = await program.run({ a: float([2, 1], 1, 2), b: float([1, 2], 3, 4) });
      expect(two["y"]).toEqual(float([2, 2], 3, 4, 6, 8));
    });

    test("return outputs whose length depends on the data", async () => {
      const program = await load(
        model({
          nodes: [node("NonZero", ["x"], ["where"])],
          inputs: [value("x", ["n"])],
          outputs: [value("where", [1, "found"], onnx.int64)],
        }),
      );
      expect((await program.run({ x: float([4], 0, 1, 0, 2) }))["where"]).toEqual(int64([1, 2], 1, 3));
      expect((await program.run({ x: float([4], 0, 0, 0, 0) }))["where"]).toEqual(int64([1, 0]));
    });

    test("carry bool and int64", async () => {
      const program = await load(
        model({
          nodes: [node("Where", ["flag", "a", "b"], ["chosen"]), node("Not", ["flag"], ["inverse"])],
          inputs: [value("flag", [3], onnx.bool), value("a", [3], onnx.int64), value("b", [3], onnx.int64)],
          outputs: [value("chosen", [3], onnx.int64), value("inverse", [3], onnx.bool)],
        }),
      );
      const flag: HostTensor = { type: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) };
      const { chosen, inverse } = await program.run({
        flag,
        a: int64([3], 2 ** 52, 2, 3),
        b: int64([3], -1, -(2 ** 52), -3),
      });
      expect(chosen).toEqual(int64([3], 2 ** 52, -(2 ** 52), 3));
      expect(inverse).toEqual({ type: "bool", shape: [3], data: Uint8Array.of(0, 1, 0) });
    });

    const elementTypes = [
      ["float64", onnx.double, Float64Array.of(0.1, 2), Float64Array.of(0.2, 4)],
      ["int32", onnx.int32, Int32Array.of(1, -2), Int32Array.of(2, -4)],
      ["float16", onnx.float16, Uint16Array.of(0x3c00, 0xc000), Uint16Array.of(0x4000, 0xc400)],
    ] as const;
    // Software WebGPU has no 16-bit arithmetic.
    const carried = elementTypes.filter(([type]) => device !== "webgpu" || type !== "float16");
    test.each(carried)("carry %s", async (type, code, data, doubled) => {
      const program = await load(
        model({
          nodes: [node("Add", ["x", "x"], ["y"])],
          inputs: [value("x", [2], code)],
          outputs: [value("y", [2], code)],
        }),
      );
      expect((await program.run({ x: { type, shape: [2], data } }))["y"]).toEqual({ type, shape: [2], data: doubled });
    });

    test("carry uint8 and int8", async () => {
      const program = await load(
        model({
          nodes: [
            node("Cast", ["x"], ["y"], { to: { kind: "int", value: onnx.uint8 } }),
            node("Cast", ["u"], ["v"], { to: { kind: "int", value: onnx.int8 } }),
          ],
          inputs: [value("x", [2], onnx.int8), value("u", [2], onnx.uint8)],
          outputs: [value("y", [2], onnx.uint8), value("v", [2], onnx.int8)],
        }),
      );
      const { y, v } = await program.run({
        x: { type: "int8", shape: [2], data: Int8Array.of(1, -1) },
        u: { type: "uint8", shape: [2], data: Uint8Array.of(2, 254) },
      });
      expect(y?.data).toEqual(Uint8Array.of(1, 255));
      expect(v?.data).toEqual(Int8Array.of(2, -2));
    });

    test("carry scalars and empty tensors", async () => {
      const scalar = await load(
        model({ nodes: [node("Add", ["x", "x"], ["y"])], inputs: [value("x", [])], outputs: [value("y", [])] }),
      );
      expect((await scalar.run({ x: float([], 3) }))["y"]).toEqual(float([], 6));
      const program = await load(doubling);
      expect((await program.run({ x: float([0]) }))["y"]).toEqual(float([0]));
    });

    test("write into given outputs and allocate the others", async () => {
      const program = await load(sumAndDifference);
      const buffer = new ArrayBuffer(32);
      const sum: HostTensor = { type: "float32", shape: [1, 2], data: new Float32Array(buffer, 12, 2) };
      const outputs = await program.run({ a: float([1, 2], 5, 6), b: float([1, 2], 1, 2) }, { sum });
      expect(outputs["sum"]).toBe(sum);
      expect(outputs["difference"]).toEqual(float([1, 2], 4, 4));
      expect([...new Float32Array(buffer)]).toEqual([0, 0, 0, 6, 8, 0, 0, 0]);
    });

    test("read views at their byte offset", async () => {
      const program = await load(doubling);
      const data = Float32Array.of(9, 9, 9, 1, 2).subarray(3);
      expect((await program.run({ x: { type: "float32", shape: [2], data } }))["y"]).toEqual(float([2], 2, 4));
    });

    test("update a feed in place", async () => {
      const program = await load(
        model({
          nodes: [node("Mul", ["gradient", "rate"], ["step"]), node("Sub", ["weight", "step"], ["updated"])],
          inputs: [value("weight", ["n"]), value("gradient", ["n"]), value("rate", [])],
          outputs: [value("updated", ["n"])],
        }),
      );
      const weight = float([2], 1, 2);
      for (let step = 0; step < 3; step++) {
        await program.run({ weight, gradient: float([2], 1, -2), rate: float([], 0.5) }, { updated: weight });
      }
      expect([...weight.data]).toEqual([-0.5, 5]);
    });

    test("return an input or a constant that is an output", async () => {
      const program = await load(
        model({
          nodes: [node("Add", ["x", "w"], ["y"])],
          inputs: [value("x", ["n"])],
          outputs: [value("x", ["n"]), value("w", [2]), value("y", ["n"])],
          initializers: [constant("w", float([2], 1, 2), onnx.float)],
        }),
      );
      const feed = float([2], 5, 6);
      const { x, w, y } = await program.run({ x: feed });
      expect([x, w, y]).toEqual([feed, float([2], 1, 2), float([2], 6, 8)]);
      const copy = float([2], 0, 0);
      await program.run({ x: feed }, { x: copy });
      expect([...copy.data]).toEqual([5, 6]);
    });

    test("queue overlapping runs", async () => {
      const program = await load(doubling);
      const x = float([1], 1);
      await Promise.all(Array.from({ length: 20 }, () => program.run({ x }, { y: x })));
      expect(x.data[0]).toBe(2 ** 20);
    });

    test("keep feeds alive that only the run refers to", async () => {
      setFlagsFromString("--expose-gc");
      const collect = runInNewContext("gc") as () => void;
      const program = await load(product);
      const size = 256;
      const ones = () => float([size, size], ...new Float32Array(size * size).fill(1));
      const run = program.run({ a: ones(), b: ones() });
      for (let turn = 0; turn < 5; turn++) {
        await Promise.resolve();
        collect();
        ones();
      }
      expect((await run)["y"]?.data).toEqual(new Float32Array(size * size).fill(size));
    });

    test("do not grow over 1000 runs", async () => {
      const program = await load(
        model({
          nodes: [node("Add", ["x", "x"], ["y"]), node("NonZero", ["x"], ["where"])],
          inputs: [value("x", ["n"])],
          outputs: [value("y", ["n"]), value("where", [1, "found"], onnx.int64)],
        }),
      );
      const length = 32_768; // 128 kB and 256 kB of outputs: leaks of either exceed the bound.
      const x: HostTensor = { type: "float32", shape: [length], data: new Float32Array(length).fill(1) };
      const y: HostTensor = { type: "float32", shape: [length], data: new Float32Array(length) };
      for (let index = 0; index < 100; index++) await program.run({ x }, { y });
      const before = process.memoryUsage().rss;
      for (let index = 0; index < 1000; index++) await program.run({ x }, index % 2 ? { y } : {});
      expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(100);
    });

    test.runIf(description === "C API")("leave the event loop free", async () => {
      const program = await load(product);
      const square = { type: "float32", shape: [1024, 1024], data: new Float32Array(2 ** 20) } as const;
      let turns = 0;
      let running = true;
      const turn = () => {
        turns++;
        if (running) setImmediate(turn);
      };
      const run = program.run({ a: square, b: square });
      setImmediate(turn);
      await run;
      running = false;
      expect(turns).toBeGreaterThan(5);
    });

    test("write a trace", async () => {
      const folder = mkdtempSync(join(tmpdir(), "mogao-"));
      try {
        const program = await runtime.load(doubling, { profile: join(folder, "trace") });
        await program.run({ x: float([1], 1) });
        program.dispose();
        await vi.waitFor(() => expect(readdirSync(folder)).toHaveLength(1));
        await vi.waitFor(() => {
          const events = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0] ?? ""), "utf8")) as unknown[];
          expect(JSON.stringify(events)).toContain('"op_name":"Add"');
        });
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    test("reject feeds and outputs that do not fit, and go on", async () => {
      const program = await load(sumAndDifference);
      const a = float([1, 2], 1, 2);
      await expect(program.run({ a })).rejects.toThrow(new InputError('Missing feed "b": expected float32 [rows, 2].'));
      await expect(program.run({ a, b: a, c: a })).rejects.toThrow(
        new InputError('Unknown feed "c": the graph has a, b.'),
      );
      await expect(program.run({ a, b: float([1, 3], 1, 2, 3) })).rejects.toThrow(
        new InputError('Feed "b": expected float32 [rows, 2], found float32 [1, 3] (axis 1).'),
      );
      await expect(program.run({ a, b: a }, { sum: float([2, 2], 0, 0, 0, 0) })).rejects.toThrow(
        new InputError('Output "sum": dimension "rows" (axis 0) is 2, but "a" set it to 1.'),
      );
      expect((await program.run({ a, b: a }))["sum"]).toEqual(float([1, 2], 2, 4));
    });

    test("report what ONNX Runtime reports", async () => {
      const refused = async (bytes: Uint8Array) => {
        const error: unknown = await runtime.load(bytes).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(MogaoError);
        return (error as Error).message;
      };
      expect(await refused(new Uint8Array(10).fill(7))).toMatch(/rejects the model: .*protobuf parsing failed/);
      expect(await refused(new Uint8Array(0))).toMatch(/rejects the model/);
      const unknown = { nodes: [node("Nope", ["x"], ["y"])], inputs: [value("x", [1])], outputs: [value("y", [1])] };
      expect(await refused(model(unknown))).toMatch(/No Op registered for Nope/);

      const gather = await load(
        model({
          nodes: [node("Gather", ["w", "at"], ["y"])],
          inputs: [value("at", ["n"], onnx.int64)],
          outputs: [value("y", ["n"], onnx.int64)],
          initializers: [constant("w", int64([2], 1, 2), onnx.int64)],
        }),
      );
      await expect(gather.run({ at: int64([1], 77) })).rejects.toThrow(
        /could not run the graph: .*out of data bounds/s,
      );
      expect((await gather.run({ at: int64([1], 1) }))["y"]).toEqual(int64([1], 2));
    });

    test("end: running runs finish, waiting and later ones are rejected", async () => {
      const program = await runtime.load(doubling);
      const first = program.run({ x: float([1], 1) });
      await Promise.resolve();
      await Promise.resolve();
      const second = program.run({ x: float([1], 2) });
      program.dispose();
      program.dispose();
      expect((await first)["y"]).toEqual(float([1], 2));
      await expect(second).rejects.toThrow(MogaoError);
      await expect(program.run({ x: float([1], 3) })).rejects.toThrow(/disposed/);
    });
  });
});

describe("openRuntime", () => {
  afterAll(() => vi.unstubAllEnvs());

  test("prefers the C API on the CPU", async () => {
    vi.stubEnv("MOGAO_RUNTIME", "");
    expect((await openRuntime()).description).toMatch(/^ONNX Runtime \d+\.\d+\.\d+ \(C API\), \d+ threads$/);
  });

  test("says what is missing", async () => {
    await expect(openRuntime({ device: "npu" as "cuda" })).rejects.toThrow(/Device npu is not available: .* has cpu, /);
    await expect(openRuntime({ threads: 0 })).rejects.toThrow(
      new InputError("threads: expected a positive integer, found 0."),
    );
    const runtime = await openRuntime();
    await expect(runtime.load(doubling, { device: "webgpu" })).rejects.toThrow(
      /runs on cpu, the program asks for webgpu/,
    );
  });
});
