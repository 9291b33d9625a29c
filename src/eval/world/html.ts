import { escapeHtml, htmlPage, htmlTable } from "../html-page.ts";
import { SUITES } from "./item.ts";
import { rowCells, scoreCells, settingsLines, type Report } from "./report.ts";
import type { ItemResult } from "./run-suite.ts";

/** The report as a page: the tables, then every item with what was shown, what was answered and what was drawn. */
export function reportHtml(report: Report, results: readonly ItemResult[]): string {
  const suites = SUITES.flatMap((suite) => {
    const own = results.filter((result) => result.suite === suite);
    if (own.length === 0) return [];
    const right = own.filter((result) => result.right).length;
    const items = own.map(itemHtml).join("\n");
    return [`<details><summary><b>${suite}</b>: ${right} of ${own.length}</summary><div class="items">${items}</div></details>`]; // prettier-ignore
  });
  return htmlPage(
    "Emoji World",
    [
      report.scores.length > 0 ? htmlTable(scoreCells(report.scores)) : "",
      htmlTable(rowCells(report.rows)),
      ...settingsLines(report).map((line) => `<p class="soft">${escapeHtml(line)}</p>`),
      ...suites,
    ].join("\n"),
  );
}

function itemHtml({ id, group, right, prompt, shown, answer, text, pictures, aspects }: ItemResult): string {
  const image = (file: string, alt: string) =>
    `<img loading="lazy" src="${escapeHtml(file.replaceAll("\\", "/"))}" alt="${escapeHtml(alt)}">`;
  const parts = Object.entries(aspects).map(([name, verdicts]) => `${verdicts.right ? "✓" : "✗"} ${name}`);
  return [
    `<div class="item${right ? " right" : ""}">`,
    `<div class="soft">${escapeHtml([id, group, ...parts].join(" · "))}</div>`,
    shown.map((file) => image(file, "shown")).join(""),
    `<div><b>${escapeHtml(prompt)}</b></div>`,
    `<div>${escapeHtml(text)}${answer === null ? "" : ` <span class="soft">(${escapeHtml(answer)})</span>`}</div>`,
    pictures.map(({ file }) => image(file, "drawn")).join(""),
    "</div>",
  ].join("");
}
