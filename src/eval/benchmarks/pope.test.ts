import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { describeGoldens, fixturePath, golden } from "../../../tests/support/evaluation-goldens.ts";
import { scratchFolder, jsonLines } from "../../../tests/support/scratch-folder.ts";
import { lmmsEvalPrediction, pope, popeVerdict, scorePope, vlmEvalKitVerdict } from "./pope.ts";

const scratch = scratchFolder();

test.each([
  ["", "yes"],
  ["NO", "yes"],
  ["No!", "yes"],
  ["There isn't a dog", "yes"],
  ["No dog", "no"],
  ["Yes. No.", "yes"],
  ["Yes, no", "no"],
  ["a\nno", "yes"],
])("the official reading of %j is %s", (answer, verdict) => {
  expect(popeVerdict(answer)).toBe(verdict);
});

test("VLMEvalKit's punctuation: 32 periods go, a comma in a number glues", () => {
  expect(vlmEvalKitVerdict(`${". ".repeat(32)}yes.`)).toBe("Unknown");
  expect(vlmEvalKitVerdict(`${". ".repeat(31)}yes.`)).toBe("Yes");
  expect(vlmEvalKitVerdict("yes/1,000")).toBe("Unknown");
});

describeGoldens("POPE", "pope/golden", () => {
  interface Cases {
    readonly cases: readonly Readonly<
      Record<"response" | "official" | "lmms_eval_prediction" | "vlmevalkit_extracted", string>
    >[];
    readonly aggregate_labels: readonly string[];
    readonly official_stdout: string;
  }
  const parse = golden<Cases>("pope", "golden", "parse_cases.json");

  test.each(parse.cases)("in reading $response", (expected) => {
    const { response } = expected;
    expect(popeVerdict(response)).toBe(expected.official);
    expect(lmmsEvalPrediction(response)).toBe(expected.lmms_eval_prediction);
    expect(vlmEvalKitVerdict(response)).toBe(expected.vlmevalkit_extracted);
  });

  /** Scores answers by files, as `mogao eval score` does. */
  async function score(answers: readonly string[], labels: readonly string[], protocol = "official") {
    const folder = await scratch({
      "answers.jsonl": jsonLines(answers.map((answer) => ({ question: "Is it?", answer }))),
      "labels.json": jsonLines(labels.map((label) => ({ text: "Is it?", label }))),
    });
    return pope.score({ answers: `${folder}/answers.jsonl`, questions: `${folder}/labels.json` }, protocol);
  }
  const responses = parse.cases.map(({ response }) => response);

  test("in what it prints", async () => {
    const scored = await score(responses, parse.aggregate_labels);
    expect(scored.printed).toBe(parse.official_stdout);
    expect(scored).toMatchObject({ items: 88, missing: 0, scores: { overall: 0.5871559633027523 } });
    expect((await score(responses, parse.aggregate_labels, "bagel")).printed).toBe(parse.official_stdout);
  });

  test("under LMMs-Eval's rules", async () => {
    const { scores } = await score(responses, parse.aggregate_labels, "lmms_eval");
    // Printed by its own functions for these answers.
    const f1 = 0.18181818181818182;
    const recall = 0.14285714285714285;
    expect(scores["pooled"]).toMatchObject({
      accuracy: 0.03409090909090909,
      precision: 0.25,
      recall,
      f1,
      yes_ratio: 0.5,
    });
    expect(scores.overall).toBe(f1);
  });

  interface Degenerate {
    readonly answers: readonly string[];
    readonly labels: readonly string[];
    readonly stdout: string | null;
  }
  const degenerate = golden<Readonly<Record<string, Degenerate>>>("pope", "golden", "degenerate_cases.json");
  test.each(Object.entries(degenerate))("in the case of %s", async (_name, { answers, labels, stdout }) => {
    const scored = await score(answers, labels);
    if (stdout === null) {
      expect(scored.scores.overall).toBeNull();
      expect(scored.notes[0]).toContain("where the official scorer stops");
    } else expect(scored.printed).toBe(stdout);
    expect((await score(answers, labels, "fixed")).scores.overall).toBeTypeOf("number");
  });
});

