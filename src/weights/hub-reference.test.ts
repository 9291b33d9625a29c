import { expect, test } from "vitest";
import { formatHubReference, parseHubReference } from "./hub-reference.ts";

test.each([
  ["Qwen/Qwen2.5-3B", "Qwen/Qwen2.5-3B", "main", ""],
  ["Qwen/Qwen2.5-3B@v1.0", "Qwen/Qwen2.5-3B", "v1.0", ""],
  ["hf:owner/name", "owner/name", "main", ""],
  ["hf:owner/name/vae", "owner/name", "main", "vae"],
  ["hf:owner/name/a/b.safetensors@refs/pr/1", "owner/name", "refs/pr/1", "a/b.safetensors"],
])("%s", (text, repository, revision, path) => {
  const reference = parseHubReference(text)!;
  expect(reference).toEqual({ repository, revision, path });
  expect(parseHubReference(`hf:${formatHubReference(reference)}`)).toEqual(reference);
});

test.each([
  "folder",
  "./folder/name",
  "../a",
  "/a/b",
  "a/b/c",
  "a\\b/c",
  "",
  "owner/",
  "/name",
  "C:/x",
  "a/..",
  "a/b@../c",
])("%j is a path", (text) => expect(parseHubReference(text)).toBeUndefined());

test.each([
  "hf:",
  "hf:name",
  "hf:../x",
  "hf:owner/name/..",
  "hf:owner/name/../../x",
  "hf:owner/name@",
  "hf:a b/c",
  "hf:o/n@a//b",
])("%j is refused", (text) =>
  expect(() => parseHubReference(text)).toThrow(`${text}: expected hf:owner/name[/path][@revision]`),
);
