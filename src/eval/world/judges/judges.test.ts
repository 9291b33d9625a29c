import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writePng } from "../../../data/png.ts";
import { SpriteBank } from "../../../data/world/sprite-bank.ts";
import { solid } from "../../../../tests/support/fake-mogao.ts";
import type { EvaluationItem } from "../item.ts";
import type { Detection, WorldJudge } from "../judge.ts";
import { judgeDrawings } from "./agreement.ts";
import { agree, comparisonMarkdown, disagreementsHtml } from "./comparison.ts";
import { impostorTrial } from "./impostor-trial.ts";
import { truthTrial } from "./truth-trial.ts";

/** Sees one thing in every picture, whatever it shows. */
function always(concept: string, score = 0.9): WorldJudge {
  const box = { x: 0, y: 0, width: 9, height: 9 };
  const thing: Detection = { concept, style: "noto", colour: "red", score, box };
  return { id: `always ${concept}`, description: "", leastScore: 0.8, detect: async () => [thing], dispose() {} };
}

function item(index: number, concept: string): EvaluationItem {
  const object = { concept, style: "noto", colour: null, x: 0.5, y: 0.5, size: 0.6 };
  return {
    id: `single-${index}`,
    suite: "single",
    group: "curated",
    pair: null,
    prompt: [{ type: "text", text: `Draw: ${concept}.` }],
    expected: { type: "object", concept },
    truth: [{ width: 64, height: 64, background: "white", objects: [object] }],
    seed: 100 + index,
  };
}
const items = [item(0, "cat"), item(1, "car"), item(2, "cat"), { ...item(3, "cat"), truth: [] }];
const judges = [always("cat"), always("car"), always("cat", 0.3)];

let bank: SpriteBank;
let folder: string;
beforeAll(async () => {
  bank = await SpriteBank.open();
  folder = await mkdtemp(join(tmpdir(), "judges-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("right pictures: each judge's share, under each condition, of the items that have a picture", async () => {
  const plain = await truthTrial(judges, items, bank, {});
  expect(plain.map(({ condition }) => condition)).toEqual(["as drawn", "blur, σ 1 px", "noise, σ 10 of 255"]);
  for (const { shares } of plain)
    expect(shares.map(({ right, of }) => [right, of])).toEqual([[2, 3], [1, 3], [0, 3]]); // prettier-ignore
  const sides: number[] = [];
  const reconstruct = async () => (sides.push(1), solid(64, 64, [0, 0, 0]));
  expect((await truthTrial(judges, items, bank, { reconstruct })).length).toBe(5);
  expect(sides.length).toBe(2 * 3);
});

test("impostors: how often what they were made from is named, how often another thing is", async () => {
  const rows = await impostorTrial([always("cat"), always("cat", 0.3)], bank, 6, {});
  expect(rows.length).toBeGreaterThan(6);
  expect(rows.filter(({ learnt }) => !learnt).map(({ kind }) => kind)).toEqual(["swirled", "halved"]);
  for (const { named, misnamed } of rows) {
    expect(named[0]!.right + misnamed[0]!.right).toBe(6);
    expect(named[1]!.right + misnamed[1]!.right).toBe(0);
  }
});

test("drawings of an earlier run are judged again, those of other items are not; the page shows where judges differ", async () => {
  const results = items.map(({ id, seed, suite }, i) => ({
    id,
    suite,
    seed: i === 2 ? 7 : seed,
    prompt: `Draw <${i}>.`,
    text: "",
    drew: true,
    pictures: i === 3 ? [] : [{ file: "cat.png" }],
  }));
  await writeFile(join(folder, "items.jsonl"), results.map((result) => `${JSON.stringify(result)}\n`).join(""));
  await writePng(join(folder, "cat.png"), solid(64, 64, [255, 255, 255]));
  const drawings = await judgeDrawings(judges, items, folder);
  expect(drawings.map(({ id, verdicts }) => [id, ...verdicts.map(({ right }) => right)])).toEqual([
    ["single-0", true, false, false],
    ["single-1", false, true, false],
  ]);
  const alike = { ...drawings[0]!, verdicts: [drawings[0]!.verdicts[0]!, drawings[0]!.verdicts[0]!] };
  expect([agree(drawings[0]!), agree(alike)]).toEqual([false, true]);
  const [truth, impostors] = [await truthTrial(judges, items, bank, {}), await impostorTrial(judges, bank, 1, {})];
  const comparison = { judges: judges.map(({ id }) => id), truth, impostors, drawings };
  const markdown = comparisonMarkdown(comparison);
  expect(markdown).toMatch(/^\| as drawn +\| +66\.7% \| +33\.3% \| +0\.0% \|$/m);
  expect(markdown).toMatch(/^\| single +\| +1 \| +1 \| +0 \| +0 \| +2 \|$/m);
  const html = disagreementsHtml(comparison, (file) => file.slice(folder.length + 1));
  expect(html).toContain("2 of 2 drawings, on which judges differ.");
  expect(html).toContain('src="cat.png"');
  expect(html).toContain("Draw &lt;0&gt;.");
});
