import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readJson } from "../../core/json-file.ts";
import { InputError } from "../../core/errors.ts";
import { vaeTokenSide, vaeTokenSize } from "../../encoders/vae-config.ts";
import { VaeCodec } from "../../encoders/vae-codec.ts";
import { WanVae } from "../../encoders/wan-vae.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import { isUnused, ourName, theirName } from "../key-map.ts";
import { openSafetensors, writeSafetensors } from "../safetensors.ts";
import { loadVae, saveVae } from "../vae-files.ts";
import { originalWanVae, readWanVae, wanVaeConfig } from "./wan-vae.ts";

const reference = fileURLToPath(new URL("../../../tests/fixtures/references/wan2.2-vae-diffusers", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-wan-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("the real sizes: 252,125,020 parameters meet a single image (of 704,688,668 for videos), 48 numbers a token of 16 px", () => {
  expect(parameterCount(new WanVae(wanVaeConfig).parameters)).toBe(252_125_020);
  expect([vaeTokenSize(wanVaeConfig), vaeTokenSide(wanVaeConfig)]).toEqual([48, 16]);
});

test("every name of the original checkpoint is known, and stands for diffusers'", async () => {
  const names = (await readJson(join(reference, "original-names.json"))) as Record<string, string>;
  const parameters = new Set(new WanVae(wanVaeConfig).parameters.map(({ name }) => name));
  for (const [original, diffusers] of Object.entries(names)) {
    if (isUnused(originalWanVae, original)) {
      expect(diffusers).toContain(".time_conv.");
      continue;
    }
    expect(ourName(originalWanVae, original)).toBe(diffusers);
    expect(theirName(originalWanVae, diffusers)).toBe(original);
    expect(parameters.delete(diffusers)).toBe(true);
  }
  expect([...parameters]).toEqual([]);
});

test("the last slice of each kernel is kept, and survives storing", async () => {
  const { config, weights } = await readWanVae(reference);
  const file = await openSafetensors(join(reference, "model.safetensors"));
  const kernel = await file.readFloat32("decoder.conv_in.weight");
  await file.close();
  const kept = weights.get("decoder.conv_in.weight")!;
  expect(kept.length * 3).toBe(kernel.length);
  expect([...kept.subarray(9, 18)]).toEqual([...kernel.subarray(27 + 18, 27 + 27)]);
  await saveVae(folder, { config, weights });
  const stored = await loadVae(folder);
  expect(stored.config).toEqual(config);
  expect(stored.weights.get("decoder.conv_in.weight")).toEqual(kept); // bfloat16 of moderate size fits float16
});

test("a picture becomes one token for each 16×16 pixels, and tokens a picture", async () => {
  const { config, weights } = await readWanVae(reference);
  const codec = await VaeCodec.open(await openRuntime({ threads: 1 }), config, weights);
  const picture = { width: 48, height: 32, data: Uint8Array.from({ length: 3 * 48 * 32 }, (_, i) => (i * 37) % 256) };
  const tokens = await codec.encode([picture]);
  expect([tokens.length, codec.tokenSide, codec.tokenSize]).toEqual([6 * 6, 16, 6]);
  expect(new Set(tokens).size).toBe(36);
  const decoded = await codec.decode(tokens, 48, 32);
  expect([decoded.width, decoded.height, decoded.data.length]).toEqual([48, 32, 3 * 48 * 32]);
  codec.dispose();
});

test("a tensor that is missing, unknown or misshapen is named as the checkpoint calls it", async () => {
  const file = await openSafetensors(join(reference, "model.safetensors"));
  const tensors = [];
  for (const name of file.names) {
    const { shape } = file.info(name);
    const changed = name === "quant_conv.bias" ? [...shape, 2] : shape;
    const data = new Float32Array(changed.reduce((a, b) => a * b, 1));
    const renamed = name === "encoder.conv_in.bias" ? "encoder.conv_on.bias" : name;
    tensors.push({ name: renamed, shape: changed, dtype: "F32" as const, data });
  }
  await file.close();
  await writeSafetensors(join(folder, "model.safetensors"), tensors);
  await copyFile(join(reference, "config.json"), join(folder, "config.json"));
  await expect(readWanVae(folder)).rejects.toThrow(
    "it lacks encoder.conv_in.bias; it has the wrong shape of quant_conv.bias (expected [12], found [12,2]); it has unknown encoder.conv_on.bias",
  );
});

test("another autoencoder's configuration is refused", async () => {
  const config = (await readJson(join(reference, "config.json"))) as object;
  await copyFile(join(reference, "model.safetensors"), join(folder, "model.safetensors"));
  for (const [change, problem] of [
    [{ is_residual: false }, "is_residual"],
    [{ attn_scales: [0.5] }, "attn_scales"],
    [{ dim_mult: [1, 2, 3, 4] }, "multipliers: expected widths whose channels can be averaged"],
    [{ latents_mean: [1] }, "shift: expected 6 numbers, found 1"],
  ] as const) {
    await writeFile(join(folder, "config.json"), JSON.stringify({ ...config, ...change }));
    const error: unknown = await readWanVae(folder).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(problem);
  }
});
