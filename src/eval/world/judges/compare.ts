import { join, relative } from "node:path";
import { z } from "zod";
import { writeBytesAtomic, writeJsonAtomic } from "../../../core/atomic-file.ts";
import { InputError } from "../../../core/errors.ts";
import type { RgbImage } from "../../../core/image.ts";
import { readJson } from "../../../core/json-file.ts";
import { schemaProblems } from "../../../core/schema-problems.ts";
import type { Philox } from "../../../core/random.ts";
import { SpriteBank } from "../../../data/world/sprite-bank.ts";
import type { ConceptSet } from "../../../data/world/world-config.ts";
import type { VaeCodec } from "../../../encoders/vae-codec.ts";
import { IMAGE_SIZE } from "../evaluate.ts";
import { SUITES, type EvaluationItem } from "../item.ts";
import { JUDGES } from "../judge.ts";
import { openVae, reconstruct } from "../reconstruct.ts";
import { itemsOf } from "../suites.ts";
import { openJudge } from "../world-eye.ts";
import { judgeDrawings, PICTURE_SUITES } from "./agreement.ts";
import { comparisonMarkdown, disagreementsHtml, type JudgeComparison } from "./comparison.ts";
import { impostorTrial } from "./impostor-trial.ts";
import { truthTrial } from "./truth-trial.ts";

export interface ComparisonOptions {
  /** Most items of a suite, and pictures of each kind of impostor. */
  readonly limit: number;
  readonly concepts: ConceptSet;
  /** Of the model whose autoencoder pictures go through. */
  readonly modelFolder: string;
  /** Of an earlier evaluation, whose drawings are judged, too. */
  readonly results?: string | undefined;
  /** Folder for `judges.json`, `judges.md` and, with `results`, `judges.html`. */
  readonly out: string;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

/** How far a drawing that is half denoised is: x_t = (1 − t)·x + t·noise. */
const HALF = 0.5;

/**
 * Measures all judges on right pictures, on impostors and on a model's drawings, and writes what was found.
 * @throws InputError where `results` is no folder of an evaluation
 */
export async function compareJudges(
  options: ComparisonOptions,
): Promise<JudgeComparison & { readonly markdown: string }> {
  const { limit, concepts, modelFolder, results, out, signal, onProgress } = options;
  const bank = await SpriteBank.open();
  const drawn = results === undefined ? [] : await itemsOfResults(results, bank);
  const vae = await openVae(modelFolder);
  const judges = await Promise.all(JUDGES.map((name) => openJudge(name, bank)));
  const progress = (what: string) => {
    signal.throwIfAborted();
    onProgress(what);
  };
  try {
    const items = SUITES.flatMap((suite) => itemsOf(suite, { bank, concepts, imageSize: IMAGE_SIZE }, limit));
    const truth = await truthTrial(judges, items, bank, {
      ...(vae && { reconstruct: (image) => reconstruct(vae, image) }),
      onItem: (done) => progress(`right pictures ${done}/${items.length}`),
    });
    const impostors = await impostorTrial(judges, bank, limit, {
      ...(vae && { halfDrawn: (image, random) => halfDenoised(vae, image, random) }),
      onKind: (kind) => progress(`impostors: ${kind}`),
    });
    const drawings =
      results === undefined ? [] : await judgeDrawings(judges, drawn, results, (done) => progress(`drawings ${done}`));
    const comparison: JudgeComparison = { judges: judges.map(({ id }) => id), truth, impostors, drawings };
    const markdown = comparisonMarkdown(comparison);
    await writeJsonAtomic(join(out, "judges.json"), comparison);
    await writeBytesAtomic(join(out, "judges.md"), markdown);
    if (results !== undefined)
      await writeBytesAtomic(
        join(out, "judges.html"),
        disagreementsHtml(comparison, (file) => relative(out, file)),
      );
    return { ...comparison, markdown };
  } finally {
    for (const judge of judges) judge.dispose();
    vae?.dispose();
  }
}

const settingsSchema = z.object({
  concepts: z.union([z.enum(["curated", "all"]), z.array(z.string())]),
  styles: z.array(z.string()).optional(),
  imageSize: z.int().positive().default(IMAGE_SIZE),
});

/** The items of a folder of results, as its settings say, whose drawings can be judged again. */
async function itemsOfResults(folder: string, bank: SpriteBank): Promise<EvaluationItem[]> {
  const path = join(folder, "settings.json");
  const settings = settingsSchema.safeParse(await readJson(path));
  if (!settings.success) throw new InputError(`${path}: ${schemaProblems(settings.error)}`);
  return PICTURE_SUITES.flatMap((suite) => itemsOf(suite, { bank, ...settings.data }));
}

async function halfDenoised(vae: VaeCodec, image: RgbImage, random: Philox): Promise<RgbImage> {
  const tokens = await vae.encode([image]);
  const noise = random.fillNormal(new Float32Array(tokens.length));
  const mixed = tokens.map((value, i) => (1 - HALF) * value + HALF * noise[i]!);
  return vae.decode(mixed, image.width, image.height);
}
