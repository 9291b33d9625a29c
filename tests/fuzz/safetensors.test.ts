import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { InputError } from "../../src/core/errors.ts";
import { openSafetensors, writeSafetensors } from "../../src/weights/safetensors.ts";

/** A small multiplicative generator: the test must meet the same files every time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test("thousands of damaged files open whole, or give InputError without large allocations", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mogao-fuzz-"));
  try {
    const path = join(folder, "valid.safetensors");
    await writeSafetensors(
      path,
      [
        { name: "a", dtype: "F32", shape: [2, 2], data: new Float32Array(4) },
        { name: "b", dtype: "BF16", shape: [3], data: new Uint16Array(3) },
      ],
      { format: "pt" },
    );
    const valid = await readFile(path);
    const damaged = join(folder, "damaged.safetensors");
    const below = generator(1);
    const refused = { count: 0 };
    const largest = { bytes: 0 };
    for (let round = 0; round < 3000; round++) {
      let bytes = Buffer.from(valid);
      for (let i = below(4); i >= 0; i--) {
        // The length field and the header are hit more often than the data.
        const at = below(3) === 0 ? below(12) : below(bytes.length);
        const kind = below(4);
        if (kind === 0) bytes[at] = below(256);
        else if (kind === 1) bytes[at]! ^= 1 << below(8);
        else if (kind === 2) bytes = bytes.subarray(0, at);
        else bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([below(256)]), bytes.subarray(at)]);
        if (bytes.length === 0) break;
      }
      await writeFile(damaged, bytes);
      const before = process.memoryUsage().arrayBuffers;
      try {
        const file = await openSafetensors(damaged);
        try {
          for (const name of file.names) {
            const { data } = await file.read(name);
            expect(data.byteLength).toBe(file.info(name).byteLength);
          }
        } finally {
          await file.close();
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        refused.count++;
      }
      largest.bytes = Math.max(largest.bytes, process.memoryUsage().arrayBuffers - before);
    }
    expect(refused.count).toBeGreaterThan(1000);
    expect(refused.count).toBeLessThan(3000);
    expect(largest.bytes).toBeLessThan(1 << 20);
  } finally {
    await rm(folder, { recursive: true });
  }
});
