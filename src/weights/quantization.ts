/** Which parts of a model are quantised, and how: the `quantization` of config.json and the `--quantize` of the command line. */
import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { SMALLEST_BLOCK, type Quantization, type Storage } from "../nn/quantization.ts";

/** Matrices of a part of the model, by their names. All others (velocity head, latent and time embeddings) stay floats. */
const parts = {
  text: /^mogao\.layers\.\d+\.text\..*\.weight$/,
  visual: /^mogao\.layers\.\d+\.visual\..*\.weight$/,
  vit: /^vit\.(?!embeddings\.).*\.weight$/,
  embeddings: /^mogao\.(embed_tokens|lm_head)\.weight$/,
  modulation: /^mogao\.(layers\.\d+\.modulation|final_modulation)\.weight$/,
} as const;
export type ModelPart = keyof typeof parts;
export const modelParts = Object.keys(parts) as readonly ModelPart[];

/** Block lengths by measurement: docs/decisions/quantisation.md. */
const formats = {
  float: undefined,
  int8: { bits: 8, block: 128 },
  int4: { bits: 4, block: 32 },
} as const satisfies Readonly<Record<string, Quantization | undefined>>;
export type WeightFormat = keyof typeof formats;
const formatNames = Object.keys(formats) as readonly WeightFormat[];

/** What a part that is not named gets; the branches' formats are given, the rest is kept higher. */
const restFormats = {
  float: { vit: "float", embeddings: "float", modulation: "float" },
  int8: { vit: "int8", embeddings: "int8", modulation: "int8" },
  int4: { vit: "int8", embeddings: "int8", modulation: "int8" },
} as const satisfies Readonly<Record<WeightFormat, Readonly<Partial<Record<ModelPart, WeightFormat>>>>>;

const LARGEST_BLOCK = 256;

export const quantizationSchema = z.partialRecord(
  z.enum(modelParts),
  z.strictObject({
    bits: z.union([z.literal(4), z.literal(8)]),
    block: z
      .int()
      .min(SMALLEST_BLOCK)
      .max(LARGEST_BLOCK)
      .refine((block) => Number.isInteger(Math.log2(block)), "a power of two"),
  }),
);
export type ModelQuantization = Partial<Record<ModelPart, Quantization>>;

/** How a model's matrices are stored. One whose rows are no multiple of the block stays float. */
export function storageOf(quantization: ModelQuantization | undefined): Storage {
  const rules = Object.entries(quantization ?? {}).map(([part, rule]) => [parts[part as ModelPart], rule] as const);
  return (name, [, columns]) => {
    const rule = rules.find(([pattern]) => pattern.test(name))?.[1];
    return rule && columns % rule.block === 0 ? rule : undefined;
  };
}

/**
 * Reads `FORMAT`, `PART=FORMAT,…` or `FORMAT,PART=FORMAT,…`. A format alone is that of both branches; the ViT, embeddings and
 * modulation then have 8 bits unless it is `float`. Throws InputError.
 */
export function parseQuantization(text: string): ModelQuantization {
  const chosen: Partial<Record<ModelPart, WeightFormat>> = {};
  for (const [i, item] of text.split(",").entries()) {
    const equals = item.indexOf("=");
    if (equals < 0 && i === 0) {
      const format = expectOneOf(item, formatNames, text);
      Object.assign(chosen, { text: format, visual: format }, restFormats[format]);
    } else {
      const part = expectOneOf(item.slice(0, Math.max(0, equals)), modelParts, text);
      chosen[part] = expectOneOf(item.slice(equals + 1), formatNames, text);
    }
  }
  return Object.fromEntries(
    modelParts.flatMap((part) => {
      const rule = formats[chosen[part] ?? "float"];
      return rule ? [[part, rule]] : [];
    }),
  );
}

function expectOneOf<T extends string>(word: string, known: readonly T[], text: string): T {
  const found = known.find((one) => one === word);
  if (found !== undefined) return found;
  throw new InputError(
    `--quantize: expected ${formatNames.join(", ")} or PART=FORMAT with parts ${modelParts.join(", ")}; found ${JSON.stringify(word)} in ${JSON.stringify(text)}`,
  );
}
