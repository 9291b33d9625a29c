/**
 * Our visual encoders against BAGEL's own code, transformers and diffusers, on tiny random checkpoints with the real key names:
 * tests/fixtures/references/make.py and make_vision.py made what is compared with.
 */
import { test } from "vitest";
import { readJson } from "../../src/core/json-file.ts";
import { fluxVaeConfig, type FluxVaeConfig } from "../../src/encoders/vae-config.ts";
import { Vae } from "../../src/encoders/vae.ts";
import { createVae } from "../../src/encoders/autoencoder.ts";
import { VitCodec, type VitCodecConfig } from "../../src/encoders/vit-codec.ts";
import { createVit } from "../../src/encoders/vision-transformer.ts";
import { patchOrder, patchPositions } from "../../src/encoders/vit-patches.ts";
import { constant, input } from "../../src/graph/primitives.ts";
import { ParameterScope } from "../../src/nn/parameters.ts";
import { diffusersFluxVae } from "../../src/weights/families/flux-vae.ts";
import { qwen2VlVision, qwen2VlVisionConfig } from "../../src/weights/families/qwen2-vl.ts";
import { readWanVae } from "../../src/weights/families/wan-vae.ts";
import { bagelSiglip, bagelSiglipConfig } from "../../src/weights/families/siglip.ts";
import type { KeyMap } from "../../src/weights/key-map.ts";
import { readParameters } from "../../src/weights/read-parameters.ts";
import {
  computed,
  expectClose,
  expectedOf,
  feed,
  referenceFolder,
  run,
  runtime,
  type Reference,
} from "../support/reference-checkpoints.ts";

const configOf = async (family: string) => {
  const path = `${referenceFolder(family)}/config.json`;
  return [await readJson(path), path] as const;
};

/** Tokens of the picture "image" by the whole codec, where no resizing is needed. */
async function tokensOf(family: string, map: KeyMap, config: VitCodecConfig, image: Reference): Promise<Float32Array> {
  const scope = new ParameterScope();
  createVit(scope.at("vit"), config);
  const weights = await readParameters(referenceFolder(family), scope.all, { map });
  const codec = await VitCodec.open(runtime, config, weights, { tokenSide: config.patch * config.merge });
  const [height, width] = image.shape as [number, number];
  const tokens = await codec.encode([{ width, height, data: Uint8Array.from(image.data) }]);
  codec.dispose();
  return tokens;
}

test("Qwen2-VL's vision transformer", async () => {
  const family = "qwen2-vl-vision";
  const config = qwen2VlVisionConfig(...(await configOf(family)));
  const expected = await expectedOf(family);
  const [rows, columns] = expected.get("grid")!.data as unknown as [number, number];
  const scope = new ParameterScope();
  const vit = createVit(scope.at("vit"), config);
  const pixels = expected.get("pixels")!;
  const patches = input("patches", [1, rows * columns, vit.patchSize]);
  const positions = constant(patchPositions(patchOrder({ rows, columns }, config)), [1, rows * columns, 1, 2]);
  const found = await computed(
    family,
    qwen2VlVision,
    scope.all,
    { tokens: vit.forward(patches, positions) },
    { patches: { type: "float32", shape: [1, ...pixels.shape], data: pixels.data } },
  );
  expectClose(found["tokens"], expected.get("tokens")!);
});

test.each(["even", "odd"])("Qwen2.5-VL's vision transformer: %s windows", async (windows) => {
  const family = "qwen2.5-vl-vision";
  const config = qwen2VlVisionConfig(...(await configOf(family)));
  const expected = await expectedOf(family);
  const tokens = await tokensOf(family, qwen2VlVision, config, expected.get(`${windows}.image`)!);
  expectClose(tokens, expected.get(`${windows}.tokens`)!);
});

test("BAGEL's SigLIP", async () => {
  const family = "bagel-siglip";
  const config = bagelSiglipConfig(...(await configOf(family)));
  const expected = await expectedOf(family);
  expectClose(await tokensOf(family, bagelSiglip, config, expected.get("image")!), expected.get("tokens")!);
});

test("Wan2.2's autoencoder, for single images", async () => {
  const family = "wan2.2-vae-diffusers";
  const { config, weights } = await readWanVae(referenceFolder(family));
  const vae = createVae(config);
  const expected = await expectedOf(family);
  const [pixels, z] = [expected.get("pixels")!, expected.get("z")!];
  const { mean, logVariance } = vae.encode(input("pixels", pixels.shape));
  const found = await run(
    vae.parameters,
    weights,
    { mean, logVariance, decoded: vae.decode(input("z", z.shape)) },
    { pixels: feed(pixels), z: feed(z) },
  );
  expectClose(found["mean"], expected.get("mean")!);
  expectClose(found["logVariance"], expected.get("logvar")!);
  expectClose(found["decoded"], expected.get("decoded")!);
});

test("FLUX's autoencoder, as diffusers has it", async () => {
  const family = "flux-vae-diffusers";
  const theirs = (await readJson(`${referenceFolder(family)}/config.json`)) as Record<string, number>;
  const config: FluxVaeConfig = {
    ...fluxVaeConfig,
    channels: 4,
    multipliers: [1, 2, 4, 4],
    latentChannels: theirs["latent_channels"]!,
    groups: theirs["norm_num_groups"]!,
  };
  const vae = new Vae(config);
  const expected = await expectedOf(family);
  const [pixels, z] = [expected.get("pixels")!, expected.get("z")!];
  const { mean, logVariance } = vae.encode(input("pixels", pixels.shape));
  const found = await computed(
    family,
    diffusersFluxVae,
    vae.parameters,
    { mean, logVariance, decoded: vae.decode(input("z", z.shape)) },
    { pixels: feed(pixels), z: feed(z) },
  );
  expectClose(found["mean"], expected.get("mean")!);
  expectClose(found["logVariance"], expected.get("logvar")!);
  expectClose(found["decoded"], expected.get("decoded")!);
});
