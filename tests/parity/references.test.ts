/**
 * Our networks against transformers and diffusers, on tiny random checkpoints with the real key names:
 * tests/fixtures/references/make.py made what is compared with.
 */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { readJson } from "../../src/core/json-file.ts";
import { fluxVaeConfig, type VaeConfig } from "../../src/encoders/vae-config.ts";
import { Vae } from "../../src/encoders/vae.ts";
import { patchPositions } from "../../src/encoders/vit-patches.ts";
import { Vit } from "../../src/encoders/vit.ts";
import { closeTo } from "../../src/graph/testing.ts";
import { concat, constant, input, reshape } from "../../src/graph/primitives.ts";
import type { Tensor as GraphTensor } from "../../src/graph/tensor.ts";
import type { MogaoConfig } from "../../src/model/config.ts";
import { Mogao } from "../../src/model/mogao.ts";
import { rotary } from "../../src/model/positions.ts";
import { ParameterScope, type ParameterInfo } from "../../src/nn/parameters.ts";
import { compileModel } from "../../src/onnx/emit.ts";
import { openRuntime } from "../../src/runtime/open-runtime.ts";
import type { HostTensor, Runtime } from "../../src/runtime/types.ts";
import { diffusersFluxVae } from "../../src/weights/families/flux-vae.ts";
import { qwen2 } from "../../src/weights/families/qwen2.ts";
import { qwen2VlVision } from "../../src/weights/families/qwen2-vl.ts";
import type { KeyMap } from "../../src/weights/key-map.ts";
import { readParameters } from "../../src/weights/read-parameters.ts";
import { openSafetensors } from "../../src/weights/safetensors.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ threads: 1 });
});

const folderOf = (family: string) => fileURLToPath(new URL(`../fixtures/references/${family}`, import.meta.url));

/** Everything that the reference wrote down, as float32. */
async function expectedOf(family: string): Promise<Map<string, { shape: readonly number[]; data: Float32Array }>> {
  const file = await openSafetensors(`${folderOf(family)}/expected.safetensors`);
  const all = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const name of file.names) {
    const { dtype, shape, data } = await file.read(name);
    const values = dtype === "I64" ? Float32Array.from(data as BigInt64Array, Number) : await file.readFloat32(name);
    all.set(name, { shape, data: values });
  }
  await file.close();
  return all;
}

/** Runs a graph with the weights of a checkpoint. */
async function computed(
  family: string,
  map: KeyMap,
  parameters: readonly ParameterInfo[],
  outputs: Readonly<Record<string, GraphTensor>>,
  feeds: Readonly<Record<string, HostTensor>> = {},
): Promise<Record<string, HostTensor>> {
  const weights = await readParameters(folderOf(family), parameters, { map });
  const program = await runtime.load(compileModel(outputs).bytes);
  const named = new Map(parameters.map(({ name, shape }) => [name, shape]));
  const wanted = program.inputNames.filter((name) => named.has(name));
  const parts = wanted.map((name): [string, HostTensor] => [
    name,
    { type: "float32", shape: named.get(name)!, data: weights.get(name)! },
  ]);
  const results = await program.run({ ...Object.fromEntries(parts), ...feeds });
  program.dispose();
  return results;
}

/** 1e-4 of the largest number there. */
function expectClose(found: HostTensor | undefined, expected: { shape: readonly number[]; data: Float32Array }) {
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const values = { shape: expected.shape, data: Float64Array.from(expected.data) };
  const own = { shape: expected.shape, data: Float64Array.from(found!.data as Float32Array) };
  closeTo(own, values, { relative: 1e-4, absolute: 1e-4 * largest });
}

