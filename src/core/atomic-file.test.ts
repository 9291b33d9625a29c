import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeBytesAtomic, writeFileAtomic, writeJsonAtomic } from "./atomic-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-atomic-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("writes bytes and JSON, making folders, leaving nothing else behind", async () => {
  await writeBytesAtomic(join(folder, "deep/er/a.bin"), new Uint8Array([1, 2, 3]));
  await writeJsonAtomic(join(folder, "b.json"), { x: [1] });
  expect([...(await readFile(join(folder, "deep/er/a.bin")))]).toEqual([1, 2, 3]);
  expect(await readFile(join(folder, "b.json"), "utf8")).toBe('{\n  "x": [\n    1\n  ]\n}\n');
  expect(await readdir(folder)).toEqual(["b.json", "deep"]);
});

test("the old file stays whole while the new one is written, and for good if that fails", async () => {
  const path = join(folder, "a.txt");
  await writeFile(path, "old");
  const failing = writeFileAtomic(path, async (file) => {
    await file.write("half of the ne");
    expect(await readFile(path, "utf8")).toBe("old");
    throw new Error("disk full");
  });
  await expect(failing).rejects.toThrow("disk full");
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["a.txt"]);
});

test("concurrent writers of one path do not mix", async () => {
  const path = join(folder, "a.txt");
  const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(100_000));
  await Promise.all(texts.map((text) => writeBytesAtomic(path, text)));
  expect(texts).toContain(await readFile(path, "utf8"));
  expect(await readdir(folder)).toEqual(["a.txt"]);
});
