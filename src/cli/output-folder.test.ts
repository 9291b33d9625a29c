import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { saveNumbered, slug } from "./output-folder.ts";

test.each([
  ["Draw a red apple. Then make it green.", "red-apple-green"],
  ["Two dogs, please!", "two-dogs"],
  ["../../etc/passwd", "etc-passwd"],
  ["画一个红苹果", "画一个红苹果"],
  ["Draw it", "picture"],
  ["🍎", "picture"],
  ["x".repeat(300), "x".repeat(40)],
])("%s → %s", (text, name) => {
  expect(slug(text)).toBe(name);
});

test("twenty at once get twenty names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mogao-out-"));
  try {
    const paths = await Promise.all(Array.from({ length: 20 }, (_, i) => saveNumbered(folder, "a.txt", String(i))));
    expect(new Set(paths).size).toBe(20);
    expect((await readdir(folder)).sort()).toEqual(
      Array.from({ length: 20 }, (_, i) => `${String(i + 1).padStart(3, "0")}-a.txt`),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
