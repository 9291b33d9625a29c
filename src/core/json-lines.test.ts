import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { JsonLinesLog, readJsonLines } from "./json-lines.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-lines-"));
  path = join(folder, "deep", "log.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

test("lines come back in the order in which they were given, also when nobody waits", async () => {
  const { log, values } = await JsonLinesLog.open(path);
  expect(values).toEqual([]);
  const all = Array.from({ length: 40 }, (_, i) => ({ i, text: "line\nbreak" }));
  await Promise.all(all.map((value) => log.append(value)));
  expect(await readJsonLines(path)).toEqual(all);
});

test("a line that was cut off is taken away; a whole one without its end is kept", async () => {
  const { log } = await JsonLinesLog.open(path);
  await log.append(1);
  for (const [end, kept] of [
    ['{"a":', [1]],
    ['{"a":2}', [1, { a: 2 }]],
  ] as const) {
    await writeFile(path, `1\n${end}`);
    expect(await readJsonLines(path)).toEqual(kept);
    const again = await JsonLinesLog.open(path);
    expect(again.values).toEqual(kept);
    await again.log.append(3);
    expect(await readJsonLines(path)).toEqual([...kept, 3]);
  }
});

test("a broken line in the middle is told by its number and nothing is changed", async () => {
  await JsonLinesLog.open(path);
  const text = '{"a":1}\n{"a":\n{"a":3}\n';
  await writeFile(path, text);
  await expect(readJsonLines(path)).rejects.toThrow(`${path}, line 2: expected JSON`);
  await expect(JsonLinesLog.open(path)).rejects.toThrow("line 2");
  expect(await readFile(path, "utf8")).toBe(text);
  await expect(readJsonLines(folder)).rejects.toThrow(`${folder}: cannot be read (EISDIR)`);
});
