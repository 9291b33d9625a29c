import { expect, test } from "vitest";
import { describeGoldens, fixturePath, golden } from "../../../tests/support/evaluation-goldens.ts";
import { jsonLines, scratchFolder } from "../../../tests/support/scratch-folder.ts";
import { genaiBench } from "./genai-bench.ts";

const scratch = scratchFolder();

describeGoldens("GenAI-Bench", "genaibench", () => {
  interface Metric {
    readonly prompt_ids: readonly string[];
    readonly scores: readonly number[];
    readonly official_stdout: string;
    readonly means_by_id: Readonly<Record<string, number>>;
  }
  async function score(set: string, protocol: string) {
    const { prompt_ids: ids, scores } = golden<Metric>("genaibench", "golden", `scores_${set}.json`);
    const rows = ids.map((id, i) => ({ id, score: scores[i] }));
    const folder = await scratch({ "m.jsonl": jsonLines(rows) });
    return genaiBench.score(
      { answers: `${folder}/m.jsonl`, questions: fixturePath("genaibench", `genai${set}`) },
      protocol,
    );
  }

  test.each([
    ["1600", "official"],
    ["1600", "fixed"],
    ["527", "fixed"],
  ])("in the means of %s prompts, %s", async (set, protocol) => {
    const expected = golden<Metric>("genaibench", "golden", `scores_${set}.json`).means_by_id;
    const { scores, items, printed } = await score(set, protocol);
    for (const [skill, value] of Object.entries(expected)) expect(scores[skill]).toBeCloseTo(value, 12);
    expect({ items, overall: scores.overall }).toEqual({ items: Number(set), overall: scores["all"] });
    if (set === "1600")
      expect(printed).toBe(golden<Metric>("genaibench", "golden", "scores_1600.json").official_stdout);
  });

  test("in stopping at the set of 527, whose numbers begin with 1", async () => {
    await expect(score("527", "official")).rejects.toThrow("the official scorer stops at prompt 00527 (IndexError)");
  });

  interface Human {
    readonly means: Readonly<Record<string, Readonly<Record<string, number>>>>;
  }
  test.each(["1600", "527"])("in people's ratings of the %s", async (set) => {
    const { means } = golden<Human>("genaibench", "golden", `human_${set}.json`);
    const { scores } = await genaiBench.score({ answers: fixturePath("genaibench", `genai${set}`) }, "human");
    const models = scores["models"] as Readonly<Record<string, Readonly<Record<string, number>>>>;
    expect(Object.keys(models)).toEqual(Object.keys(means));
    for (const [model, { overall_tagged: all, all_prompts: _, ...skills }] of Object.entries(means))
      for (const [skill, value] of Object.entries({ ...skills, all }))
        expect(models[model]![skill]).toBeCloseTo(value!, 12);
  });
});

const skills =
  "attribute,scene,spatial relation,action relation,part relation,basic,counting,comparison,differentiation,negation,universal,advanced".split(
    ",",
  );
const questions = {
  "genai_image.json": JSON.stringify({ "00000": { prompt: "a" }, "00001": { prompt: "b" } }),
  "genai_skills.json": JSON.stringify(Object.fromEntries(skills.map((skill, i) => [skill, i < 6 ? [0, 1] : [1]]))),
};

async function score(
  scores: string,
  protocol = "official",
  more: Readonly<Record<string, string>> = {},
  name = "s.json",
) {
  const folder = await scratch({ ...questions, [name]: scores, ...more });
  return genaiBench.score({ answers: `${folder}/${name}`, questions: folder }, protocol);
}

test("several pictures of a prompt count as their mean", async () => {
  const { scores } = await score('{"00000": [0.5, 1], "00001": 0.25}');
  expect(scores).toMatchObject({ overall: 0.5, basic: 0.5, advanced: 0.25 });
});

test("says what is wrong with files", async () => {
  await expect(score('{"00000": 0.5}')).rejects.toThrow("1 of 2 prompts have no score, the first 00001");
  await expect(score('{"00000": 0.5, "00001": 1, "7": 1}')).rejects.toThrow("7: no such prompt");
  await expect(score('{"00000": "high"}')).rejects.toThrow(/s\.json: 00000/);
  await expect(score("{}", "official", { "genai_skills.json": "{}" })).rejects.toThrow(
    'expected prompts with the skill "attribute"',
  );
  await expect(score("{}", "human")).rejects.toThrow("expected ratings of models, found none");
  const beyond = { "genai_skills.json": questions["genai_skills.json"].replaceAll("[1]", "[9]") };
  await expect(score('{"00000": 0.5, "00001": 1}', "fixed", beyond)).rejects.toThrow(
    "prompt 00009 is not among the prompts",
  );
  await expect(score("no tensor, but text that is long enough", "fixed", {}, "s.pt")).rejects.toThrow(
    "s.pt: not a ZIP archive",
  );
});
