import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { picture, popeFiles, prepare, reportOf, run, saying } from "../../tests/support/benchmark-run.ts";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { FakeMogao } from "../../tests/support/fake-mogao.ts";
import { jsonLines } from "../../tests/support/scratch-folder.ts";
import { MME_TASKS } from "../eval/benchmarks/mme.ts";

test("POPE: asks, scores, reports, and goes on where it was", async () => {
  const folder = await prepare(popeFiles, ["val2014/a.jpg"]);
  const first = saying((text) => (text.includes("cat") ? "Yes" : "No, there is none."));
  const limited = await reportOf("pope", folder, first, "--limit", "1");
  expect(limited).toMatchObject({
    benchmark: "pope",
    protocol: "official",
    judge: null,
    official: false,
    items: 3,
    missing: 0,
  });
  expect(first.calls).toHaveLength(3);
  expect(first.calls[0]!.options).toMatchObject({ output: "text", temperature: 0, maxTokens: 20 });
  expect(first.calls[0]!.prompt.at(-1)).toEqual({
    type: "text",
    text: "Is there a cat?\nAnswer the question using a single word or phrase.",
  });
  expect(first.disposed).toBe(true);
  const second = saying((text) => (text.includes("cat") ? "Yes" : "No, there is none."));
  const report = await reportOf("pope", folder, second);
  expect(second.calls).toHaveLength(3);
  expect(report).toMatchObject({ items: 6, official: true, scores: { overall: 1 }, scorer: "mogao pope 1" });
  // Nothing is left to ask, so that no model is loaded.
  expect(await reportOf("pope", folder, undefined)).toEqual(report);
  const at = (name: string) => readFile(join(folder, "out", name), "utf8");
  expect(JSON.parse(await at("report.json"))).toEqual(report);
  expect(await at("report.md")).toContain("| 100.0 |");
  expect(await at("report.html")).toContain('src="../data/val2014/a.jpg"');
  expect(await at("official/answers/random.jsonl")).toBe(
    jsonLines([
      { question_id: 1, question: "Is there a cat?", answer: "Yes" },
      { question_id: 2, question: "Is there a dog?", answer: "No, there is none." },
    ]),
  );
});

test("a run that is interrupted keeps its answers", async () => {
  const folder = await prepare(popeFiles, ["val2014/a.jpg"]);
  let press = () => {};
  let asked = 0;
  const model = new FakeMogao(() => {
    if (++asked === 3) press();
    return asked === 3 ? [{ pause: true }] : ["Yes"];
  });
  const where = ["--data", join(folder, "data"), "--model", join(folder, "model"), "--out", join(folder, "out")];
  const { code } = await runFakeCli(["eval", "pope", ...where], {
    model,
    control: (pressCtrlC) => void (press = pressCtrlC),
  });
  expect(code).toBe(130);
  const rest = saying(() => "Yes");
  expect(await reportOf("pope", folder, rest)).toMatchObject({ items: 6 });
  expect(rest.calls).toHaveLength(4);
});

test("MME: two questions a picture in fourteen tasks", async () => {
  const tasks = Object.values(MME_TASKS).flat();
  const files = Object.fromEntries(
    tasks.map((task) => [`Your_Results/${task}.txt`, "a.jpg\tIs it red?\tYes\na.jpg\tIs it blue?\tNo\n"]),
  );
  const pictures = tasks.map((task, i) =>
    join("MME_Benchmark_release_version", task, i % 2 ? "images/a.jpg" : "a.jpg"),
  );
  const folder = await prepare(files, pictures);
  const report = await reportOf(
    "mme",
    folder,
    saying((text) => (text.includes("red") ? "Yes\tyes" : "no")),
  );
  expect(report).toMatchObject({ items: 28, scores: { perception: 2000, cognition: 800 } });
});

test("MMBench: rotations and pictures in base64, also of another row", async () => {
  const header = "index\tquestion\thint\tA\tB\tanswer\tcategory\tl2-category\tsplit\timage\n";
  const image = Buffer.from(picture).toString("base64");
  const rows = [
    `3\tWhat?\tLook.\tcat\tdog\tA\tk\tl\tdev\t${image}`,
    "1000003\tWhat?\tLook.\tdog\tcat\tB\tk\tl\tdev\t3",
  ];
  const folder = await prepare({ "mmbench_dev.tsv": `${header}${rows.join("\n")}\n` });
  const model = saying(() => "the cat");
  expect(await reportOf("mmbench", folder, model)).toMatchObject({ items: 1, scores: { overall: 1 } });
  expect(model.calls[0]!.prompt.at(-1)).toEqual({
    type: "text",
    text: "Look.\nWhat?\nA. cat\nB. dog\nAnswer with the option's letter from the given choices directly.",
  });
});

