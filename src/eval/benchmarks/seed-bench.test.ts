import { expect, test } from "vitest";
import { describeGoldens, golden } from "../../../tests/support/evaluation-goldens.ts";
import { jsonLines, scratchFolder } from "../../../tests/support/scratch-folder.ts";
import { seedBench } from "./seed-bench.ts";

const scratch = scratchFolder();

async function score(annotation: object, results: readonly object[], protocol = "official") {
  const folder = await scratch({ "SEED-Bench.json": JSON.stringify(annotation), "results.jsonl": jsonLines(results) });
  return seedBench.score({ answers: `${folder}/results.jsonl`, questions: `${folder}/SEED-Bench.json` }, protocol);
}

describeGoldens("SEED-Bench", "seedbench/golden", () => {
  interface Golden {
    readonly annotation: object;
    readonly results: readonly object[];
    readonly llava_stdout: string;
    readonly lmms_eval: Readonly<Record<"seed_image" | "seed_video" | "seed_all", number>>;
  }
  const synthetic = golden<Golden>("seedbench", "golden", "synthetic.json");

  test("in what it prints", async () => {
    const { printed, items, missing, scores } = await score(synthetic.annotation, synthetic.results);
    expect(printed).toBe(synthetic.llava_stdout);
    expect({ items, missing }).toEqual({ items: 112, missing: 6 });
    expect(scores.overall).toBeCloseTo(63.39, 2);
  });

  test("under LMMs-Eval's rules", async () => {
    const { scores } = await score(synthetic.annotation, synthetic.results, "lmms_eval");
    const { seed_all: overall, seed_image: image, seed_video: video } = synthetic.lmms_eval;
    expect(scores).toMatchObject({ overall, image, video });
  });
});

const question = { answer: "A", question_id: "7", question_type_id: 1, data_type: "image" };
const annotation = { questions: [question], question_type: { "Scene Understanding": 1 } };

test("only the letter itself is right; there may be no videos", async () => {
  expect((await score(annotation, [{ question_id: 7, text: "A" }])).scores).toEqual({
    overall: 100,
    image: 100,
    video: null,
    dimensions: { "Scene Understanding": 100 },
  });
  expect((await score(annotation, [{ question_id: 7, text: "A." }])).scores.overall).toBe(0);
});

test("says what is wrong with files", async () => {
  const failing = async (results: readonly object[], message: RegExp) =>
    expect(score(annotation, results)).rejects.toThrow(message);
  await failing(
    [{ question_id: "7", text: "A" }],
    /line 1: question_id: expected one of .*found "7" \(ids of digits are numbers/,
  );
  await failing([{ question_id: 8, text: "A" }], /line 1: question_id: expected one of .*found 8$/);
  await failing(
    [
      { question_id: 7, text: "A" },
      { question_id: 7, text: "B" },
    ],
    /line 2: question_id 7 is there twice, first in .*line 1/,
  );
  await failing([{ question_id: 7 }], /line 1: text/);
  await expect(score({ questions: [{}] }, [])).rejects.toThrow(/SEED-Bench\.json: questions\.0\.answer/);
});
