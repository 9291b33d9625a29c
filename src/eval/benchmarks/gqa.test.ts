import { expect, test } from "vitest";
import { describeGoldens, golden } from "../../../tests/support/evaluation-goldens.ts";
import { jsonLines, scratchFolder } from "../../../tests/support/scratch-folder.ts";
import {
  bagelGqaMatches,
  gqa,
  llavaGqaPrediction,
  lmmsEvalGqaMatches,
  printGqa,
  scoreGqa,
  type GqaChoices,
  type GqaQuestions,
} from "./gqa.ts";

const scratch = scratchFolder();

describeGoldens("GQA", "gqa/golden", () => {
  interface Case extends Readonly<Record<string, string | number>> {
    readonly pred: string;
    readonly gold: string;
  }
  const { cases } = golden<{ cases: readonly Case[] }>("gqa", "golden", "exact_match_cases.json");
  test.each(cases)("in comparing $pred with $gold", (expected) => {
    const { pred, gold } = expected;
    expect({
      pred,
      gold,
      llava_converted: llavaGqaPrediction(pred),
      "official eq after LLaVA convert": Number(llavaGqaPrediction(pred) === gold),
      "lmms_eval (ignore_case, ignore_punctuation)": Number(lmmsEvalGqaMatches(pred, gold)),
      "bagel evaluate_exact_match_accuracy": Number(bagelGqaMatches(pred, gold)),
    }).toEqual(expected);
  });

  interface Golden {
    readonly questions: GqaQuestions;
    readonly choices: GqaChoices;
    readonly raw_text: Readonly<Record<string, string>>;
    readonly predictions: readonly { readonly questionId: string; readonly prediction: string }[];
    readonly stdout_consistency: string;
    readonly stdout_plain: string;
    readonly stdout_without_choices: string;
    readonly lmms_eval_exact_match_balanced: number;
  }
  const synthetic = golden<Golden>("gqa", "golden", "synthetic.json");
  const raw = jsonLines(Object.entries(synthetic.raw_text).map(([id, text]) => ({ question_id: id, text })));
  /** The official output begins with an empty line for the progress and one of its own. */
  const lead = "\n\n";

  async function score(answers: string, protocol = "official") {
    const folder = await scratch({
      "val_questions.json": JSON.stringify(synthetic.questions),
      "val_choices.json": JSON.stringify(synthetic.choices),
      "answers.jsonl": raw,
      "predictions.json": JSON.stringify(synthetic.predictions),
    });
    return gqa.score({ answers: `${folder}/${answers}`, questions: `${folder}/val_questions.json` }, protocol);
  }

  test("in what it prints, from its own predictions and from LLaVA's raw answers", async () => {
    const scored = await score("predictions.json");
    expect(lead + scored.printed).toBe(synthetic.stdout_consistency);
    expect(await score("answers.jsonl")).toEqual(scored);
    expect(scored).toMatchObject({ items: 63, missing: 0, notes: [] });
    const folder = await scratch({
      "parts/a.json": JSON.stringify(synthetic.questions),
      "parts/val_choices.json": JSON.stringify(synthetic.choices),
      "predictions.json": JSON.stringify(synthetic.predictions),
    });
    const parts = { answers: `${folder}/predictions.json`, questions: `${folder}/parts` };
    expect(await gqa.score(parts, "official")).toEqual(scored);
  });

  test("without consistency and without choices", () => {
    const predictions = new Map(synthetic.predictions.map(({ questionId, prediction }) => [questionId, prediction]));
    const printed = (choices?: GqaChoices) =>
      lead + printGqa(scoreGqa(synthetic.questions, predictions, { choices, consistency: false }));
    expect(printed(synthetic.choices)).toBe(synthetic.stdout_plain);
    expect(printed()).toBe(synthetic.stdout_without_choices);
  });

  test("under LMMs-Eval's rules", async () => {
    const { scores } = await score("answers.jsonl", "lmms_eval");
    expect(scores.overall).toBe(synthetic.lmms_eval_exact_match_balanced);
  });
});

const asked = {
  question: "Is it red?",
  answer: "yes",
  isBalanced: true,
  groups: { global: null },
  types: { structural: "verify", semantic: "attr", detailed: "verifyAttr" },
  semantic: [],
  entailed: [],
};

async function scoreFiles(questions: Readonly<Record<string, object>>, answers: string, name = "answers.jsonl") {
  const parts = Object.fromEntries(
    Object.entries(questions).map(([part, value]) => [`q/${part}.json`, JSON.stringify(value)]),
  );
  const folder = await scratch({ ...parts, [name]: answers });
  return gqa.score({ answers: `${folder}/${name}`, questions: `${folder}/q` }, "official");
}

test("merges parts of questions, ignores unbalanced ones, and says what cannot be computed", async () => {
  const { scores, notes, printed } = await scoreFiles(
    { a: { "1": asked }, b: { "2": { ...asked, isBalanced: false } } },
    jsonLines([{ question_id: 1, text: "Yes." }]),
  );
  expect(scores).toMatchObject({ overall: 100, binary: 100, open: 0, consistency: null, distribution: null });
  expect(notes).toHaveLength(2);
  expect(printed).not.toContain("Distribution");
});

test("says what is wrong with files", async () => {
  const questions = { a: { "1": asked, "2": asked } };
  await expect(scoreFiles(questions, jsonLines([{ question_id: "1", text: "yes" }]))).rejects.toThrow(
    "1 balanced questions have no prediction, the first 2; the official scorer needs all",
  );
  const twice = [
    { question_id: "1", text: "yes" },
    { question_id: "1", text: "no" },
  ];
  await expect(scoreFiles(questions, jsonLines(twice))).rejects.toThrow(/line 2: question "1" is there twice/);
  await expect(scoreFiles(questions, '[{"questionId":"3","prediction":"no"}]', "p.json")).rejects.toThrow(
    /p\.json, item 0: "3": no such question in/,
  );
  await expect(scoreFiles(questions, '{"1":"no"}', "p.json")).rejects.toThrow(/p\.json: \(root\): .*expected array/);
  await expect(scoreFiles({ a: { "1": { ...asked, isBalanced: false } } }, "")).rejects.toThrow(
    "expected balanced questions, found none",
  );
  await expect(scoreFiles({ a: { "1": { ...asked, types: {} } } }, "")).rejects.toThrow(
    /a\.json: 1\.types\.structural/,
  );
});
