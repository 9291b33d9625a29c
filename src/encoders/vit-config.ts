/** Vision transformers by configuration: Qwen2-VL's, Qwen2.5-VL's and SigLIP's. */
import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { schemaProblems } from "../core/schema-problems.ts";

/** Sizes beyond any real model are refused before anything is built from them. */
const count = z
  .int()
  .positive()
  .max(2 ** 24);
const layers = z.int().positive().max(1024);
const threeOrOne = z.union([z.number(), z.tuple([z.number(), z.number(), z.number()]).readonly()]);

const sizes = {
  size: count,
  layers,
  heads: count,
  mlpSize: count,
  /** Pixels a patch side. */
  patch: count,
  /** Width of the tokens that come out. */
  outSize: count,
};

/** What pixels are normalised by, on the 0 … 1 scale: one number, or one for each channel. */
const pixels = { mean: threeOrOne, deviation: threeOrOne };

const qwen = {
  ...sizes,
  architecture: z.literal("qwen").optional(),
  /** Patches a token side. */
  merge: count,
  /** Equal frames that a still image stands for. */
  temporalPatch: count,
  /** LayerNorm in Qwen2-VL, RMSNorm in Qwen2.5-VL. */
  norm: z.enum(["layer", "rms"]).optional(),
  mlp: z.enum(["quick-gelu", "swiglu"]).optional(),
  /** Attention within squares of `side` patches, but for the blocks `full`; everywhere full where absent. */
  windows: z
    .strictObject({ side: count, full: z.array(z.int().min(0)).readonly() })
    .readonly()
    .optional(),
};

const siglip = {
  ...sizes,
  architecture: z.literal("siglip"),
  /** A token is a patch, of one frame. */
  merge: z.literal(1),
  temporalPatch: z.literal(1),
  /** Side of the square table of learned positions, in patches: the largest picture. */
  positionsPerSide: count,
};

const qwenVit = z.strictObject(qwen).readonly();
const siglipVit = z.strictObject(siglip).readonly();
export type QwenVitConfig = z.output<typeof qwenVit>;
export type SiglipVitConfig = z.output<typeof siglipVit>;
export type VitConfig = QwenVitConfig | SiglipVitConfig;

/** The architecture, and what pixels are normalised by, as a model folder's config.json says it. */
export const vitSchema = z.discriminatedUnion("architecture", [
  z
    .strictObject({ ...qwen, ...pixels })
    .readonly()
    .refine(({ windows, merge }) => (windows?.side ?? merge) % merge === 0, {
      path: ["windows", "side"],
      error: "expected a multiple of merge",
    }),
  z
    .strictObject({ ...siglip, ...pixels })
    .readonly()
    .refine(({ size, outSize }) => outSize === size, { path: ["outSize"], error: "expected size, SigLIP's own width" }),
]);

/** Checks what a config file says; `where` names the file. Throws InputError. */
export function parseVitConfig(value: unknown, where: string): z.output<typeof vitSchema> {
  const parsed = vitSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(`${where}: not the configuration of a vision transformer: ${schemaProblems(parsed.error)}`);
}