describe("Qwen2", () => {
  const family = "qwen2";
  test("hidden states of every layer, logits and greedy text", async () => {
    const theirs = (await readJson(`${folderOf(family)}/config.json`)) as Record<string, number>;
    const config: MogaoConfig = {
      hiddenSize: theirs["hidden_size"]!,
      layers: theirs["num_hidden_layers"]!,
      heads: theirs["num_attention_heads"]!,
      kvHeads: theirs["num_key_value_heads"]!,
      headSize: theirs["hidden_size"]! / theirs["num_attention_heads"]!,
      ffnSize: theirs["intermediate_size"]!,
      vocabularySize: theirs["vocab_size"]!,
      rmsNormEpsilon: theirs["rms_norm_eps"]!,
      ropeTheta: 1e6,
      rope: "interleaved",
      fusion: "deep",
      imageContext: "vit+vae",
      latentSize: 4,
      conditionSize: 8,
      timeScale: 1000,
    };
    const expected = await expectedOf(family);
    const greedy = [...expected.get("greedy")!.data];
    const prompt = [...expected.get("ids")!.data];
    const scope = new ParameterScope();
    const model = new Mogao(scope.at("mogao"), config);
    const text = scope.all.filter(({ name }) => /embed_tokens|\.text\.|mogao\.norm\./.test(name));

    /** The text branch layer by layer, as Mogao.forward runs it. */
    const layers = (ids: readonly number[]) => {
      const positions = constant(Float32Array.from(ids.flatMap((_, i) => [i, i, i])), [1, ids.length, 1, 3]);
      const mask = ids.flatMap((_, row) => ids.map((__, column) => (column > row ? -1e9 : 0)));
      const context = {
        rotary: rotary(positions, config),
        bias: constant(Float32Array.from(mask), [1, 1, ids.length, ids.length]),
      };
      const hidden = [model.embedText(constant(ids, [1, ids.length], "int"))];
      for (const block of model.blocks) hidden.push(block.forward({ text: hidden.at(-1)! }, context).rows.text!);
      hidden.push(model.norm.forward(hidden.pop()!));
      return { hidden, logits: model.logits(reshape(hidden.at(-1)!, [ids.length, config.hiddenSize])) };
    };
    const first = layers(prompt);
    const found = await computed(family, qwen2, text, {
      logits: first.logits,
      ...Object.fromEntries(first.hidden.map((tensor, i) => [`hidden.${i}`, concat([tensor], 1)])),
    });
    for (let i = 0; i <= config.layers; i++) expectClose(found[`hidden.${i}`], expected.get(`hidden.${i}`)!);
    expectClose(found["logits"], expected.get("logits")!);

    const written: number[] = [];
    while (written.length < greedy.length) {
      const { logits } = await computed(family, qwen2, text, { logits: layers([...prompt, ...written]).logits });
      const last = (logits!.data as Float32Array).subarray(-config.vocabularySize);
      written.push(last.indexOf(Math.max(...last)));
    }
    expect(written).toEqual(greedy);
  });
});

test("Qwen2-VL's vision transformer", async () => {
  const family = "qwen2-vl-vision";
  const theirs = (await readJson(`${folderOf(family)}/config.json`)) as Record<string, number>;
  const expected = await expectedOf(family);
  const [rows, columns] = expected.get("grid")!.data as unknown as [number, number];
  const scope = new ParameterScope();
  const vit = new Vit(scope.at("vit"), {
    size: theirs["embed_dim"]!,
    layers: theirs["depth"]!,
    heads: theirs["num_heads"]!,
    mlpSize: theirs["embed_dim"]! * theirs["mlp_ratio"]!,
    patch: theirs["patch_size"]!,
    merge: theirs["spatial_merge_size"]!,
    temporalPatch: theirs["temporal_patch_size"]!,
    outSize: theirs["hidden_size"]!,
  });
  const pixels = expected.get("pixels")!;
  const patches = input("patches", [1, rows * columns, vit.patchSize]);
  const positions = constant(patchPositions({ rows, columns }, 2), [1, rows * columns, 1, 2]);
  const found = await computed(
    family,
    qwen2VlVision,
    scope.all,
    { tokens: vit.forward(patches, positions) },
    { patches: { type: "float32", shape: [1, ...pixels.shape], data: pixels.data } },
  );
  expectClose(found["tokens"], expected.get("tokens")!);
});

test("FLUX's autoencoder, as diffusers has it", async () => {
  const family = "flux-vae-diffusers";
  const theirs = (await readJson(`${folderOf(family)}/config.json`)) as Record<string, number>;
  const config: VaeConfig = {
    ...fluxVaeConfig,
    channels: 4,
    multipliers: [1, 2, 4, 4],
    latentChannels: theirs["latent_channels"]!,
    groups: theirs["norm_num_groups"]!,
  };
  const vae = new Vae(config);
  const expected = await expectedOf(family);
  const pixels = expected.get("pixels")!;
  const z = expected.get("z")!;
  const { mean, logVariance } = vae.encode(input("pixels", pixels.shape));
  const found = await computed(
    family,
    diffusersFluxVae,
    vae.parameters,
    { mean, logVariance, decoded: vae.decode(input("z", z.shape)) },
    {
      pixels: { type: "float32", shape: pixels.shape, data: pixels.data },
      z: { type: "float32", shape: z.shape, data: z.data },
    },
  );
  expectClose(found["mean"], expected.get("mean")!);
  expectClose(found["logVariance"], expected.get("logvar")!);
  expectClose(found["decoded"], expected.get("decoded")!);
});
