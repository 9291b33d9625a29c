/**
 * Odd picture files, decoded, resized and cut into patches, against Pillow, BAGEL's own transforms and transformers' image processor:
 * tests/fixtures/references/make_preprocessing.py made what is compared with.
 */
import { describe, expect, test } from "vitest";
import { readJson } from "../../src/core/json-file.ts";
import { InputError } from "../../src/core/errors.ts";
import type { RgbImage } from "../../src/core/image.ts";
import { readImage } from "../../src/encoders/image-file.ts";
import { gridSize, imageToPlanes, toGrid, type ChannelValues } from "../../src/encoders/preprocessing.ts";
import { resizeImage } from "../../src/encoders/resize.ts";
import { sizeWithinSides } from "../../src/encoders/side-bounds.ts";
import { cutPatches, patchOrder } from "../../src/encoders/vit-patches.ts";
import { qwen2VlVisionConfig } from "../../src/weights/families/qwen2-vl.ts";
import { expectedOf, referenceFolder, type Reference } from "../support/reference-checkpoints.ts";

const folder = referenceFolder("preprocessing");
type Size = readonly [width: number, height: number];
const { rows } = (await readJson(`${folder}/sizes.json`)) as {
  rows: [picture: Size, bagelVae: Size, bagelVit: Size, qwen: Size | null][];
};
const expected = await expectedOf("preprocessing");
const files = [...expected.keys()].filter((key) => key.endsWith(".rgb")).map((key) => key.slice(0, -".rgb".length));

describe("sizes with the real settings", () => {
  const maxPixels = 14 * 14 * 9 * 1024;
  const of = ({ width, height }: { width: number; height: number }): Size => [width, height];

  test.each(rows)("%j", ([width, height], vae, vit, qwen) => {
    const size = { width, height };
    expect(of(sizeWithinSides(size, { multiple: 16, maxSide: 1024, minSide: 512, maxPixels }))).toEqual(vae);
    expect(of(sizeWithinSides(size, { multiple: 14, maxSide: 980, minSide: 224, maxPixels }))).toEqual(vit);
    const smart = () => of(gridSize(size, { multiple: 28, minPixels: 56 * 56, maxPixels: 28 * 28 * 1280 }));
    if (qwen) expect(smart()).toEqual(qwen);
    else expect(smart).toThrow(InputError);
  });
});

/** The values of a picture or its patches, all within `tolerance` of the reference's. */
function expectWithin(found: ArrayLike<number>, { data }: Reference, tolerance: number): void {
  expect(found.length).toBe(data.length);
  const largest = data.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
  expect(largest).toBeLessThanOrEqual(tolerance);
}

describe("pictures are read as Pillow reads them", () => {
  test.each(files)("%s", async (name) => {
    const image = await readImage(`${folder}/files/${name}`);
    const rgb = expected.get(`${name}.rgb`)!;
    expect([image.height, image.width, 3]).toEqual(rgb.shape);
    // JPEG decoders may round the cosine transform differently.
    expectWithin(image.data, rgb, name.endsWith(".jpg") ? 2 : 0);
  });
});

const decoded = (name: string): RgbImage => {
  const { shape, data } = expected.get(`${name}.rgb`)!;
  return { width: shape[1]!, height: shape[0]!, data: Uint8Array.from(data) };
};

test.each(files.filter((name) => expected.has(`${name}.bagel`)))("BAGEL's ImageTransform: %s", (name) => {
  const image = decoded(name);
  const { width, height } = sizeWithinSides(image, { multiple: 8, maxSide: 48, minSide: 24, maxPixels: 40 * 40 });
  const reference = expected.get(`${name}.bagel`)!;
  expect([3, height, width]).toEqual(reference.shape);
  const planes = imageToPlanes(resizeImage(image, width, height), [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]);
  // As bytes: one step of 255 apart would be 1.
  expectWithin(
    planes.map((value) => (value * 0.5 + 0.5) * 255),
    reference,
    1e-3,
  );
});

test.each(files.filter((name) => expected.has(`${name}.qwen`)))("Qwen2-VL's image processor: %s", (name) => {
  const vision = { depth: 1, embed_dim: 8, num_heads: 1, mlp_ratio: 1, hidden_size: 8 };
  const cut = { patch_size: 4, spatial_merge_size: 2, temporal_patch_size: 1 };
  const config = qwen2VlVisionConfig({ ...vision, ...cut }, "config.json");
  const image = toGrid(decoded(name), { multiple: 8, minPixels: 20 * 20, maxPixels: 40 * 40 });
  const grid = { rows: image.height / 4, columns: image.width / 4 };
  expect([grid.rows, grid.columns]).toEqual([...expected.get(`${name}.grid`)!.data]);
  const planes = imageToPlanes(image, config.mean as ChannelValues, config.deviation as ChannelValues);
  // The reference is kept as float16; one step of 255 would be 0.015.
  expectWithin(cutPatches(planes, grid, patchOrder(grid, config), config), expected.get(`${name}.qwen`)!, 1.5e-3);
});
