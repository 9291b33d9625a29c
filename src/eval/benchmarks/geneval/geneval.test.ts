import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { describeGoldens, fixturePath, golden } from "../../../../tests/support/evaluation-goldens.ts";
import { jsonLines, scratchFolder } from "../../../../tests/support/scratch-folder.ts";
import { geneval, readGenevalPrompts } from "./geneval.ts";
import { overlap, relations, type Box } from "./geometry.ts";
import {
  GENEVAL_SETTINGS,
  gradePicture,
  keepDetections,
  type Detection,
  type GenevalPrompt,
  type Verdict,
} from "./grade.ts";

const scratch = scratchFolder();

describeGoldens("GenEval", "geneval/golden", () => {
  interface Pair {
    readonly a: Box;
    readonly b: Box;
    readonly relations_of_a_to_b: readonly string[];
    readonly iou: number;
  }
  test.each(golden<{ cases: readonly Pair[] }>("geneval", "golden", "geometry.json").cases)(
    "in boxes $a and $b",
    (expected) => {
      const { a, b, iou } = expected;
      expect(relations(a, b, GENEVAL_SETTINGS.positionThreshold).sort()).toEqual(expected.relations_of_a_to_b);
      expect(overlap(a, b)).toBe(iou);
    },
  );

  interface Case extends Verdict {
    readonly name: string;
    readonly metadata: GenevalPrompt;
    readonly objects: Readonly<Record<string, readonly (readonly number[])[]>>;
    readonly colors: Readonly<Record<string, readonly string[]>> | null;
  }
  test.each(golden<{ cases: readonly Case[] }>("geneval", "golden", "evaluate_cases.json").cases)(
    "in the case: $name",
    (expected) => {
      const objects = new Map(
        Object.entries(expected.objects).map(([name, boxes]) => [
          name,
          boxes.map((box, i) => ({ box: box.slice(0, 4) as unknown as Box, color: expected.colors?.[name]?.[i] })),
        ]),
      );
      const { correct, reason } = expected;
      expect(gradePicture(objects, expected.metadata)).toEqual({ correct, reason });
    },
  );
});

describeGoldens("GenEval of 553 prompts", "geneval/evaluation_metadata.jsonl", () => {
  const lines = <T>(...names: readonly string[]) =>
    readFileSync(fixturePath("geneval", ...names), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as T);
  const printedOf = golden<Readonly<Record<"stdout" | "sub_stdout", string>>>("geneval", "golden", "scores.json");
  const metadata = fixturePath("geneval", "evaluation_metadata.jsonl");

  interface Judged {
    readonly prompt_index: number;
    readonly detections: readonly Detection[];
    readonly correct: boolean;
  }
  const detections = lines<Judged & { readonly filename: string }>("golden", "synthetic_detections.jsonl");

  test("in the pictures of 553 prompts", async () => {
    const prompts = await readGenevalPrompts(metadata);
    const wrong = detections.filter(({ prompt_index: index, detections: found, correct }) => {
      const prompt = prompts[index]!;
      return gradePicture(keepDetections(found, prompt.tag), prompt).correct !== correct;
    });
    expect({ pictures: detections.length, wrong }).toEqual({ pictures: 553, wrong: [] });
  });

  test("in what it prints, from detections and from results", async () => {
    const answers = await scratch({
      "detections.jsonl": jsonLines(
        detections.map(({ filename, detections: found }) => ({ filename, detections: found })),
      ),
    });
    const judged = await geneval.score({ answers: `${answers}/detections.jsonl`, questions: metadata }, "official");
    expect(judged.printed).toBe(printedOf.sub_stdout);
    const results = fixturePath("geneval", "golden", "results_2212.jsonl");
    const scored = await geneval.score({ answers: results, questions: metadata }, "official");
    expect(scored.printed).toBe(printedOf.stdout);
    expect(scored).toMatchObject({ items: 2212, missing: 0, failed: 0 });
    expect(scored.scores.overall).toBeCloseTo(0.55242, 5);
  });

  test("also for BAGEL's longer prompts, which ask for the same", async () => {
    const tags = async (path: string) => (await readGenevalPrompts(path)).map(({ tag, include }) => ({ tag, include }));
    expect(await tags(fixturePath("geneval", "evaluation_metadata_long_BAGEL.jsonl"))).toEqual(await tags(metadata));
  });
});

