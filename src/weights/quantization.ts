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

const LARGEST_BLOCK = 256;

const formatSchema = z.strictObject({
  bits: z.union([z.literal(4), z.literal(8)]),
  block: z
    .int()
    .min(SMALLEST_BLOCK)
    .max(LARGEST_BLOCK)
    .refine((block) => Number.isInteger(Math.log2(block)), "a power of two"),
});
export const quantizationSchema = z.partialRecord(z.enum(modelParts), formatSchema);
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
 * Reads `FORMAT`, `PART=FORMAT,…` or `FORMAT,PART=FORMAT,…`, where a format may name its block: `int4:128`. A format alone is that
 * of both branches; the ViT, embeddings and modulation then have 8 bits unless it is `float`. Throws InputError.
 */
export function parseQuantization(text: string): ModelQuantization {
  const chosen = new Map<ModelPart, Quantization | undefined>();
  for (const [i, item] of text.split(",").entries()) {
    const equals = item.indexOf("=");
    if (equals >= 0 || i > 0) {
      const part = expectOneOf(item.slice(0, Math.max(0, equals)), modelParts, text);
      chosen.set(part, parseFormat(item.slice(equals + 1), text));
      continue;
    }
    const format = parseFormat(item, text);
    for (const part of modelParts)
      chosen.set(part, format && (part === "text" || part === "visual" ? format : formats.int8));
  }
  return Object.fromEntries([...chosen].filter(([, format]) => format !== undefined));
}

function parseFormat(word: string, text: string): Quantization | undefined {
  const [name, blockText] = word.split(":", 2) as [string, string?];
  const format = formats[expectOneOf(name, formatNames, text)];
  if (blockText === undefined || format === undefined) return format;
  const { success, data } = formatSchema.safeParse({ bits: format.bits, block: Number(blockText) });
  if (!success)
    throw new InputError(
      `--quantize: expected a block of a power of two from ${SMALLEST_BLOCK} to ${LARGEST_BLOCK}, found ${JSON.stringify(word)}`,
    );
  return data;
}

function expectOneOf<T extends string>(word: string, known: readonly T[], text: string): T {
  const found = known.find((one) => one === word);
  if (found !== undefined) return found;
  throw new InputError(
    `--quantize: expected ${formatNames.join(", ")} or PART=FORMAT with parts ${modelParts.join(", ")}; found ${JSON.stringify(word)} in ${JSON.stringify(text)}`,
  );
}
