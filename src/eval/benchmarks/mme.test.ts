import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeGoldens, fixturePath, golden } from "../../../tests/support/evaluation-goldens.ts";
import { scratchFolder } from "../../../tests/support/scratch-folder.ts";
import { bagelMmeResponse, lmmsEvalMmeVerdict, mme, MME_TASKS, mmeVerdict } from "./mme.ts";

const scratch = scratchFolder();
const tasks = Object.values(MME_TASKS).flat();

test.each([
  ["yes", "yes"],
  ["Yes.\n", "yes"],
  ["eyes", "yes"],
  ["know", "no"],
  ["   no\n", "other"],
  ["🐈🐈no", "no"],
  ["🐈🐈🐈no", "other"],
  ["y\n", "other"],
])("the official reading of %j is %s", (response, verdict) => {
  expect(mmeVerdict(response)).toBe(verdict);
});

describeGoldens("MME", "mme", () => {
  interface Case {
    readonly response: string;
    readonly official_parse_of_lower_with_newline: string;
    readonly official_parse_of_lower: string;
    readonly bagel_post_processing: string;
    readonly bagel_then_official: string;
    readonly lmms_eval: string;
  }
  test.each(golden<{ cases: readonly Case[] }>("mme", "golden", "parse_cases.json").cases)(
    "in reading $response",
    (expected) => {
      const { response } = expected;
      expect(mmeVerdict(response)).toBe(expected.official_parse_of_lower);
      expect(mmeVerdict(`${response}\n`)).toBe(expected.official_parse_of_lower_with_newline);
      expect(bagelMmeResponse(response)).toBe(expected.bagel_post_processing);
      expect(mmeVerdict(bagelMmeResponse(response))).toBe(expected.bagel_then_official);
      expect(lmmsEvalMmeVerdict(response)).toBe(expected.lmms_eval);
    },
  );

  interface Scores {
    readonly responses: Readonly<Record<string, readonly string[]>>;
    readonly stdout: string;
    readonly scores: Readonly<Record<"Perception" | "Cognition", Readonly<Record<string, number>>>>;
    readonly per_task_metrics: Readonly<Record<string, object>>;
    readonly lmms_eval: { readonly mme_perception_score: number; readonly mme_cognition_score: number };
  }
  const synthetic = golden<Scores>("mme", "golden", "synthetic_scores.json");
  const withTabs = golden<Scores>("mme", "golden", "synthetic_tab_scores_bagel.json");

  /** The questions of the official files with these responses, as a folder. */
  function answered(responses: Scores["responses"]): Promise<string> {
    const files = tasks.map((task) => {
      const lines = readFileSync(fixturePath("mme", "Your_Results", `${task}.txt`), "utf8")
        .trimEnd()
        .split("\n");
      return [`${task}.txt`, lines.map((line, i) => `${line}\t${responses[task]![i]!}\n`).join("")];
    });
    return scratch(Object.fromEntries(files) as Record<string, string>);
  }

  test("in what it prints, in points and in counts", async () => {
    const { scores, printed, items, failed } = await mme.score(
      { answers: await answered(synthetic.responses) },
      "official",
    );
    expect(printed).toBe(synthetic.stdout);
    const { Perception: perception, Cognition: cognition } = synthetic.scores;
    expect(scores).toMatchObject({
      overall: perception["total"],
      perception: perception["total"],
      cognition: cognition["total"],
    });
    for (const task of tasks)
      expect((scores["tasks"] as Record<string, number>)[task]).toBe({ ...perception, ...cognition }[task]);
    expect(scores["metrics"]).toMatchObject(synthetic.per_task_metrics);
    expect({ items, failed }).toEqual({ items: 2374, failed: 0 });
  });

  test("under BAGEL's rules, which skip lines with tabs in the response", async () => {
    const answers = await answered(withTabs.responses);
    const { scores, printed, failed } = await mme.score({ answers }, "bagel");
    expect(printed).toBe(withTabs.stdout);
    expect(scores["metrics"]).toMatchObject(withTabs.per_task_metrics);
    expect(failed).toBeGreaterThan(0);
    await expect(mme.score({ answers }, "official")).rejects.toThrow(
      /scene\.txt, line \d+: expected picture, question, Yes or No, response with tabs between, found 5 fields/,
    );
  });

  test("under LMMs-Eval's rules", async () => {
    const { scores } = await mme.score({ answers: await answered(synthetic.responses) }, "lmms_eval");
    expect(scores).toMatchObject({
      perception: synthetic.lmms_eval.mme_perception_score,
      cognition: synthetic.lmms_eval.mme_cognition_score,
    });
  });
});

test("says what is wrong with files", async () => {
  const whole = Object.fromEntries(
    tasks.map((task) => [`${task}.txt`, "a.jpg\tIs it?\tYes\tyes\na.jpg\tIs it?\tNo\tno\n"]),
  );
  const files = (existence: string) => scratch({ ...whole, "existence.txt": existence });
  expect((await mme.score({ answers: await scratch(whole) }, "official")).scores).toMatchObject({
    overall: 2000,
    cognition: 800,
  });
  const failing = async (text: string, message: RegExp) =>
    expect(mme.score({ answers: await files(text) }, "official")).rejects.toThrow(message);
  await failing("", /existence\.txt: expected lines of picture/);
  await failing("a.jpg\tIs it?\tYes\tyes\n", /existence\.txt: expected two lines a picture, found 1/);
  await failing("a.jpg\tIs it?\tYes\tyes\na.jpg\tIs it?\tNo\n", /existence\.txt, line 2: .*found 3 fields/);
  await failing(
    "a.jpg\tIs it?\tYes\tyes\na.jpg\tIs it?\tmaybe\tno\n",
    /line 2: expected Yes or No in the third field, found "maybe"/,
  );
  await failing(
    "a.jpg\tIs it?\tYes\tyes\nb.jpg\tIs it?\tNo\tno\n",
    /line 2: expected a question about a\.jpg, found one about b\.jpg/,
  );
  const { "OCR.txt": _, ...incomplete } = whole;
  await expect(mme.score({ answers: await scratch(incomplete) }, "official")).rejects.toThrow(/OCR\.txt: no such file/);
  await expect(mme.score({ answers: "/nowhere" }, "official")).rejects.toThrow(
    "expected the folder with MME's 14 files",
  );
});
