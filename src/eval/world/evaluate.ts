import { join } from "node:path";
import { writeBytesAtomic, writeJsonAtomic } from "../../core/atomic-file.ts";
import type { RgbImage } from "../../core/image.ts";
import type { WorldConfig } from "../../data/world/world-config.ts";
import type { GenerateOptions, Mogao } from "../../generate/types.ts";
import { claimFolder, fingerprint } from "../results-folder.ts";
import type { Suite } from "./item.ts";
import type { JudgeName } from "./judge.ts";
import { reportHtml } from "./html.ts";
import { openVae, reconstruct } from "./reconstruct.ts";
import { reportMarkdown, reportOf, type Report } from "./report.ts";
import { runItems, type ItemResult } from "./run-suite.ts";
import { writeSheet } from "./sheet.ts";
import { itemsOf } from "./suites.ts";
import { openWorldEye, type WorldEye } from "./world-eye.ts";

export interface WorldEvaluation {
  readonly suites: readonly Suite[];
  /** Most items of a suite. */
  readonly limit?: number;
  readonly concepts: NonNullable<WorldConfig["concepts"]>;
  /** Default: all that training knows. */
  readonly styles?: readonly string[];
  /** Side of the pictures that prompts show and that the judge is measured on, in pixels; default 96. */
  readonly imageSize?: number;
  /** Folder of the model, whose weights name the default folder of results. */
  readonly modelFolder: string;
  readonly load: () => Promise<Mogao>;
  readonly generate: Pick<GenerateOptions, "steps" | "guidance" | "imageGuidance">;
  /** To share between evaluations, which then prepare it once. Default: one of the evaluation's own, with the default judge. */
  readonly eye?: WorldEye;
  /** Of an eye of the evaluation's own. */
  readonly judge?: JudgeName;
  /** Default: a folder of its own for these weights and settings, below {@link RESULTS}. */
  readonly out?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (state: EvaluationState) => void;
}

/** How far a run is, before each item. */
export interface EvaluationState {
  readonly suite: Suite;
  readonly items: number;
  readonly results: readonly ItemResult[];
  readonly reused: number;
}

export interface WorldEvaluationResult {
  readonly report: Report;
  readonly markdown: string;
  /** Paths of what was written. */
  readonly folder: string;
  readonly sheets: readonly string[];
  /** The report with all prompts, answers and pictures. */
  readonly page: string;
}

/** Where results go. */
export const RESULTS = join("runs", "eval-world");
/** Of the default model: side of the pictures that prompts show and that judges are measured on, in pixels. */
export const IMAGE_SIZE = 96;
/** Enough for the longest answer of training. */
const MOST_TOKENS = 120;

/**
 * Grades a model on suites of Emoji World. What was already done in the folder of results is kept, so that a run may be
 * stopped and gone on with. Throws InputError where the folder holds results of other weights or settings.
 */
export async function evaluateWorld(evaluation: WorldEvaluation): Promise<WorldEvaluationResult> {
  const { suites, concepts, styles, imageSize, modelFolder, generate, limit, signal, onProgress } = evaluation;
  const weights = await fingerprint(modelFolder);
  const eye = evaluation.eye ?? (await openWorldEye(evaluation.judge));
  const { bank, judge } = eye;
  const settings = {
    weights,
    judge: judge.id,
    concepts,
    ...(styles && { styles }),
    ...(imageSize !== undefined && { imageSize }),
    ...generate,
  };
  const folder = evaluation.out ?? join(RESULTS, Object.values(settings).join("-"));
  const world = { bank, concepts, styles, imageSize: imageSize ?? IMAGE_SIZE };
  const vae = await openVae(modelFolder);
  const results: ItemResult[] = [];
  const sheets: string[] = [];
  const model = await evaluation.load();
  try {
    await claimFolder(folder, settings);
    for (const suite of suites) {
      const items = itemsOf(suite, world, limit);
      const own = await runItems({
        model,
        judge,
        bank,
        items,
        folder,
        generate: { ...generate, temperature: 0, maxTokens: MOST_TOKENS },
        ...(vae && { reconstruct: (image: RgbImage) => reconstruct(vae, image) }),
        ...(signal && { signal }),
        onProgress: (done, reused) => onProgress?.({ suite, items: items.length, results: done, reused }),
      });
      results.push(...own);
      const sheet = await writeSheet(folder, own);
      if (sheet !== null) sheets.push(sheet);
    }
  } finally {
    model.dispose();
    vae?.dispose();
    if (eye !== evaluation.eye) judge.dispose();
  }
  const report = reportOf(results, settings, judge.description);
  const markdown = reportMarkdown(report);
  await writeJsonAtomic(join(folder, "report.json"), report);
  await writeBytesAtomic(join(folder, "report.md"), markdown);
  await writeBytesAtomic(join(folder, "report.html"), reportHtml(report, results));
  return { report, markdown, folder, sheets, page: join(folder, "report.html") };
}
