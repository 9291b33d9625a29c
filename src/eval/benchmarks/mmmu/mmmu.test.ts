import { expect, test } from "vitest";
import { describeGoldens, fixturePath, golden } from "../../../../tests/support/evaluation-goldens.ts";
import { scratchFolder } from "../../../../tests/support/scratch-folder.ts";
import { parseFloatAsPython, reprFloat } from "../../python/number.ts";
import { PythonRandom } from "../../python/random.ts";
import { bagelOption } from "../bagel-option.ts";
import { mmmu } from "./mmmu.ts";
import { extractNumbers, matchesOpen, normalise, parseChoice, parseOpen, type OpenAnswer } from "./parse.ts";
import { MMMU_SUBJECTS } from "./subjects.ts";

const scratch = scratchFolder();

/** In the writing of the goldens. */
const written = (answer: OpenAnswer) => (typeof answer === "number" ? { float: reprFloat(answer) } : answer);
const sorted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).sort();

describeGoldens("MMMU", "mmmu/golden", () => {
  interface Choices {
    readonly index2ans: Readonly<Record<string, string>>;
    readonly cases: readonly { readonly response: string; readonly pred: string }[];
  }
  test.each([
    ["official", "parse_multi_choice.json"],
    ["lmms_eval", "lmms_eval_parse_multi_choice.json"],
  ])("in choosing an option, also at random: %s", (protocol, file) => {
    const { index2ans, cases } = golden<Choices>("mmmu", "golden", file);
    const random = new PythonRandom(42);
    const options = new Map(Object.entries(index2ans));
    const chosen = cases.map(({ response }) => [response, parseChoice(response, options, random, protocol)]);
    expect(chosen).toEqual(cases.map(({ response, pred }) => [response, pred]));
  });

  interface Bagel {
    readonly options: Readonly<Record<string, string>>;
    readonly cases: readonly Readonly<Record<"response" | "bagel_mmmu" | "bagel_mmbench", string>>[];
  }
  const bagel = golden<Bagel>("mmmu", "golden", "bagel_post_process.json");
  test.each(bagel.cases)("in BAGEL's reading of $response", ({ response, bagel_mmmu: letter, bagel_mmbench: same }) => {
    const found = bagelOption(response, new Map(Object.entries(bagel.options)));
    expect([found, found]).toEqual([letter, same]);
  });

  interface Open {
    readonly response: string;
    readonly parsed_set: readonly unknown[];
    readonly extract_numbers: readonly string[];
    readonly normalize_str: readonly unknown[];
    readonly check_is_number: boolean;
  }
  const open = golden<{ cases: readonly Open[] }>("mmmu", "golden", "parse_open.json");
  test.each(open.cases)("in reading $response", (expected) => {
    const { response } = expected;
    expect(sorted(parseOpen(response).map(written))).toEqual(sorted(expected.parsed_set));
    expect(extractNumbers(response)).toEqual(expected.extract_numbers);
    expect(normalise(response).map(written)).toEqual(expected.normalize_str);
    expect(parseFloatAsPython(response.replaceAll(",", "")) !== undefined).toBe(expected.check_is_number);
  });

  interface Match {
    readonly gold: string | readonly string[];
    readonly response: string;
    readonly correct: boolean;
  }
  test("in 1024 open answers", () => {
    const { cases } = golden<{ cases: readonly Match[] }>("mmmu", "golden", "eval_open.json");
    const wrong = cases.filter(({ gold, response, correct }) => matchesOpen(gold, parseOpen(response)) !== correct);
    expect(cases.length).toBe(1024);
    expect(wrong).toEqual([]);
  });
});

describeGoldens("MMMU of 900 questions", "mmmu/answer_dict_val.json", () => {
  test("on the 900 questions of validation, answered all with A", async () => {
    const questions = fixturePath("mmmu", "answer_dict_val.json");
    const ids = Object.keys(golden<object>("mmmu", "answer_dict_val.json"));
    const folder = await scratch({ "a.json": JSON.stringify(Object.fromEntries(ids.map((id) => [id, "A"]))) });
    const { scores, items, missing } = await mmmu.score({ answers: `${folder}/a.json`, questions }, "official");
    expect({ items, missing }).toEqual({ items: 900, missing: 0 });
    // The official scorer's figure for this file.
    expect(scores.overall).toBe(0.271);
    expect(Object.keys(scores)).toHaveLength(37);
  });
});

