import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writePng } from "../../src/data/png.ts";
import { RatingSession } from "../../src/eval/human/rating-session.ts";
import type { Rating } from "../../src/eval/human/rating.ts";
import { openStudy } from "../../src/eval/human/study.ts";
import { listen, type Listening } from "../../src/server/listen.ts";
import { ratingApp } from "../../src/server/rating-app.ts";
import { chromiumPath, ChromiumPage } from "../support/chromium.ts";
import { solid } from "../support/fake-mogao.ts";

let folder: string;
let server: Listening;
let page: ChromiumPage;

async function serve(): Promise<Listening> {
  const study = await openStudy(join(folder, "prompts.txt"), [join(folder, "a"), join(folder, "b")]);
  const options = { study, dimensions: ["alignment", "structure"] as const, out: join(folder, "r.jsonl"), seed: 3 };
  return listen(ratingApp(await RatingSession.open(options)), "127.0.0.1", 0);
}

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  folder = await mkdtemp(join(tmpdir(), "mogao-page-"));
  await writeFile(join(folder, "prompts.txt"), "Draw <b>a cat</b>.\nDraw a dog.\n");
  for (const model of ["a", "b"]) {
    await mkdir(join(folder, model));
    for (const id of ["001", "002"]) await writePng(join(folder, model, `${id}.png`), solid(8, 8, [9, 9, 9]));
  }
  server = await serve();
  page = await ChromiumPage.open(chromiumPath);
});
afterAll(async () => {
  await page?.close();
  await server?.close();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

const CHOSEN = `[...document.querySelectorAll("[role=radiogroup]")].map((row) => row.dataset.score).join(",")`;
const HEADING = `document.querySelector("h1").textContent`;

test.skipIf(chromiumPath === undefined)(
  "in a browser (skipped without Chromium): a name, ratings by keys and mouse, a reload, the next prompt, the end",
  async () => {
    await page.goto(server.url);
    await page.until(`document.activeElement.tagName === "INPUT"`);
    await page.value(`document.activeElement.value = " ann "`);
    await page.press("Enter");
    await page.until(`document.querySelectorAll("[role=radiogroup]").length === 4`);
    expect(await page.value(`[...document.images].every((image) => image.alt.startsWith("Picture "))`)).toBe(true);
    const first = String(await page.value(HEADING));
    expect(["Draw <b>a cat</b>.", "Draw a dog."]).toContain(first);

    await page.press("5");
    await page.until(`${CHOSEN} === "5,,,"`);
    await page.press("4");
    await page.until(`${CHOSEN} === "5,4,,"`);
    // Back up to the first, which is changed, then down over the second.
    await page.press("ArrowUp");
    await page.press("ArrowUp");
    await page.press("1");
    await page.until(`${CHOSEN} === "1,4,,"`);
    await page.value(`document.querySelectorAll("[role=radiogroup]")[3].children[1].click()`);
    await page.until(`${CHOSEN} === "1,4,,2"`);
    await page.until(`document.querySelectorAll("progress")[0].value === 0`);

    // The page that goes away looks like the one that comes.
    await page.value(`window.old = true; location.reload()`);
    await page.until(`window.old === undefined && document.readyState === "complete" && ${CHOSEN} === "1,4,,2"`);
    expect(await page.value(HEADING)).toBe(first);
    // The first open row is active after a reload.
    await page.press("3");
    await page.until(`${CHOSEN} === "1,4,3,2" && document.querySelector("progress").value === 1`);
    await page.press("Enter");
    await page.until(`${CHOSEN} === ",,,"`);
    expect(await page.value(HEADING)).not.toBe(first);
    await page.press("Backspace");
    await page.until(`${CHOSEN} === "1,4,3,2"`);
    await page.press("Enter");
    await page.until(`${CHOSEN} === ",,,"`);
    // Without waiting for answers: no row is rated twice.
    for (let row = 0; row < 4; row++) await page.press("5");
    await page.until(`${CHOSEN} === "5,5,5,5"`);
    await page.until(`document.querySelector("#status").textContent.startsWith("All rated.")`);
    const lines = (await readFile(join(folder, "r.jsonl"), "utf8")).trimEnd().split("\n");
    const ratings = lines.map((line) => JSON.parse(line) as Rating);
    expect(ratings.map(({ score }) => score)).toEqual([5, 4, 1, 2, 3, 5, 5, 5, 5]);
    expect(new Set(ratings.map(({ rater }) => rater))).toEqual(new Set(["ann"]));
  },
);