const at = (left: number, score = 0.95, color = "red"): Detection => ({
  class: "dog",
  box: [left, 0, left + 10, 10],
  score,
  color,
});
const dogs = (count: number, more: object = {}): GenevalPrompt => ({
  tag: "counting",
  prompt: "dogs",
  include: [{ class: "dog", count, ...more }],
});

describe("detections", () => {
  test("count above the threshold of their kind of prompt, in float32, sixteen at most", () => {
    const kept = (tag: string, found: readonly Detection[]) => keepDetections(found, tag).get("dog")?.length ?? 0;
    expect(kept("counting", [at(0, 0.9), at(1, 0.91)])).toBe(1);
    expect(kept("colors", [at(0, 0.3), at(1, 0.300001), at(2, 0.2)])).toBe(1);
    expect(
      kept(
        "colors",
        Array.from({ length: 20 }, (_, i) => at(i)),
      ),
    ).toBe(16);
  });

  test("are ordered by their scores, of equal ones the later first", () => {
    const kept = keepDetections([at(0, 0.5), at(1, 0.7), at(2, 0.5)], "colors").get("dog")!;
    expect(kept.map(({ box }) => box[0])).toEqual([1, 2, 0]);
  });

  test("that overlap may be taken for one", () => {
    const settings = { ...GENEVAL_SETTINGS, maxOverlap: 0.5 };
    const kept = keepDetections([at(0, 0.9), at(1, 0.8), at(100, 0.7)], "colors", settings).get("dog")!;
    expect(kept.map(({ box }) => box[0])).toEqual([0, 100]);
  });
});

test("all objects must have the colour, and be in place relative to all targets", () => {
  const objects = keepDetections([at(0), at(50, 0.94, "blue")], "colors");
  expect(gradePicture(objects, dogs(2, { color: "red" })).reason).toBe(
    "expected red dog>=2, found 1 red; and 1 red, 1 blue",
  );
  const cats = new Map([...objects, ["cat", [{ box: [30, 0, 40, 10] as Box }]]]);
  const include = [
    { class: "cat", count: 1 },
    { class: "dog", count: 2, position: ["left of", 0] as ["left of", number] },
  ];
  expect(gradePicture(cats, { include }).reason).toBe("expected dog left of target, found right of target");
});

test("says what is wrong with files", async () => {
  const prompts = jsonLines([dogs(1, { color: "red" })]);
  const failing = async (lines: string, message: string | RegExp) => {
    const folder = await scratch({ "d.jsonl": lines, "q.jsonl": prompts });
    await expect(
      geneval.score({ answers: `${folder}/d.jsonl`, questions: `${folder}/q.jsonl` }, "official"),
    ).rejects.toThrow(message);
  };
  const found = {
    filename: "x/00000/samples/0000.png",
    detections: [{ class: "dog", box: [0, 0, 1, 1], score: 0.95 }],
  };
  await failing(jsonLines([found]), 'line 1: a dog has no colour, which "dogs" asks for');
  await failing(
    jsonLines([{ ...found, filename: "x/00007/samples/0000.png" }]),
    /line 1: prompt 7: .*q\.jsonl has 1 prompts/,
  );
  await failing(jsonLines([{ ...found, filename: "x.png" }]), "expected …/NNNNN/samples/NNNN.png or a prompt_index");
  await failing(
    jsonLines([
      { filename: "a", prompt_index: 0, detections: [] },
      { filename: "a", prompt_index: 0, detections: [] },
    ]),
    'line 2: filename "a" is there twice',
  );
  await failing(jsonLines([{ filename: "a", correct: "yes" }]), /line 1: .*correct/);
  await failing("", "expected one picture a line, found nothing");
  await failing("[]\n", /line 1: \(root\)/);
});
