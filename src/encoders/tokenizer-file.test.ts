import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../tests/support/scratch-folder.ts";
import { loadTokenizer } from "./tokenizer-file.ts";

const scratch = scratchFolder();
const fixture = new URL("../../tests/fixtures/references/qwen2-chat/", import.meta.url).pathname;

interface Encoding {
  readonly text: string;
  readonly ids: readonly number[];
  /** Only answers have them. */
  readonly messages?: unknown;
}

test("vocab.json and merges.txt give transformers' ids, where there is no tokenizer.json", async () => {
  const tokenizer = await loadTokenizer(fixture);
  const all = JSON.parse(await readFile(join(fixture, "expected.json"), "utf8")) as Encoding[];
  const encodings = all.filter(({ messages }) => messages === undefined);
  expect(encodings.length).toBeGreaterThan(10);
  for (const { text, ids } of encodings) {
    expect([text, tokenizer.encode(text)]).toEqual([text, ids]);
    expect(tokenizer.decode(ids)).toBe(text.normalize("NFC"));
  }
  expect(tokenizer.special).toMatchObject({ endOfText: 267, turnStart: 268, turnEnd: 269 });
});

test("what is missing of the older files is named", async () => {
  const folder = await scratch({});
  await cp(fixture, folder, { recursive: true });
  await rm(join(folder, "tokenizer_config.json"));
  await expect(loadTokenizer(folder)).rejects.toThrow(
    "tokenizer_config.json: expected an object added_tokens_decoder, since there is no tokenizer.json",
  );
  await rm(join(folder, "vocab.json"));
  await expect(loadTokenizer(folder)).rejects.toThrow();
  await rm(join(folder, "merges.txt"));
  await expect(loadTokenizer(folder)).rejects.toThrow(
    "tokenizer.json: no such file, and no merges.txt with a vocab.json in its place",
  );
});
