import { join } from "node:path";
import { writeBytesAtomic, writeJsonAtomic } from "../../core/atomic-file.ts";
import type { Mogao } from "../../generate/types.ts";
import { markdownTable } from "../markdown-table.ts";
import { evaluateWorld, type EvaluationState } from "../world/evaluate.ts";
import { openWorldEye, STUDY_JUDGE } from "../world/world-eye.ts";
import type { ReportRow } from "../world/report.ts";

export interface GuidanceStudyOptions {
  readonly modelFolder: string;
  readonly load: () => Promise<Mogao>;
  readonly limit: number;
  readonly steps?: number;
  readonly out: string;
  /** Default: {@link guidanceGrid}. */
  readonly grid?: readonly GuidanceCell[];
  readonly onProgress?: (cell: GuidanceCell, state: EvaluationState) => void;
  readonly signal: AbortSignal;
}

export interface GuidanceCell {
  /** γ of Eq. 11. */
  readonly guidance: number;
  /** γ_img; equal to γ it is Eq. 10. */
  readonly imageGuidance: number;
}

export interface GuidanceRow extends GuidanceCell {
  /** Shares over the suites `edit` and `next` together, but for `rest kept`, which only edits have. */
  readonly right: number;
  readonly changed: number;
  readonly kept: number;
  /** Answers that show the last picture once more: the stagnation that Sec. 3.1 warns of. */
  readonly repeated: number;
  readonly items: number;
}

/** γ, and γ_img from none to as strong as γ; the paper's are 7.5 and 1.5. */
const GUIDANCE = [1, 2.5, 4, 7.5];
const IMAGE_GUIDANCE = [1, 1.5, 3];

/** The cells of the grid: for each γ the γ_img below it, and γ itself. */
export function guidanceGrid(): GuidanceCell[] {
  return GUIDANCE.flatMap((guidance) =>
    [...IMAGE_GUIDANCE.filter((imageGuidance) => imageGuidance < guidance), guidance].map((imageGuidance) => ({
      guidance,
      imageGuidance,
    })),
  );
}

/** How a model edits and goes on with courses of pictures under each guidance; writes `results.json` and `table.md`. */
export async function runGuidanceStudy(options: GuidanceStudyOptions): Promise<GuidanceRow[]> {
  const { modelFolder, load, limit, steps, out, grid = guidanceGrid(), onProgress, signal } = options;
  const eye = await openWorldEye(STUDY_JUDGE);
  const rows: GuidanceRow[] = [];
  for (const cell of grid) {
    const { report } = await evaluateWorld({
      suites: ["edit", "next"],
      limit,
      concepts: "curated",
      modelFolder,
      load,
      generate: { ...cell, ...(steps !== undefined && { steps }) },
      eye,
      out: join(out, `guidance-${cell.guidance}-${cell.imageGuidance}`),
      signal,
      ...(onProgress && { onProgress: (state) => onProgress(cell, state) }),
    });
    const share = (part: string | null) => shareOf(report.rows.filter((row) => row.part === part));
    rows.push({
      ...cell,
      right: share(null),
      changed: share("change made"),
      kept: share("rest kept"),
      repeated: 1 - share("moves on"),
      items: report.items,
    });
  }
  await writeJsonAtomic(join(out, "results.json"), rows);
  await writeBytesAtomic(join(out, "table.md"), guidanceMarkdown(rows));
  return rows;
}

/** Over the items of all rows. */
function shareOf(rows: readonly ReportRow[]): number {
  const items = rows.reduce((sum, { model }) => sum + model.of, 0);
  return rows.reduce((sum, { model }) => sum + model.right, 0) / Math.max(1, items);
}

export function guidanceMarkdown(rows: readonly GuidanceRow[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  return [
    "# Guidance (Eq. 10, Eq. 11)",
    "",
    ...markdownTable([
      ["γ", "γ_img", "right", "change made", "rest kept", "repeats", "items"],
      ...rows.map(({ guidance, imageGuidance, right, changed, kept, repeated, items }) => [
        String(guidance),
        guidance === imageGuidance ? `${imageGuidance} (Eq. 10)` : String(imageGuidance),
        percent(right),
        percent(changed),
        percent(kept),
        percent(repeated),
        String(items),
      ]),
    ]),
    "",
    "Edits and next frames. Change made and rest kept: of edits alone. Repeats: the last picture once more.",
    "",
  ].join("\n");
}
