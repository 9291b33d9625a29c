import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { FakeMogao, solid, type Script } from "../../tests/support/fake-mogao.ts";
import { jsonLines, scratchFolder } from "../../tests/support/scratch-folder.ts";
import { encodePng } from "../data/png.ts";
import { benchmarks } from "../eval/benchmarks/registry.ts";
import { MME_TASKS } from "../eval/benchmarks/mme.ts";
import type { BenchmarkReport } from "../eval/harness/report.ts";

const scratch = scratchFolder();
const picture = await encodePng(solid(32, 32, [200, 30, 30]));

/** A folder with data, a model and pictures of these names. */
async function prepare(files: Readonly<Record<string, string>>, pictures: readonly string[] = []): Promise<string> {
  const data = Object.fromEntries(Object.entries(files).map(([name, text]) => [join("data", name), text]));
  const folder = await scratch({ ...data, "model/model.safetensors": "weights" });
  for (const name of pictures) {
    const path = join(folder, "data", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, picture);
  }
  return folder;
}

function run(name: string, folder: string, model: FakeMogao | undefined, ...more: readonly string[]) {
  const where = ["--data", join(folder, "data"), "--model", join(folder, "model"), "--out", join(folder, "out")];
  return runFakeCli(["eval", name, ...where, "--json", ...more], model ? { model } : {});
}

/** The report of a run that must succeed. */
async function reportOf(...args: Parameters<typeof run>): Promise<BenchmarkReport> {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as BenchmarkReport;
}

/** Answers each prompt by its text. */
const saying = (answer: (text: string) => string): FakeMogao =>
  new FakeMogao((prompt) => [
    answer(prompt.map((part) => (typeof part === "string" ? part : part.type === "text" ? part.text : "@")).join(" ")),
  ]);
const drawing = (script: Script = () => [solid(32, 32, [200, 30, 30])]): FakeMogao => new FakeMogao(script);

const popeFiles = Object.fromEntries(
  ["random", "popular", "adversarial"].map((split) => [
    `coco_pope_${split}.json`,
    jsonLines(
      ["cat", "dog"].map((name, i) => ({
        question_id: i + 1,
        image: "a.jpg",
        text: `Is there a ${name}?`,
        label: i === 0 ? "yes" : "no",
      })),
    ),
  ]),
);

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

const dogs = { tag: "single_object", include: [{ class: "dog", count: 1 }], prompt: "a photo of a dog" };

/** Completes to-judge.jsonl as another program would, in a file of its own. */
async function completed(folder: string, complete: (line: Record<string, unknown>) => object): Promise<string> {
  const text = await readFile(join(folder, "out", "to-judge.jsonl"), "utf8");
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const path = join(folder, "verdicts.jsonl");
  await writeFile(
    path,
    jsonLines([{ judge: "test judge", official: true }, ...lines.map((line) => ({ ...line, ...complete(line) }))]),
  );
  return path;
}

