/** The default model as its users meet it: the command line, the library, the README. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readImage } from "../../src/encoders/image-file.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = join(root, "src/cli/main.ts");
const timeout = 180_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-e2e-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const mogao = (...args: string[]) => run(process.execPath, [cli, ...args], { cwd: folder });

test("generate --json prints one object and saves its pictures; the seed gives them again", { timeout }, async () => {
  const args = ["generate", "Draw a red apple.", "--steps", "4", "--seed", "5", "--json"];
  const first = await mogao(...args, "--out", join(folder, "a"));
  const result = JSON.parse(first.stdout) as {
    parts: { type: string; path?: string; width?: number; height?: number }[];
    finish: string;
    seed: number;
    usage: { completionImages: number };
  };
  const images = result.parts.filter(({ type }) => type === "image");
  expect(images.length).toBeGreaterThan(0);
  expect(images[0]).toMatchObject({ width: 96, height: 96 });
  expect(["stop", "length"]).toContain(result.finish);
  expect(result.seed).toBe(5);
  expect(result.usage.completionImages).toBe(images.length);
  const again = JSON.parse((await mogao(...args, "--out", join(folder, "b"))).stdout) as typeof result;
  const pixels = async (path: string) => (await readImage(join(folder, path))).data;
  const at = (path: string) => (path.startsWith("/") ? path.slice(folder.length + 1) : path);
  expect(await pixels(at(again.parts.find(({ type }) => type === "image")!.path!))).toEqual(
    await pixels(at(images[0]!.path!)),
  );
});

test("a question about a picture is answered in words", { timeout }, async () => {
  const drawn = await mogao("generate", "Draw a red apple.", "--steps", "2", "--max-images", "1", "--json");
  const { parts } = JSON.parse(drawn.stdout) as { parts: { type: string; path?: string }[] };
  const { path } = parts.find(({ type }) => type === "image")!;
  const { stdout } = await mogao("generate", "What is this?", `@${path}`, "--output", "text", "--json");
  const answer = JSON.parse(stdout) as { parts: { type: string; text?: string }[] };
  expect(answer.parts.map(({ type }) => type)).toEqual(["text"]);
  expect(answer.parts[0]!.text!.length).toBeGreaterThan(0);
});

test("the eight lines of the README run", { timeout }, async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const file = join(folder, "readme.ts");
  await writeFile(file, code.replace('"mogao"', JSON.stringify(join(root, "src/index.ts"))));
  const { stdout } = await run(process.execPath, [file], { cwd: dirname(cli) });
  expect(stdout).toMatch(/\[picture 96×96\]/);
});

test("the model that ships is under 32 MB", async () => {
  let bytes = 0;
  for (const file of ["config.json", "model.safetensors", "vae.safetensors", "tokenizer.json", "tokenizer_config.json"])
    bytes += (await stat(join(root, "models/emoji-world", file))).size;
  expect(bytes).toBeLessThan(32e6);
});
