/** Quantised programs against programs of floats that hold what the codes and scales stand for. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Philox } from "../../src/core/random.ts";
import { VitCodec } from "../../src/encoders/vit-codec.ts";
import { CachedContext } from "../../src/generate/context.ts";
import { Denoiser } from "../../src/generate/denoiser.ts";
import { ModelPrograms } from "../../src/generate/model-programs.ts";
import { tinyModel } from "../../src/generate/testing.ts";
import { dequantized } from "../../src/graph/functional.ts";
import { interpret } from "../../src/graph/interpret.ts";
import { constant } from "../../src/graph/primitives.ts";
import type { ParameterValues } from "../../src/nn/parameters.ts";
import { openRuntime } from "../../src/runtime/open-runtime.ts";
import type { Runtime } from "../../src/runtime/types.ts";
import { loadModelFolder, modelParameters, saveModelFolder, type ModelFolder } from "../../src/weights/model-folder.ts";
import { quantizeModel } from "../../src/weights/quantize-model.ts";
import { openSafetensors } from "../../src/weights/safetensors.ts";

const quantization = {
  text: { bits: 4, block: 32 },
  visual: { bits: 8, block: 64 },
  embeddings: { bits: 8, block: 32 },
  modulation: { bits: 8, block: 16 },
  vit: { bits: 8, block: 16 },
} as const;
const model = tinyModel({ model: { hiddenSize: 64, ffnSize: 128, conditionSize: 64 } });

let folder: string;
let quantised: ModelFolder;
let floats: ParameterValues;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-quantised-"));
  await saveModelFolder(join(folder, "float"), model, { dtype: "F32" });
  const { matrices } = await quantizeModel({ model: join(folder, "float"), out: join(folder, "small"), quantization });
  expect(matrices.length).toBeGreaterThan(20);
  quantised = await loadModelFolder(join(folder, "small"));
  floats = await restored(quantised);
});
afterAll(() => rm(folder, { recursive: true }));

/** All weights as floats. */
async function restored({ config, weights }: ModelFolder): Promise<ParameterValues> {
  const values: ParameterValues = new Map(weights);
  const file = await openSafetensors(join(folder, "small"));
  for (const { name, shape, tensor, quantized } of modelParameters(config)) {
    if (!quantized || tensor.dtype !== "byte") continue;
    const read = async (key: string) => (await file.read(key)).data as Uint8Array | Float32Array;
    const codes = constant(await read(name), shape, "byte");
    const scales = constant(await read(`${quantized.of}.scales`), shape.slice(0, 2));
    const [value] = interpret([dequantized(codes, scales, quantized.bits)], {});
    values.set(quantized.of, Float32Array.from(value!.data));
  }
  await file.close();
  return values;
}

function difference(found: Float32Array, expected: Float32Array): number {
  return Math.hypot(...found.map((value, i) => value - expected[i]!)) / Math.hypot(...expected);
}

/** Logits after a few tokens, the velocity of a noisy image that sees them, and the ViT's tokens of a picture. */
async function results(
  runtime: Runtime,
  { config }: ModelFolder,
  weights: ParameterValues,
  stored?: ModelFolder["stored"],
) {
  const programs = new ModelPrograms(runtime, config.model, weights, stored);
  const context = new CachedContext(programs);
  context.push({ type: "text", ids: [5, 260, 17, 8] });
  const logits = (await context.logits()).slice();
  const denoiser = await Denoiser.open(programs, [{ condition: "full", context }], {
    rows: 2,
    columns: 3,
    rule: { form: "paper", text: 1, image: 1 },
    interval: [0, 1],
  });
  const velocity = new Float32Array(denoiser.size);
  await denoiser.velocity(new Philox(3).fillNormal(new Float32Array(denoiser.size)), 0.4, velocity);
  const codec = await VitCodec.open(runtime, config.vit!, weights, { tokenSide: 16, stored });
  const image = { width: 32, height: 16, data: Uint8Array.from({ length: 32 * 16 * 3 }, (_, i) => (i * 37) % 256) };
  const vit = await codec.encode([image]);
  codec.dispose();
  programs.dispose();
  return { logits, velocity, vit };
}

describe.each(["", "ort-node"])("with MOGAO_RUNTIME=%s", (environment) => {
  let runtime: Runtime;
  beforeAll(async () => {
    vi.stubEnv("MOGAO_RUNTIME", environment);
    runtime = await openRuntime({ threads: 1 });
    vi.unstubAllEnvs();
  });

  test("text, drawing and seeing are the same but for activations of 8 bits", async () => {
    const found = await results(runtime, quantised, quantised.weights, quantised.stored);
    const expected = await results(runtime, quantised, floats);
    const exact = await results(runtime, quantised, model.weights);
    for (const name of ["logits", "velocity", "vit"] as const) {
      // Rounding activations to 8 bits costs under 1% a product; rounding weights to 4 about 8%.
      expect(difference(found[name], expected[name])).toBeLessThan(0.03);
      expect(difference(found[name], expected[name])).toBeGreaterThan(1e-4);
      expect(difference(found[name], exact[name])).toBeLessThan(0.3);
    }
  });
});

test("programs are not fed what they read themselves, and keep floats elsewhere", () => {
  const { weights, stored } = quantised;
  const names = modelParameters(quantised.config).map(({ name }) => name);
  expect(names.filter((name) => stored!.place(name)).every((name) => /\.(codes|scales)$/.test(name))).toBe(true);
  expect(names.filter((name) => weights.has(name) === (stored!.place(name) !== undefined))).toEqual([]);
  expect(weights.has("mogao.velocity.weight")).toBe(true);
  expect(weights.has("mogao.layers.0.text.self_attn.q_proj.bias")).toBe(true);
});