describeGoldens("POPE of 9,000 questions", "pope/coco_pope_random.json", () => {
  test("on its three splits of 9,000 questions: one that always says yes has recall 1 and precision 1/2", async () => {
    const files: Record<string, string> = {};
    for (const split of ["random", "popular", "adversarial"])
      files[`mine_${split}.jsonl`] = jsonLines(Array.from({ length: 3000 }, () => ({ answer: "Yes" })));
    const answers = await scratch(files);
    const { scores, items, missing } = await pope.score(
      { answers, questions: dirname(fixturePath("pope", "coco_pope_random.json")) },
      "official",
    );
    expect({ items, missing, overall: scores.overall }).toEqual({ items: 9000, missing: 0, overall: 2 / 3 });
    expect(Object.keys(scores["splits"]!).sort()).toEqual(["adversarial", "popular", "random"]);
  });
});

describe("protocols", () => {
  test("fixed counts what has no answer as wrong and reads labels in any case", () => {
    expect(scorePope(["no", "yes"], ["No", "Yes", "yes", "no"], "fixed")).toMatchObject({ accuracy: 0.5, recall: 0.5 });
    expect(scorePope(["no", "yes"], ["No", "Yes", "yes", "no"], "official")).toMatchObject({
      accuracy: 0.5,
      recall: 0.5,
      FN: 1,
    });
  });

  test("VLMEvalKit's headline is a percentage, over all splits at once", async () => {
    const folder = await scratch({
      "a/random.jsonl": jsonLines([{ answer: "Yes." }, { answer: "no" }]),
      "a/popular.jsonl": jsonLines([{ answer: "maybe" }, { answer: "No" }]),
      "q/random.json": jsonLines([
        { text: "", label: "yes" },
        { text: "", label: "no" },
      ]),
      "q/popular.json": jsonLines([
        { text: "", label: "yes" },
        { text: "", label: "no" },
      ]),
    });
    const { scores } = await pope.score({ answers: `${folder}/a`, questions: `${folder}/q` }, "vlmevalkit");
    expect(scores.overall).toBeCloseTo(200 / 3, 12);
    expect(scores["pooled"]).toMatchObject({ accuracy: 0.75, recall: 0.5, precision: 1 });
  });
});

test.each([
  [{ "a.jsonl": '{"answer":"yes"}\n{"answer":\n' }, /a\.jsonl, line 2: not JSON/],
  [{ "a.jsonl": '{"response":"yes"}\n' }, /a\.jsonl, line 1: .*expected "answer" or "text"/],
  [{ "a.jsonl": "" }, /a\.jsonl: expected answers, found none/],
  [
    { "a.jsonl": '{"answer":"yes","question":"Is it a cat?"}\n' },
    /a\.jsonl, line 1: expected the question "Is it a dog\?" of .*q\.json, line 1, found "Is it a cat\?"/,
  ],
  [{ "a.jsonl": '{"answer":"yes"}\n', "q.json": '{"text":"Is it a dog?"}\n' }, /q\.json, line 1: label/],
] as const)("says what is wrong with files: %j", async (files, message) => {
  const folder = await scratch({ "q.json": jsonLines([{ text: "Is it a dog?", label: "yes" }]), ...files });
  const paths = { answers: `${folder}/a.jsonl`, questions: `${folder}/q.json` };
  await expect(pope.score(paths, "official")).rejects.toThrow(message);
});

test("says which files are not there", async () => {
  const folder = await scratch({
    "a/random.jsonl": '{"answer":"yes"}\n',
    "b/popular.jsonl": '{"answer":"yes"}\n',
    "empty/x.txt": "",
  });
  await expect(pope.score({ answers: `${folder}/a/random.jsonl` }, "official")).rejects.toThrow(
    "--questions: expected POPE's",
  );
  await expect(pope.score({ answers: `${folder}/none`, questions: folder }, "official")).rejects.toThrow(
    "expected files that end with",
  );
  const empty = { answers: `${folder}/none`, questions: `${folder}/a` };
  await expect(pope.score(empty, "official")).rejects.toThrow(`${folder}/none: no such file or folder`);
  const other = { answers: `${folder}/a`, questions: `${folder}/empty` };
  await expect(pope.score(other, "official")).rejects.toThrow("found none");
});
