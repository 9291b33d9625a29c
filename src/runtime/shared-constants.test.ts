import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { add, input, matmulNBits, neg, parameter } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { compileModel, type TensorPlace } from "../onnx/emit.ts";
import { mapFile } from "./mapped-file.ts";
import { openRuntime } from "./open-runtime.ts";
import type { HostTensor } from "./types.ts";

const [ROWS, COLUMNS, BLOCKS] = [1024, 4096, 32];
/** Enough that memory to pack one in is less than all take; without sharing it would be all of them. */
const MATRICES = 8;
const shapes = { codes: [ROWS, BLOCKS, COLUMNS / BLOCKS], scales: [ROWS, BLOCKS] };
const codesSize = ROWS * COLUMNS;
const scalesSize = ROWS * BLOCKS;
const folder = mkdtempSync(join(tmpdir(), "mogao-constants-"));
afterAll(() => rmSync(folder, { recursive: true }));

// All codes, then all scales.
const codes = Uint8Array.from({ length: MATRICES * codesSize }, (_, i) => (i * 31) % 251);
const scales = Float32Array.from({ length: MATRICES * scalesSize }, (_, i) => 1e-3 * (1 + (i % 7)));
writeFileSync(join(folder, "weights"), codes);
writeFileSync(join(folder, "weights"), new Uint8Array(scales.buffer), { flag: "a" });
function place(name: string): TensorPlace {
  const [kind, matrix] = name.split(" ") as [string, string];
  const length = kind === "codes" ? codesSize : 4 * scalesSize;
  return { file: "weights", offset: (kind === "codes" ? 0 : codes.length) + Number(matrix) * length, length };
}

const x = input("x", [1, COLUMNS]);
const product = Array.from({ length: MATRICES }, (_, i) =>
  matmulNBits(x, parameter(`codes ${i}`, shapes.codes, "byte"), parameter(`scales ${i}`, shapes.scales), 8),
).reduce((a, b) => add(a, b));
const compiled = (y: Tensor) => compileModel({ y }, { stored: place }).bytes;

async function mappedConstants(): Promise<Map<string, HostTensor>> {
  const buffer = (await mapFile(join(folder, "weights")))!;
  const constants = new Map<string, HostTensor>([
    ["of another program", { type: "float32", shape: [1], data: new Float32Array(1) }],
  ]);
  for (let i = 0; i < MATRICES; i++) {
    const data = new Uint8Array(buffer, place(`codes ${i}`).offset, codesSize);
    const floats = new Float32Array(buffer, place(`scales ${i}`).offset, scalesSize);
    constants.set(`codes ${i}`, { type: "uint8", shape: shapes.codes, data });
    constants.set(`scales ${i}`, { type: "float32", shape: shapes.scales, data: floats });
  }
  return constants;
}

const megabytes = (field: string) =>
  Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;

test.runIf(process.platform === "linux")(
  "programs share their packed constants, and leave no pages of the file",
  async () => {
    const runtime = await openRuntime({ threads: 1 });
    const constants = await mappedConstants();
    const row: HostTensor = {
      type: "float32",
      shape: [1, COLUMNS],
      data: Float32Array.from({ length: COLUMNS }, (_, i) => Math.sin(i)),
    };
    const reference = await runtime.load(compiled(product), { weightsFolder: folder });
    const expected = (await reference.run({ x: row }))["y"]!.data as Float32Array;
    reference.dispose();

    const before = { own: megabytes("RssAnon"), mapped: megabytes("RssFile") };
    const first = await runtime.load(compiled(product), { weightsFolder: folder, constants });
    const one = megabytes("RssAnon") - before.own;
    const second = await runtime.load(compiled(neg(product)), { weightsFolder: folder, constants });
    const both = megabytes("RssAnon") - before.own;
    const size = codes.length / 2 ** 20;
    expect(both - one).toBeLessThan(0.6 * size);
    expect(megabytes("RssFile") - before.mapped).toBeLessThan(0.6 * size);

    expect((await first.run({ x: row }))["y"]!.data).toEqual(expected);
    first.dispose();
    expect((await second.run({ x: row }))["y"]!.data).toEqual(expected.map((value) => -value));
    second.dispose();
    // The map can be used again when nothing is left of the first use.
    const third = await runtime.load(compiled(product), { weightsFolder: folder, constants });
    expect((await third.run({ x: row }))["y"]!.data).toEqual(expected);
    third.dispose();
  },
);

test("a constant of another shape is refused", async () => {
  const runtime = await openRuntime({ threads: 1 });
  const constants = new Map<string, HostTensor>([
    ["scales 0", { type: "float32", shape: [2], data: new Float32Array(2) }],
  ]);
  await expect(runtime.load(compiled(product), { weightsFolder: folder, constants })).rejects.toThrow(
    "ONNX Runtime rejects the model",
  );
});
