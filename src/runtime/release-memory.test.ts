import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { symbol } from "../graph/dims.ts";
import { input, neg, reduceSum } from "../graph/primitives.ts";
import { compileModel } from "../onnx/emit.ts";
import { openRuntime } from "./open-runtime.ts";

const MEGABYTES = 200;
const ownMegabytes = () => Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;

test.runIf(process.platform === "linux")(
  "a program gives its memory back after a run where it is told to",
  async () => {
    const { bytes } = compileModel({ y: reduceSum(neg(input("x", [symbol("n")]))) });
    const runtime = await openRuntime({ threads: 1 });
    const data = new Float32Array(new ArrayBuffer(MEGABYTES * 2 ** 20)).fill(2);
    const kept = async (releaseMemory: boolean) => {
      const program = await runtime.load(bytes, { releaseMemory, optimization: "disabled" });
      const run = (length: number) =>
        program.run({ x: { type: "float32", shape: [length], data: data.subarray(0, length) } });
      // What a session takes first it keeps in any case.
      await run(1);
      const before = ownMegabytes();
      const { y } = await run(data.length);
      expect(y!.data[0]).toBe(-2 * data.length);
      const after = ownMegabytes() - before;
      program.dispose();
      return after;
    };
    expect(await kept(true)).toBeLessThan(0.5 * MEGABYTES);
    expect(await kept(false)).toBeGreaterThan(0.9 * MEGABYTES);
  },
);