test("GenEval: draws four pictures a prompt, lists what to judge, scores verdicts by the pictures' hashes", async () => {
  const folder = await prepare({
    "evaluation_metadata.jsonl": jsonLines([dogs, { ...dogs, tag: "colors", prompt: "a photo of a cat" }]),
  });
  const model = drawing((_prompt, { seed }) => [solid(32, 32, [seed!, 0, 0])]);
  const open = await reportOf("geneval", folder, model, "--steps", "3", "--size", "32x32");
  expect(open).toMatchObject({
    items: 8,
    missing: 8,
    failed: 0,
    judge: null,
    official: false,
    scores: { overall: null },
  });
  expect(model.calls.map(({ options }) => options.seed)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(model.calls[0]!.options).toMatchObject({
    output: "image",
    maxImages: 1,
    steps: 3,
    size: { width: 32, height: 32 },
  });
  const dog = { class: "dog", box: [0, 0, 9, 9], score: 0.9 };
  const verdicts = await completed(folder, ({ prompt, path }) => ({
    detections: prompt === dogs.prompt && !(path as string).endsWith("0003.png") ? [dog] : [],
  }));
  const report = await reportOf("geneval", folder, undefined, "--steps", "3", "--size", "32x32", "--judge", verdicts);
  expect(report).toMatchObject({
    judge: "test judge",
    official: true,
    missing: 0,
    scores: { overall: 0.375, single_object: 0.75, colors: 0 },
    settings: { steps: 3, size: "32x32" },
  });
  expect(JSON.parse(await readFile(join(folder, "out/00000/metadata.jsonl"), "utf8"))).toEqual(dogs);
  expect(await readFile(join(folder, "out/report.md"), "utf8")).toContain("| Table 1");
});

test("a prompt that is answered without a picture has failed", async () => {
  const folder = await prepare({
    "evaluation_metadata.jsonl": jsonLines([dogs, { ...dogs, prompt: "a photo of a cat" }]),
  });
  await reportOf(
    "geneval",
    folder,
    drawing(([text]) => (text === dogs.prompt ? [solid(32, 32, [9, 9, 9])] : ["No."])),
  );
  const verdicts = await completed(folder, () => ({ detections: [{ class: "dog", box: [0, 0, 9, 9], score: 0.9 }] }));
  const report = await reportOf("geneval", folder, undefined, "--judge", verdicts);
  expect(report).toMatchObject({ items: 4, missing: 0, failed: 1, official: false, scores: { overall: 1 } });
  expect(report.notes).toContain("1 prompts were answered without a picture");
});

test("DPG-Bench: four pictures in a grid, questions about each quarter", async () => {
  const table =
    "item_id,text,keywords,proposition_id,dependency,category_broad,category_detailed,tuple,question_natural_language\n" +
    "first,x,x,1,0,entity,whole,entity - whole (x),Is there an x?\na,A cat,cat,1,0,entity,whole,entity - whole (cat),Is there a cat?\n";
  const folder = await prepare({ "prompts/a.txt": "A cat.", "dpg_bench.csv": table });
  await reportOf("dpgbench", folder, drawing());
  const verdicts = await completed(folder, ({ crop }) => ({ answer: (crop as number[])[0] === 0 ? "yes" : "no" }));
  const report = await reportOf("dpgbench", folder, undefined, "--judge", verdicts);
  expect(report).toMatchObject({ scores: { overall: 50, L1: { entity: 0 } }, items: 1, missing: 0 });
});

const skills =
  "attribute,scene,spatial relation,action relation,part relation,basic,counting,comparison,differentiation,negation,universal,advanced".split(
    ",",
  );
const genaiFiles = {
  "genai_image.json": JSON.stringify({ "00000": { prompt: "a" }, "00001": { prompt: "b" } }),
  "genai_skills.json": JSON.stringify(Object.fromEntries(skills.map((skill) => [skill, [0, 1]]))),
};

test("GenAI-Bench: a score for every picture; without all of them none", async () => {
  const folder = await prepare(genaiFiles);
  await reportOf(
    "genaibench",
    folder,
    drawing((_prompt, { seed }) => [solid(32, 32, [100 * seed!, 0, 0])]),
  );
  const verdicts = await completed(folder, ({ text }) => ({ score: text === "a" ? 0.5 : 1 }));
  expect(await reportOf("genaibench", folder, undefined, "--judge", verdicts)).toMatchObject({
    scores: { overall: 0.75, advanced: 0.75 },
  });
  const [name, first] = (await readFile(verdicts, "utf8")).split("\n");
  await writeFile(verdicts, `${name}\n${first}\n`);
  expect(await reportOf("genaibench", folder, undefined, "--judge", verdicts)).toMatchObject({
    scores: { overall: null },
    missing: 1,
  });
});

test("a vision model behind an API judges too, but not officially", async () => {
  const requests: { headers: NodeJS.Dict<string | string[]>; body: { messages: unknown } }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      requests.push({ headers: request.headers, body: JSON.parse(body) as { messages: unknown } });
      // Busy at first.
      response.statusCode = requests.length === 1 ? 503 : 200;
      const content = [
        {
          top_logprobs: [
            { token: "Yes", logprob: Math.log(0.5) },
            { token: " yes", logprob: Math.log(0.25) },
          ],
        },
      ];
      response.end(JSON.stringify({ choices: [{ message: { content: "Yes." }, logprobs: { content } }] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const folder = await prepare(genaiFiles);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const report = await reportOf("genaibench", folder, drawing(), "--judge", url, "--judge-model", "seer");
    expect(report).toMatchObject({ judge: "seer (endpoint)", official: false });
    expect(report.scores.overall).toBeCloseTo(0.75, 12);
    expect(requests).toHaveLength(3);
    expect(JSON.stringify(requests[1]!.body.messages)).toContain(
      'Does this figure show \\"a\\"? Please answer yes or no.',
    );
    // Its verdicts were kept.
    const again = await reportOf("genaibench", folder, undefined, "--judge", url, "--judge-model", "seer");
    expect(again).toEqual(report);
    expect(requests).toHaveLength(3);
    const other = await prepare({ "evaluation_metadata.jsonl": jsonLines([dogs]) });
    const { code, stderr } = await run("geneval", other, undefined, "--judge", url, "--judge-model", "seer");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "mogao: --judge: expected one that detects objects and their colours, which seer (endpoint) does not\n",
    });
  } finally {
    server.close();
  }
});

test("says what is wrong, before a model is loaded", async () => {
  const failing = async (message: string | RegExp, ...args: Parameters<typeof run>) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  };
  const folder = await prepare(popeFiles);
  await failing(/data: expected val2014\/a\.jpg or a\.jpg, found none of them/, "pope", folder, undefined);
  await failing(
    /--protocol: expected official, .* for pope, found "best"/,
    "pope",
    folder,
    undefined,
    "--protocol",
    "best",
  );
  await failing(/--judge-model: expected the name/, "pope", folder, undefined, "--judge", "http://localhost:1");
  await failing(/nothing\.jsonl: no such file/, "pope", folder, undefined, "--judge", join(folder, "nothing.jsonl"));
  await failing(/Your_Results or eval_tool\/Your_Results, found none/, "mme", folder, undefined);
  await failing(/expected folders of MMMU's subjects/, "mmmu", folder, undefined);
  const drawn = await prepare({ "evaluation_metadata.jsonl": jsonLines([dogs]) });
  await reportOf("geneval", drawn, drawing(), "--steps", "2");
  await failing(/holds results of other weights, settings or judge/, "geneval", drawn, undefined, "--steps", "3");
  await writeFile(join(drawn, "data/evaluation_metadata.jsonl"), jsonLines([{ ...dogs, prompt: "another" }]));
  await failing(/"00000" was another prompt; choose another folder/, "geneval", drawn, undefined, "--steps", "2");
});

test("tables of several runs, with the average when all six are there", async () => {
  const report = (benchmark: string, overall: number, official = true) =>
    JSON.stringify({ benchmark, protocol: "official", official, settings: { weights: "abc" }, scores: { overall } });
  const folder = await scratch({
    "pope/report.json": report("pope", 0.889),
    "mme/report.json": report("mme", 1592),
    "mmb/report.json": report("mmbench", 0.75),
    "seed/report.json": report("seedbench", 74.6),
    "gqa/report.json": report("gqa", 60.9),
    "mmmu/report.json": report("mmmu", 0.442, false),
  });
  const runs = ["pope", "mme", "mmb", "seed", "gqa", "mmmu"].map((name) => join(folder, name));
  const { stdout } = await runFakeCli(["eval", "table", ...runs]);
  // The paper's own row.
  expect(stdout).toMatch(/\| abc +\| +88\.9 \| 1592\.0 \| 75\.0 \| 74\.6 \| 60\.9 \| 44\.2\* \| 57\.4\* \|/);
  expect((await runFakeCli(["eval", "table", runs[0]!])).stdout).toMatch(/\| +88\.9 \| +– \| .* \| +– \|/);
});

test("there is a verb for every benchmark, whose help fits a screen", async () => {
  for (const { name } of benchmarks) {
    const { stdout } = await runFakeCli(["eval", name, "--help"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines[0]).toMatch(new RegExp(`^Usage: mogao eval ${name}(\\|[a-z]+-bench)? \\[options\\]$`));
  }
});
