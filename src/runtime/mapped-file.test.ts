import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, test } from "vitest";
import { mapFile } from "./mapped-file.ts";
import { openRuntime } from "./open-runtime.ts";
import { doubling } from "./testing.ts";

const folder = mkdtempSync(join(tmpdir(), "mogao-map-"));
afterAll(() => rmSync(folder, { recursive: true }));

const numbers = Float32Array.from({ length: 5000 }, (_, i) => i / 3);
function file(name: string, bytes: Uint8Array = new Uint8Array(numbers.buffer)): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe.skipIf(process.platform === "win32")("a mapped file", () => {
  test("holds the file's bytes; what is written stays in memory", async () => {
    const path = file("a.bin");
    const buffer = (await mapFile(path))!;
    expect(new Float32Array(buffer)).toEqual(numbers);
    new Float32Array(buffer)[7] = -1;
    expect(new Float32Array((await mapFile(path))!)[7]).toBe(numbers[7]);
    expect(new Float32Array(new Uint8Array(readFileSync(path)).buffer)[7]).toBe(numbers[7]);
  });

  test("feeds a program where it lies", async () => {
    const buffer = (await mapFile(file("b.bin")))!;
    const program = await (await openRuntime({ threads: 1 })).load(doubling);
    const data = new Float32Array(buffer, 400, 1000);
    const { y } = await program.run({ x: { type: "float32", shape: [1000], data } });
    expect(y!.data).toEqual(data.map((value) => 2 * value));
    program.dispose();
  });

  test.runIf(process.platform === "linux")("is unmapped when nothing refers to it any more", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const path = file("c.bin");
    const isMapped = () => readFileSync("/proc/self/maps", "utf8").includes(path);
    let view: Float32Array | undefined = new Float32Array((await mapFile(path))!, 8, 100);
    collect();
    await setTimeout(10);
    expect([isMapped(), view[0]]).toEqual([true, numbers[2]]);
    view = undefined;
    for (let i = 0; i < 50 && isMapped(); i++) {
      collect();
      await setTimeout(10);
    }
    expect(isMapped()).toBe(false);
  });

  test("is none where there is nothing to map", async () => {
    await expect(mapFile(file("empty.bin", new Uint8Array(0)))).resolves.toBeUndefined();
    await expect(mapFile(join(folder, "none"))).rejects.toThrow(/ENOENT/);
  });
});
