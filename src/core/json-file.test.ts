import { expect, test } from "vitest";
import { InputError } from "./errors.ts";
import { jsonLimits, parseJson, readJson, readJsonIfPresent } from "./json-file.ts";
import { scratchFolder } from "../../tests/support/scratch-folder.ts";

const scratch = scratchFolder();

test("reads JSON; says what is wrong with anything else", async () => {
  const folder = await scratch({ "good.json": `{"a": [1, "[{,\\\\\\""]}`, "bad.json": "{", "sub/x": "" });
  expect(await readJson(`${folder}/good.json`)).toEqual({ a: [1, `[{,\\"`] });
  expect(await readJsonIfPresent(`${folder}/none.json`)).toBeUndefined();
  await expect(readJson(`${folder}/none.json`)).rejects.toThrow(`${folder}/none.json: no such file`);
  await expect(readJson(`${folder}/bad.json`)).rejects.toThrow(`${folder}/bad.json: not JSON: `);
  await expect(readJson(`${folder}/sub`)).rejects.toThrow("expected a file, found a folder");
});

test("what would fill the memory or the stack is refused before it is parsed", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  expect(parseJson(nested(jsonLimits.depth), "x")).toBeInstanceOf(Array);
  expect(() => parseJson(nested(jsonLimits.depth + 1), "x")).toThrow("x: expected values nested 100 deep at most");
  expect(() => parseJson("[".repeat(5_000_000), "x")).toThrow(InputError);
  expect(() => parseJson(`[${"[],".repeat(jsonLimits.values / 2)}1]`, "x")).toThrow(
    "x: expected at most 4194304 values",
  );
  // Brackets inside strings are no nesting.
  expect(parseJson(JSON.stringify({ ["[".repeat(200)]: `${"[".repeat(200)}\\"` }), "x")).toBeInstanceOf(Object);
});
