import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DraftStream } from "../data/world/draft-stream.ts";
import { textsOf } from "../data/world/draft.ts";
import { WORDS_ONLY } from "../data/world/palette.ts";
import { loadTokenizer } from "../encoders/tokenizer-file.ts";
import { dataCommand } from "./data.ts";

let folder: string;
let printed: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-data-"));
  printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

test("inspect writes a page that needs nothing else, a sheet, and statistics of every kind", async () => {
  await dataCommand().parseAsync(["inspect", "--count", "20", "--out", folder, "--size", "48", "--json"], {
    from: "user",
  });
  const report = JSON.parse(printed);
  const page = await readFile(report.page, "utf8");
  expect(page.match(/<article>/g)).toHaveLength(20);
  expect(page).toContain("data:image/png;base64,");
  expect(page).not.toMatch(/(src|href)="(?!data:)/);
  expect((await readFile(report.sheet)).subarray(1, 4).toString()).toBe("PNG");
  expect(report.kinds.reduce((sum: number, row: { share: number }) => sum + row.share, 0)).toBeCloseTo(1);
  expect(report.kinds.every((row: { tokens: { mean: number } }) => row.tokens.mean > 0)).toBe(true);
});

test("inspect refuses a curriculum that does not exist", async () => {
  const run = dataCommand().parseAsync(["inspect", "--curriculum", "easy", "--out", folder], { from: "user" });
  await expect(run).rejects.toThrow('curriculum: expected one of single, scenes, full, found "easy"');
});

test("tokenizer writes a vocabulary of the asked size, the same each time", async () => {
  const train = async (name: string): Promise<string> => {
    const out = join(folder, name);
    await dataCommand().parseAsync(["tokenizer", "--size", "600", "--samples", "500", "--out", out], { from: "user" });
    expect((await loadTokenizer(out)).size).toBe(600);
    return readFile(join(out, "tokenizer.json"), "utf8");
  };
  expect(await train("a")).toBe(await train("b"));
});

test("the committed tokenizer serves the world's texts: 2,048 entries, hardly more tokens than words", async () => {
  const tokenizer = await loadTokenizer("models/emoji-world");
  expect(tokenizer.size).toBe(2048);
  const stream = new DraftStream({ seed: 123 }, WORDS_ONLY);
  const texts = Array.from({ length: 500 }, (_, index) => textsOf(stream.draft(index))).flat();
  const tokens = texts.reduce((sum, text) => sum + tokenizer.encode(text).length, 0);
  const words = texts.reduce((sum, text) => sum + (text.match(/[\p{L}\p{N}]+|[^\p{L}\p{N}\s]/gu)?.length ?? 0), 0);
  expect(tokens / words).toBeLessThan(1.15);
});
