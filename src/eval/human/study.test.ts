import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStudy } from "./study.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-study-"));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (...path: string[]): string => join(folder, ...path);

async function outputs(name: string, ...files: readonly string[]): Promise<string> {
  await mkdir(at(name));
  for (const file of files) await writeFile(at(name, file), "");
  return at(name);
}

test("prompts of a text file are numbered as generated pictures are; folders name the models", async () => {
  await writeFile(at("prompts.txt"), "Draw a cat.\n\n  Draw a dog.\n");
  const a = await outputs("small", "001-cat.png", "002-dog.PNG", "notes.txt");
  const b = await outputs("b", "001.jpg", "002.webp", "002-old.webp");
  const study = await openStudy(at("prompts.txt"), [`${a}/`, `large=${b}`]);
  expect(study.items).toEqual([
    { id: "001", prompt: "Draw a cat." },
    { id: "002", prompt: "Draw a dog." },
  ]);
  expect(study.models).toEqual(["small", "large"]);
  expect(study.pictureOf("002", "small")).toBe(join(a, "002-dog.PNG"));
  expect(study.pictureOf("002", "large")).toBe(join(b, "002.webp"));
});

test("ids of JSONL are kept", async () => {
  await writeFile(at("p.jsonl"), '{"id":"x/../7","prompt":"A cat."}\n{"prompt":"A dog.","tag":1}\n');
  const a = await outputs("a", "002.png");
  await expect(openStudy(at("p.jsonl"), [a])).rejects.toThrow(
    `${a}: no picture for 1 of 2 prompts, such as "x/../7": expected x/../7.png`,
  );
});

test.each([
  ["", "found none"],
  ['{"prompt":""}', "prompt 1: expected"],
  ['{"prompt":"a","id":"1"}\n{"prompt":"b","id":"1"}', 'two prompts have the id "1"'],
  ['{"prompt":\n{}', "line 1: expected JSON"],
])("rejects the prompts %j", async (text, message) => {
  await writeFile(at("p.jsonl"), `${text}\n`);
  await expect(openStudy(at("p.jsonl"), [])).rejects.toThrow(message);
});

test("rejects pictures that are missing or ambiguous, and models of one name", async () => {
  await writeFile(at("p.txt"), "Draw a cat.\n");
  const a = await outputs("a", "001-x.png", "001-y.png");
  await expect(openStudy(at("p.txt"), [a])).rejects.toThrow('several pictures for the prompt "001": 001-x.png');
  await expect(openStudy(at("p.txt"), [at("none")])).rejects.toThrow("expected a folder of pictures, found nothing");
  await expect(openStudy(at("p.txt"), [a, `a=${at("b")}`])).rejects.toThrow('two models are called "a"');
  await expect(openStudy(at("none.txt"), [a])).rejects.toThrow("no such file");
});
