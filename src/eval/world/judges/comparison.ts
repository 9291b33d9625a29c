import { escapeHtml, htmlPage } from "../../html-page.ts";
import { markdownTable } from "../../markdown-table.ts";
import type { Share } from "../report.ts";
import type { JudgedDrawing } from "./agreement.ts";
import type { ImpostorRow } from "./impostor-trial.ts";
import type { TruthRow } from "./truth-trial.ts";

/** What is known of some judges, beside each other. */
export interface JudgeComparison {
  readonly judges: readonly string[];
  readonly truth: readonly TruthRow[];
  readonly impostors: readonly ImpostorRow[];
  /** Empty where no drawings were given. */
  readonly drawings: readonly JudgedDrawing[];
}

const percent = ({ share }: Share) => `${(100 * share).toFixed(1)}%`;

/** Tables for people. */
export function comparisonMarkdown({ judges, truth, impostors, drawings }: JudgeComparison): string {
  const named = (row: ImpostorRow) => judges.flatMap((_, i) => [percent(row.named[i]!), percent(row.misnamed[i]!)]);
  const items = String(truth[0]?.shares[0]!.of ?? 0);
  const pictures = String(impostors[0]?.named[0]!.of ?? 0);
  const suites = [...Map.groupBy(drawings, ({ suite }) => suite)];
  return [
    `Right pictures that are called right (${items} items)`,
    "",
    ...markdownTable([["", ...judges], ...truth.map(({ condition, shares }) => [condition, ...shares.map(percent)])]),
    "",
    `Single drawings and what was made of them: named as what they were, and as another thing (${pictures} of each kind; * not learnt from)`,
    "",
    ...markdownTable([
      ["", ...judges.flatMap((judge) => [judge, "as another"])],
      ...impostors.map((row) => [`${row.kind}${row.learnt ? "" : " *"}`, ...named(row)]),
    ]),
    "",
    ...(suites.length === 0
      ? []
      : [
          "Drawings of the model that are called right",
          "",
          ...markdownTable([
            ["", ...judges, "agree", "drawings"],
            ...suites.map(([suite, own]) => [
              suite,
              ...judges.map((_, i) => String(own.filter(({ verdicts }) => verdicts[i]!.right).length)),
              String(own.filter(agree).length),
              String(own.length),
            ]),
          ]),
          "",
        ]),
  ].join("\n");
}

/** Whether all judges call a drawing right, or all call it wrong. */
export function agree({ verdicts }: JudgedDrawing): boolean {
  return verdicts.every(({ right }) => right === verdicts[0]!.right);
}

/** A page of the drawings on which judges differ, with what each sees. `src` is what to show for a drawing's file. */
export function disagreementsHtml({ judges, drawings }: JudgeComparison, src: (file: string) => string): string {
  const items = drawings
    .filter((drawing) => !agree(drawing))
    .map(({ id, prompt, file, verdicts }) => {
      const says = verdicts.map(({ right, detections }, i) => {
        const seen = detections.map(({ concept, colour, score }) => `${colour} ${concept} ${score.toFixed(2)}`);
        return `<div>${right ? "✓" : "✗"} ${escapeHtml(`${judges[i]!}: ${seen.join(", ") || "nothing"}`)}</div>`;
      });
      const image = `<img loading="lazy" src="${escapeHtml(src(file))}" alt="drawn">`;
      return `<div class="item"><div class="soft">${escapeHtml(id)}</div><div><b>${escapeHtml(prompt)}</b></div>${image}${says.join("")}</div>`;
    });
  const heading = `<p>${items.length} of ${drawings.length} drawings, on which judges differ.</p>`;
  return htmlPage("Judges of Emoji World", `${heading}<div class="items">${items.join("\n")}</div>`);
}
