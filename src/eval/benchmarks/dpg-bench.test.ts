import { expect, test } from "vitest";
import { describeGoldens, fixturePath, golden } from "../../../tests/support/evaluation-goldens.ts";
import { jsonLines, scratchFolder } from "../../../tests/support/scratch-folder.ts";
import { dpgBench, readPropositions, scoreDpg, type Crops } from "./dpg-bench.ts";

const scratch = scratchFolder();

describeGoldens("DPG-Bench", "dpgbench", () => {
  interface Run {
    readonly L1: Readonly<Record<string, number>>;
    readonly L2: Readonly<Record<string, number>>;
    readonly failed: readonly string[];
    readonly overall: number;
  }
  interface Golden {
    readonly judgments: Readonly<Record<string, string>>;
    readonly pic_num_4: Run;
    readonly pic_num_1: Run;
    readonly stdout_4: string;
    readonly per_image_4: Readonly<Record<string, readonly number[]>>;
  }
  const mini = golden<Golden>("dpgbench", "golden", "mini_scores.json");
  const table = fixturePath("dpgbench", "golden", "dpg_mini.csv");

  /** Picture, crop, question, answer; in the order of the pictures. The two that fail have no judgments. */
  const judgments = Object.entries(mini.judgments).map(
    ([key, answer]) => [...key.split("|"), answer] as [string, string, string, string],
  );
  const order = Object.keys(mini.per_image_4);
  const detail = (crops: (crop: string) => boolean) =>
    judgments
      .filter(([, crop]) => crops(crop))
      .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
      .map(([picture, crop, question, answer]) => `OUT/imgs/${picture}, ${crop}, ${question}, ${answer}\n`)
      .join("");
  /** A picture that is not in the table; another, among the judgments, has the first proposition, which the scorer skips. */
  const unknown = "OUT/imgs/not_in_csv.png, (0, 0, 512, 512), Is it?, no\n";

  async function score(text: string, protocol = "official") {
    const folder = await scratch({ "run_detail.txt": text });
    return dpgBench.score({ answers: `${folder}/run_detail.txt`, questions: table }, protocol);
  }

  test.each([
    ["pic_num_4", () => true],
    ["pic_num_1", (crop: string) => crop.startsWith("(0, 0,")],
  ] as const)("of %s crops", async (run, crops) => {
    const expected = mini[run];
    const { scores, failed, items, missing } = await score(detail(crops) + unknown);
    expect(scores).toEqual({ overall: expected.overall, L1: expected.L1, L2: expected.L2 });
    expect({ failed, items, missing }).toEqual({ failed: expected.failed.length, items: 40, missing: 0 });
  });

  test("in what it prints", async () => {
    const lines = (text: string) => text.split("\n").filter((line) => /^\t|score/.test(line));
    const { printed } = await score(detail(() => true));
    expect(lines(printed!).sort()).toEqual(lines(mini.stdout_4).sort());
  });

  test("picture by picture", async () => {
    const judged = new Map<string, Crops>();
    for (const [picture, own] of Map.groupBy(judgments, ([name]) => name))
      judged.set(
        picture,
        [...Map.groupBy(own, ([, crop]) => crop).values()].map(
          (crop) => new Map(crop.map(([, , question, answer]) => [question, answer])),
        ),
      );
    const { pictures: scored } = scoreDpg(await readPropositions(table, "official"), judged, "official");
    expect(
      Object.fromEntries([...scored].map(([picture, { crops, score: middle }]) => [picture, [...crops, middle]])),
    ).toEqual(mini.per_image_4);
  });

  test("reads all of DSG-1k: 1,060 items in the same columns", async () => {
    const items = await readPropositions(fixturePath("dpgbench", "dsg-1k-anns.csv"), "fixed");
    expect(items.size).toBe(1060);
    const official = readPropositions(fixturePath("dpgbench", "dsg-1k-anns.csv"), "official");
    await expect(official).rejects.toThrow(
      'line 185: dependency: expected numbers with commas between, found "5, right"',
    );
  });
});

const table = [
  "item_id,text,keywords,proposition_id,dependency,category_broad,category_detailed,tuple,question_natural_language",
  "a,A red cat,cat,1,0,entity,whole,entity - whole (cat),Is there a cat?",
  'a,A red cat,red,2,1,attribute,color,"attribute - color (cat, red)","Is the cat red, really?"',
  "b,A dog,dog,1,0,entity,whole,entity - whole (dog),Is there a dog?",
].join("\n");
const say = (image: string, question: string, answer: string, crop = [0, 0, 8, 8]) => ({
  image,
  crop,
  question,
  answer,
});

async function score(rows: readonly object[], protocol: string, csv = table) {
  const folder = await scratch({ "t.csv": csv, "j.jsonl": jsonLines(rows) });
  return dpgBench.score({ answers: `${folder}/j.jsonl`, questions: `${folder}/t.csv` }, protocol);
}

test("fixed uses the first proposition, and every crop for the categories", async () => {
  const second = [8, 0, 16, 8];
  const rows = [
    say("a.png", "Is there a cat?", "yes"),
    say("a.png", "Is the cat red, really?", "yes"),
    say("a.png", "Is there a cat?", "no", second),
    say("a.png", "Is the cat red, really?", "yes", second),
    say("b.png", "Is there a dog?", "yes"),
  ];
  const fixed = await score(rows, "fixed");
  // A cat that is not there is not red; the category keeps the answer.
  expect(fixed.scores).toEqual({
    overall: 75,
    L1: { attribute: 100, entity: (2 / 3) * 100 },
    L2: { "attribute - color": 100, "entity - whole": (2 / 3) * 100 },
  });
  expect(fixed).toMatchObject({ items: 2, missing: 0, failed: 0 });
  const official = await score(rows, "official");
  expect(official).toMatchObject({ scores: { overall: 100 }, failed: 1, notes: [expect.stringContaining("a.png")] });
});

test("says what is wrong with files", async () => {
  const failing = async (rows: readonly object[], message: string | RegExp, csv?: string) =>
    expect(score(rows, "fixed", csv)).rejects.toThrow(message);
  await failing([], "expected judgments, found none");
  await failing(
    [say("a.png", "Is there a cat?", "yes")],
    'a.png: expected an answer to "Is the cat red, really?" for each crop',
  );
  await failing(
    [say("b.png", "Is there a dog?", "yes"), say("b.png", "Is there a dog?", "no")],
    'line 2: "Is there a dog?" of b.png has two answers, "yes" and "no"',
  );
  await failing([{ image: "a.png" }], /line 1: crop/);
  await failing([], /t\.csv, line 2: proposition_id/, table.replace(",1,0,entity", ",one,0,entity"));
  const folder = await scratch({ "t.csv": table, "d.txt": "a.png: yes\n" });
  const detail = { answers: `${folder}/d.txt`, questions: `${folder}/t.csv` };
  await expect(dpgBench.score(detail, "official")).rejects.toThrow(/d\.txt, line 1: expected "path, \(left/);
});
