/** What a model folder's config.json says; checked when it is read. */
import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { schemaProblems } from "../core/schema-problems.ts";
import { vitSchema } from "../encoders/vit-config.ts";
import { parseVaeConfig, vaeTokenSide, vaeTokenSize, type VaeConfig } from "../encoders/vae-config.ts";
import { generationSchema } from "./generation-config.ts";
import { vitTokenSize } from "../model/config.ts";
import { quantizationSchema } from "./quantization.ts";

/** Version of the folder's layout. */
export const FORMAT = 1;

/** Sizes beyond any real model are refused before anything is built from them. */
const count = z
  .int()
  .positive()
  .max(2 ** 24);
const layers = z.int().positive().max(1024);
const positive = z.number().positive();

const positionTable = z.strictObject({ side: z.int().positive().max(1024), axes: z.enum(["WH", "THW"]) });

const mogaoSchema = z.strictObject({
  hiddenSize: count,
  layers,
  heads: count,
  kvHeads: count,
  headSize: count,
  ffnSize: count,
  vocabularySize: count,
  rmsNormEpsilon: positive,
  ropeTheta: positive,
  rope: z.enum(["interleaved", "mrope", "1d"]),
  ropeSections: z.tuple([count, count, count]).readonly().optional(),
  fusion: z.enum(["deep", "shared"]),
  imageContext: z.enum(["vit+vae", "vae", "none"]),
  latentSize: count,
  conditionSize: count,
  timeScale: positive,
  timeConditioning: z.enum(["adaln-zero", "added"]).optional(),
  dataAtTime: z.literal([0, 1]).optional(),
  queryKeyNorm: z.strictObject({ text: z.boolean(), visual: z.boolean() }).optional(),
  untiedHead: z.boolean().optional(),
  textSeesVae: z.boolean().optional(),
  imageLayout: z
    .strictObject({
      groups: z.enum(["shared", "vae-vit", "vit-vae"]),
      markers: z.enum(["text", "inside"]),
      positions: z.enum(["step", "extent"]),
      vitTime: z.int().min(0).optional(),
      drawsInPlace: z.boolean().optional(),
    })
    .optional(),
  latentTable: positionTable.optional(),
  vitTable: positionTable.optional(),
  connectorSize: count.optional(),
});

/** Of the number of pixels; where both sides are bounded, by BAGEL's rule (side-bounds.ts). */
const pictureBounds = z
  .strictObject({
    minPixels: z.int().min(0).default(0),
    maxPixels: count,
    minSide: count.optional(),
    maxSide: count.optional(),
  })
  .readonly()
  .refine(({ minSide, maxSide }) => (minSide === undefined) === (maxSide === undefined), {
    error: "expected both or neither of minSide and maxSide",
  });

const schema = z.strictObject({
  format: z.literal(FORMAT),
  name: z.string().min(1),
  model: mogaoSchema,
  /** Absent where the VAE alone represents images. */
  vit: vitSchema.optional(),
  /** Absent in a language model. */
  vae: z.unknown().optional(),
  /** Parts whose matrices are stored as codes and scales (docs/checkpoints.md); absent parts are floats. */
  quantization: quantizationSchema.optional(),
  /** Bounds on pictures in prompts, which are resized to fit: those of both encoders, or of the VAE. */
  images: pictureBounds.prefault({ maxPixels: 1024 ** 2 }),
  /** Those of the ViT, where it has a grid of its own; default: the same. */
  vitImages: pictureBounds.optional(),
  generation: generationSchema,
});

/** As written, where what has a default may be absent. */
export type ModelFolderConfigInput = Omit<z.input<typeof schema>, "vae"> & { vae?: VaeConfig | undefined };
/** Checked, with defaults. */
export type ModelFolderConfig = Omit<z.output<typeof schema>, "vae"> & { vae?: VaeConfig | undefined };

/** Checks each field, and that the three networks fit each other. `where` names the file. Throws InputError. */
export function parseModelConfig(value: unknown, where: string): ModelFolderConfig {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new InputError(`${where}: not the configuration of a model: ${schemaProblems(parsed.error)}`);
  }
  const { vae, ...rest } = parsed.data;
  const config: ModelFolderConfig = { ...rest, ...(vae !== undefined && { vae: parseVaeConfig(vae, where) }) };
  const { model, vit } = config;
  const expect: Expect = (condition, path, expected, found) => {
    if (!condition) throw new InputError(`${where}: ${path}: expected ${expected}, found ${String(found)}`);
  };
  expect(model.heads % model.kvHeads === 0, "model.heads", `a multiple of kvHeads = ${model.kvHeads}`, model.heads);
  expect(model.headSize % 2 === 0, "model.headSize", "an even number", model.headSize);
  const sections = model.ropeSections?.reduce((a, b) => a + b, 0) ?? model.headSize / 2;
  expect(
    2 * sections === model.headSize,
    "model.ropeSections",
    `a sum of ${model.headSize / 2}, half a head`,
    sections,
  );
  expect(
    model.timeConditioning !== "added" || model.conditionSize === model.hiddenSize,
    "model.conditionSize",
    `${model.hiddenSize}, the width of the tokens that it is added to`,
    model.conditionSize,
  );
  expect(
    model.imageLayout?.markers !== "inside" || model.imageLayout.groups !== "shared",
    "model.imageLayout",
    "groups of their own for markers inside",
    "groups that are shared",
  );
  expect(
    (config.vae !== undefined) === (model.imageContext !== "none"),
    "vae",
    `one for every imageContext but "none"`,
    config.vae ? "one" : "none",
  );
  expect(
    (vit !== undefined) === (model.imageContext === "vit+vae"),
    "vit",
    `one for imageContext "${model.imageContext}" exactly if it says so`,
    vit ? "one" : "none",
  );
  if (vit) {
    const width = vitTokenSize(model);
    expect(vit.outSize === width, "vit.outSize", `${width}, the width that the model takes`, vit.outSize);
    expect(vit.size % (4 * vit.heads) === 0, "vit.size", `a multiple of 4 × heads = ${4 * vit.heads}`, vit.size);
  }
  if (config.vae) checkPictures(config, config.vae, expect);
  return config;
}

type Expect = (condition: boolean, path: string, expected: string, found: unknown) => void;

/** That pictures fit the grid of the VAE's tokens. */
function checkPictures({ model, generation, images }: ModelFolderConfig, vae: VaeConfig, expect: Expect): void {
  const side = vaeTokenSide(vae);
  const tokenSize = vaeTokenSize(vae);
  expect(model.latentSize === tokenSize, "model.latentSize", `${tokenSize}, a token of the VAE`, model.latentSize);
  expect(images.maxPixels >= side ** 2, "images.maxPixels", `at least one token, ${side ** 2}`, images.maxPixels);
  expect(images.minPixels <= images.maxPixels, "images.minPixels", `at most ${images.maxPixels}`, images.minPixels);
  for (const name of ["width", "height"] as const)
    expect(generation[name] % side === 0, `generation.${name}`, `a multiple of ${side} pixels`, generation[name]);
  const pixels = generation.width * generation.height;
  expect(generation.maxPixels >= pixels, "generation.maxPixels", `at least ${pixels}`, generation.maxPixels);
}
