import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { tinyModel } from "../generate/testing.ts";
import { saveModelFolder } from "../weights/model-folder.ts";
import { quantizeModel } from "../weights/quantize-model.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-bench-"));
  await saveModelFolder(join(folder, "float"), tinyModel({ model: { hiddenSize: 64 } }));
  const quantization = { text: { bits: 4, block: 32 }, visual: { bits: 8, block: 64 } } as const;
  await quantizeModel({ model: join(folder, "float"), out: join(folder, "small"), quantization });
});
afterAll(() => rm(folder, { recursive: true }));

interface Result {
  readonly side: number;
  readonly weightBytes: number;
  readonly machine: { readonly bandwidth: number; readonly floatProducts: number; readonly quantizedProducts?: number };
  readonly decode: { readonly tokensPerSecond: number; readonly bytesPerToken: number; readonly share: number };
  readonly denoise: { readonly seconds: number; readonly operations: number; readonly share: number };
}

test("every part of a model is measured, and compared with what the machine reaches", async () => {
  const args = ["--model", join(folder, "small"), "--side", "64", "--tokens", "4", "--threads", "1", "--json"];
  const { code, stdout, stderr } = await runFakeCli(["bench", ...args]);
  expect([code, stderr.includes("opening the folder")]).toEqual([0, true]);
  const { side, machine, decode, denoise, weightBytes } = JSON.parse(stdout) as Result;
  expect(side).toBe(64);
  expect(machine.bandwidth).toBeGreaterThan(1e8);
  expect(machine.quantizedProducts).toBeGreaterThan(1e9);
  expect(decode.bytesPerToken).toBeLessThan(weightBytes);
  expect(decode.share).toBeCloseTo((decode.bytesPerToken * decode.tokensPerSecond) / machine.bandwidth, 6);
  // 16 rows through the matrices of two layers (q, o; k, v; three of the SwiGLU) are a part of the operations.
  const matrices = 2 * (64 * 32 + 32 * 64 + 2 * 64 * 16 + 3 * 64 * 48);
  expect(denoise.operations).toBeGreaterThan(2 * 16 * matrices);
  expect(denoise.operations).toBeLessThan(4 * 2 * 16 * matrices);
  expect(denoise.share).toBeCloseTo(denoise.operations / denoise.seconds / machine.quantizedProducts!, 6);
}, 60_000);

test("what is not to be measured is told in one line", async () => {
  const failures = [
    [["--preset", "mogao-1b"], /--preset and --random together/],
    [["--random"], /--preset and --random together/],
    [["--preset", "mogao-1b", "--random", "--model", folder], /or --model alone/],
    [["--quantize", "int8", "--model", folder], /mogao convert --quantize/],
    [["--model", join(folder, "small"), "--side", "40"], /a multiple of 16 pixels, found 40/],
    [["--model", join(folder, "none")], /no such folder/],
    [["--preset", "mogao-9b", "--random"], /Allowed choices are mogao-1b, mogao-7b/],
  ] as const;
  for (const [args, message] of failures) {
    const { code, stderr } = await runFakeCli(["bench", ...args]);
    expect([code, stderr.trim().split("\n").length <= 2]).toEqual([2, true]);
    expect(stderr).toMatch(message);
  }
});