const options = { A: "red", B: "blue" };
const artQuestion = (id: string, response: string) => ({
  id: `validation_Art_${id}`,
  question_type: "multiple-choice",
  answer: "B",
  index2ans: options,
  response,
});

test("parses and scores folders of subjects; one stream of random numbers serves all, in the order of their names", async () => {
  const folder = await scratch({
    "Biology/output.json": JSON.stringify([
      { id: "validation_Biology_1", question_type: "short-answer", answer: ["0.5", "half"], response: "It is .50" },
    ]),
    "Art/output.json": JSON.stringify([artQuestion("1", "(B)"), artQuestion("2", "?")]),
    "notes.txt": "not a subject",
  });
  // random.choice(["A", "B"]) with seed 42 begins with A.
  const { scores, printed, items } = await mmmu.score({ answers: folder }, "official");
  expect(items).toBe(3);
  expect(scores).toMatchObject({ overall: 0.667, Art: 0.5, Biology: 1, "Overall-Science": 1, "Overall-Business": 0 });
  expect(printed).toBe(
    "{'Overall-Art and Design': {'num': 2, 'acc': 0.5}, 'Art': {'num': 2, 'acc': 0.5}, 'Overall-Business': {'num': 0, 'acc': 0}, " +
      "'Overall-Science': {'num': 1, 'acc': 1.0}, 'Biology': {'num': 1, 'acc': 1.0}, 'Overall-Health and Medicine': {'num': 0, 'acc': 0}, " +
      "'Overall-Humanities and Social Science': {'num': 0, 'acc': 0}, 'Overall-Tech and Engineering': {'num': 0, 'acc': 0}, " +
      "'Overall': {'num': 3, 'acc': 0.667}}\n",
  );
  expect((await mmmu.score({ answers: folder }, "lmms_eval")).scores.overall).toBe(0.66667);
  expect((await mmmu.score({ answers: folder }, "bagel")).scores["Art"]).toBe(0);
});

test("thirty subjects, by name", () => {
  expect(MMMU_SUBJECTS).toHaveLength(30);
  expect(MMMU_SUBJECTS.slice(0, 4)).toEqual(["Accounting", "Agriculture", "Architecture_and_Engineering", "Art"]);
});

test("says what is wrong with files", async () => {
  const folder = await scratch({
    "q.json": JSON.stringify({ validation_Art_1: { question_type: "multiple-choice", ground_truth: "B" } }),
    "unknown.json": '{"validation_Art_9":"A"}',
    "built-in.json": '{"constructor":"A"}',
    "list.json": '["A"]',
    "twice/Art/output.json": JSON.stringify([artQuestion("1", "A"), artQuestion("1", "B")]),
    "bare/Art/output.json": JSON.stringify([{ ...artQuestion("1", "A"), index2ans: undefined }]),
    "empty/x.txt": "",
  });
  const failing = async (answers: string, message: string | RegExp) =>
    expect(mmmu.score({ answers: `${folder}/${answers}`, questions: `${folder}/q.json` }, "official")).rejects.toThrow(
      message,
    );
  await failing("unknown.json", "unknown.json: validation_Art_9: no such question in");
  await failing("built-in.json", "built-in.json: constructor: no such question in");
  await failing("list.json", /list\.json: \(root\)/);
  await failing("twice", 'output.json: id "validation_Art_1" is there twice');
  await failing("bare", 'a multiple-choice question needs "index2ans"');
  await failing("empty", "expected answers to MMMU's questions, found none");
  await failing("none.json", "none.json: no such file");
  await expect(mmmu.score({ answers: `${folder}/unknown.json` }, "official")).rejects.toThrow(
    "--questions: expected MMMU's answer_dict_val.json",
  );
});