test("SEED-Bench: pictures, no videos", async () => {
  const question = {
    question: "What?",
    choice_a: "a",
    choice_b: "b",
    choice_c: "c",
    choice_d: "d",
    answer: "B",
    question_type_id: 1,
  };
  const questions = [
    { ...question, question_id: "7", data_id: "x", data_type: "image" },
    { ...question, question_id: "v8", data_id: "y", data_type: "video", question_type_id: 10 },
  ];
  const annotation = { questions, question_type: { "Scene Understanding": 1, "Action Recognition": 10 } };
  const folder = await prepare({ "SEED-Bench.json": JSON.stringify(annotation) }, ["SEED-Bench-image/x"]);
  expect(
    await reportOf(
      "seedbench",
      folder,
      saying(() => "B"),
    ),
  ).toMatchObject({ items: 1, scores: { overall: 100, image: 100, video: null } });
});

test("GQA: balanced questions", async () => {
  const question = {
    question: "What colour is it?",
    answer: "red",
    imageId: "n1",
    isBalanced: true,
    groups: { global: null },
    types: { structural: "query", semantic: "attr", detailed: "d" },
    semantic: [],
    entailed: [],
  };
  const file = { "1": question, "2": { ...question, isBalanced: false } };
  const folder = await prepare({ "testdev_balanced_questions.json": JSON.stringify(file) }, ["images/n1.jpg"]);
  expect(
    await reportOf(
      "gqa",
      folder,
      saying(() => "Red."),
    ),
  ).toMatchObject({ items: 1, scores: { overall: 100, open: 100 } });
});

test("MMMU: pictures within the question", async () => {
  const rows = [
    {
      id: "validation_Art_1",
      question: "Who made <image 1>?",
      question_type: "multiple-choice",
      options: ["Ann", "Bob"],
      answer: "B",
      images: ["1.png"],
    },
    { id: "validation_Art_2", question: "How many?", question_type: "open", options: [], answer: "4", images: [] },
  ];
  const folder = await prepare({ "Art/validation.jsonl": jsonLines(rows) }, ["Art/1.png"]);
  const model = saying((text) => (text.includes("Who") ? "(B)" : "There are 4"));
  expect(await reportOf("mmmu", folder, model)).toMatchObject({ items: 2, scores: { overall: 1, Art: 1 } });
  expect(
    model.calls[0]!.prompt.map((part) => (typeof part === "object" && part.type === "text" ? part.text : "@")),
  ).toEqual([
    "Who made ",
    "@",
    "?\n(A) Ann\n(B) Bob\n\nAnswer with the option's letter from the given choices directly.",
  ]);
});

test("MMMU: the data set's own Parquet files", async () => {
  const folder = await prepare({});
  const subject = join(folder, "data", "Art");
  await mkdir(subject, { recursive: true });
  const name = "validation-00000-of-00001.parquet";
  await copyFile(new URL(`../../tests/fixtures/parquet/${name}`, import.meta.url), join(subject, name));
  const model = saying((text) => (text.includes("Who") ? "(B)" : "There are four"));
  expect(await reportOf("mmmu", folder, model)).toMatchObject({ items: 2, scores: { overall: 1, Art: 1 } });
  const [before, drawn, after] = model.calls[0]!.prompt;
  expect(before).toEqual({ type: "text", text: "Who made " });
  expect(drawn).toMatchObject({ type: "image", image: { width: 8, height: 8 } });
  expect(after).toMatchObject({ text: expect.stringContaining("(B) Bob's son") as string });
  const output = await readFile(join(folder, "out", "official", "Art", "output.json"), "utf8");
  expect(JSON.parse(output)).toMatchObject([{ answer: "B" }, { answer: ["4", "four"] }]);

  await writeFile(join(subject, name), "PAR1, but not really");
  const { code, stderr } = await run("mmmu", folder, model);
  expect(code).toBe(2);
  expect(stderr).toMatch(/validation-00000-of-00001\.parquet: cannot be read as Parquet: /);
});
