import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dogs, drawing, prepare, reportOf, run } from "../../tests/support/benchmark-run.ts";
import { solid } from "../../tests/support/fake-mogao.ts";
import { jsonLines } from "../../tests/support/scratch-folder.ts";

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
  expect(model.batches).toEqual([8]);
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
