import { expect, test } from "vitest";
import { describeGoldens, golden } from "../../../../tests/support/evaluation-goldens.ts";
import { scratchFolder } from "../../../../tests/support/scratch-folder.ts";
import { bagelOption } from "../bagel-option.ts";
import { extractorPrompt } from "./extractor-prompt.ts";
import { inferLetter, inferOption, inferText, lengthLimit, lmmsEvalInferOption } from "./match.ts";
import { gradeMmbench, mmbench, ROTATION } from "./mmbench.ts";
import { readMmbench } from "./rows.ts";

const scratch = scratchFolder();

describeGoldens("MMBench", "mmbench/golden", () => {
  interface Cases {
    readonly options: Readonly<Record<string, string>>;
    readonly cases: readonly (Readonly<Record<string, string | false>> & { readonly response: string })[];
  }
  const parse = golden<Cases>("mmbench", "golden", "parse_cases.json");
  const options = new Map(Object.entries(parse.options));

  test.each(parse.cases)("in reading $response", (expected) => {
    const { response } = expected;
    expect({
      response,
      can_infer_option: inferLetter(response, options) ?? false,
      can_infer_text: inferText(response, options, lengthLimit(options)) ?? false,
      can_infer: inferOption(response, options) ?? false,
      lmms_eval_can_infer: lmmsEvalInferOption(response, options) ?? false,
      bagel_post_process: bagelOption(response, options),
    }).toEqual(expected);
  });

  interface Graded {
    readonly hits: Readonly<Record<string, number>>;
    readonly report: object;
  }
  interface Circular {
    readonly rows: readonly { readonly index: number }[];
    readonly exact_matching: Graded;
    readonly fake_judge: Graded;
    readonly vanilla_all_exact: object;
    readonly vanilla_circ0_exact: object;
  }
  const circular = golden<Circular>("mmbench", "golden", "circular.json");

  async function score(protocol: string, rows = circular.rows, complete?: (prompt: string) => Promise<string>) {
    const folder = await scratch({ "rows.json": JSON.stringify(rows) });
    const { scores, items } = await mmbench.score(
      { answers: `${folder}/rows.json`, ...(complete && { complete }) },
      protocol,
    );
    const { overall: Overall, ...parts } = scores;
    return { items, report: { Overall, ...parts } };
  }
  /** The language model of the golden scores. */
  const fakeJudge = (prompt: string) => Promise.resolve(prompt.includes("do not know") ? "A" : "Z");

  test("over rotations", async () => {
    expect(await score("official")).toEqual({ items: 60, report: circular.exact_matching.report });
    expect((await score("vlmevalkit")).report).toEqual(circular.exact_matching.report);
    expect((await score("official", circular.rows, fakeJudge)).report).toEqual(circular.fake_judge.report);
  });

  test("question by question", async () => {
    const folder = await scratch({ "rows.json": JSON.stringify(circular.rows) });
    const rows = [...(await readMmbench(`${folder}/rows.json`)).values()].map(({ value }) => ({
      ...value,
      answer: value.answer!,
    }));
    const hitsOf = async (complete?: typeof fakeJudge) =>
      Object.fromEntries(
        (await gradeMmbench(rows, "official", complete)).map(({ row, hit }) => [row.index, Number(hit)]),
      );
    expect(await hitsOf()).toEqual(circular.exact_matching.hits);
    expect(await hitsOf(fakeJudge)).toEqual(circular.fake_judge.hits);
  });

  test("row by row, of all rotations and of the first alone", async () => {
    expect((await score("vanilla")).report).toEqual(circular.vanilla_all_exact);
    const first = circular.rows.filter(({ index }) => index < ROTATION);
    expect((await score("vanilla", first)).report).toEqual(circular.vanilla_circ0_exact);
  });

  const prompts = golden<Readonly<Record<string, string>>>("mmbench", "golden", "prompts.json");
  test("in what a language model is asked", () => {
    const dogs = new Map([
      ["A", "one"],
      ["B", "two"],
    ]);
    expect(extractorPrompt("How many dogs", dogs, "there are two")).toBe(prompts["vlmevalkit_extractor_en"]);
    const chinese = new Map([
      ["A", "一只"],
      ["B", "两只"],
    ]);
    expect(extractorPrompt("图里有几只狗", chinese, "两只狗吧")).toBe(prompts["vlmevalkit_extractor_cn"]);
  });
});

