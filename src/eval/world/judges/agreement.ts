/** Judges on what a model drew in an earlier evaluation. */
import { join } from "node:path";
import { readJsonLines } from "../../../core/json-lines.ts";
import { readImage } from "../../../encoders/image-file.ts";
import { grade } from "../grade.ts";
import type { EvaluationItem, Suite } from "../item.ts";
import type { Detection, WorldJudge } from "../judge.ts";
import type { ItemResult } from "../run-suite.ts";
import { viewsOf } from "../view.ts";

/** Suites whose answers are right by their first picture alone. */
export const PICTURE_SUITES: readonly Suite[] = ["single", "two", "counting", "colour", "relation", "binding", "edit"];

export interface JudgedDrawing {
  readonly id: string;
  readonly suite: Suite;
  readonly prompt: string;
  /** Path of the picture. */
  readonly file: string;
  /** Of each judge, in their order: whether the drawing is right, and what is in it. */
  readonly verdicts: readonly { readonly right: boolean; readonly detections: readonly Detection[] }[];
}

/**
 * What each judge says of the drawings of a folder of results. `items` are those of the evaluation; of others, and of those without a picture,
 * nothing is said.
 */
export async function judgeDrawings(
  judges: readonly WorldJudge[],
  items: readonly EvaluationItem[],
  folder: string,
  onItem?: (done: number) => void,
): Promise<JudgedDrawing[]> {
  const results = (await readJsonLines(join(folder, "items.jsonl"))) as readonly ItemResult[];
  const byId = new Map(items.map((item) => [item.id, item]));
  const judged: JudgedDrawing[] = [];
  for (const { id, suite, prompt, seed, text, drew, pictures } of results) {
    const item = byId.get(id);
    if (!item || item.seed !== seed || pictures.length === 0) continue;
    onItem?.(judged.length);
    const file = join(folder, pictures[0]!.file);
    const image = await readImage(file);
    const verdicts = [];
    for (const judge of judges) {
      const views = await viewsOf(judge, [image]);
      const { right } = grade(item.expected, { text, drew, stopped: true, views });
      verdicts.push({ right, detections: views[0]!.detections });
    }
    judged.push({ id, suite, prompt, file, verdicts });
  }
  return judged;
}