const header = "index\tquestion\tA\tB\tC\tanswer\tcategory\tl2-category\tsplit\tprediction\n";
const rows = [
  "0\tWhat?\tcat\tdog\tNone\tA\tkind\tcoarse_perception\tdev\tA",
  "1000000\tWhat?\tdog\tNone\tcat\tC\tkind\tcoarse_perception\tdev\tthe cat",
  "1\tWhat?\tcat\tdog\tNone\tB\tkind\tcoarse_perception\ttest\tsomething",
];

async function scoreTable(lines: readonly string[], protocol = "official", questions?: string) {
  const folder = await scratch({
    "rows.tsv": `${header}${lines.join("\n")}\n`,
    ...(questions !== undefined && { "q.tsv": questions }),
  });
  const files = { answers: `${folder}/rows.tsv`, ...(questions !== undefined && { questions: `${folder}/q.tsv` }) };
  return mmbench.score(files, protocol);
}

test("reads tables of text, and reports each split where there are several", async () => {
  const { scores, items, missing } = await scoreTable(rows);
  expect({ items, missing }).toEqual({ items: 2, missing: 0 });
  expect(scores).toEqual({
    overall: 0.5,
    CP: 0.5,
    kind: 0.5,
    splits: { dev: { Overall: 1, CP: 1, kind: 1 }, test: { Overall: 0, CP: 0, kind: 0 } },
  });
});

test("takes answers from the questions, and counts what the predictions lack", async () => {
  const questions = "index\tquestion\tA\tB\tanswer\n0\tWhat?\tcat\tdog\tB\n7\tWho?\tcat\tdog\tA\n";
  const { scores, items, missing } = await scoreTable([rows[0]!], "official", questions);
  expect({ overall: scores.overall, items, missing }).toEqual({ overall: 0, items: 2, missing: 1 });
});

test("LMMs-Eval without a language model draws letters of seed 2680", async () => {
  // [chr for chr in "ABCE" drawn by random.randint(0, 3)]: E, C, E, E, C, C.
  const unclear = (answers: string) =>
    [...answers].map((answer, index) => `${index}\tWhat?\tcat\tdog\tcow\t${answer}\tk\tl\tdev\thm`);
  expect((await scoreTable(unclear("ECEECC"), "lmms_eval")).scores.overall).toBe(1);
  expect((await scoreTable(unclear("CEEECC"), "lmms_eval")).scores.overall).toBeCloseTo(4 / 6, 12);
});

test("says what is wrong with tables", async () => {
  await expect(scoreTable([rows[0]!, rows[0]!])).rejects.toThrow(/line 3: index 0 is there twice, first in .*line 2/);
  await expect(scoreTable(["x\tWhat?\ta\tb\tc\tA\tk\tl\ts\tp"])).rejects.toThrow(/line 2: index/);
  await expect(scoreTable(["0\tWhat?"])).rejects.toThrow("expected 10 fields as in the header, found 2");
  await expect(scoreTable(["0\tWhat?\ta\tb\tc\t\tk\tl\ts\tp"])).rejects.toThrow('expected a column "answer"');
  await expect(scoreTable(["0\tWhat?\ta\tb\tc\tA\tk\tl\ts\t"])).rejects.toThrow('expected a column "prediction"');
  await expect(scoreTable([rows[0]!], "official", "index\tanswer\n5\tA\n")).rejects.toThrow(
    "index 0: no such question in",
  );
  const folder = await scratch({ "a.xlsx": "not a workbook, but long enough for one" });
  await expect(mmbench.score({ answers: `${folder}/a.xlsx` }, "official")).rejects.toThrow("a.xlsx: not a ZIP archive");
});
