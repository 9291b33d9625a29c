import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { readPrompt, type PromptInput } from "./prompt.ts";

let folder: string;
let path: string;
const red = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, i) => (i % 3 === 0 ? 255 : 0)) };
let png: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-prompt-"));
  path = join(folder, "red.png");
  png = await sharp(red.data, { raw: { width: 3, height: 2, channels: 3 } })
    .png()
    .toBuffer();
  await writeFile(path, png);
});
afterAll(() => rm(folder, { recursive: true }));

test("one text, or texts and pictures in order; neighbouring texts are one", async () => {
  const image = { type: "image", image: red } as const;
  expect(await readPrompt("a cat")).toEqual([{ type: "text", text: "a cat" }]);
  expect(await readPrompt(["a", { type: "text", text: "cat" }, " sits", "", image, "on a mat"])).toEqual([
    { type: "text", text: "a cat sits" },
    image,
    { type: "text", text: "on a mat" },
  ]);
});

test("pictures from a path, a URL and bytes", async () => {
  for (const image of [path, pathToFileURL(path), png])
    expect(await readPrompt([{ type: "image", image }])).toEqual([{ type: "image", image: red }]);
});

test("what is no prompt is refused, by its place", async () => {
  const refused = async (prompt: unknown, message: string) => {
    const failure = await readPrompt(prompt as PromptInput).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InputError);
    expect((failure as Error).message).toContain(message);
  };
  await refused([], "prompt: expected a text or a picture, found nothing");
  await refused("", "found nothing");
  await refused(7, "prompt: expected a text or a list of parts, found number");
  await refused(["a", 7], "prompt, part 2: expected a text or a part");
  await refused([null], "prompt, part 1");
  await refused([{ type: "image", image: { width: 3, height: 2, data: [] } }], "prompt, part 1: expected an image");
  await refused([{ type: "image", image: { ...red, height: 3 } }], "3×3 RGB takes 27 bytes, found 18");
  await refused([{ type: "image", image: join(folder, "none.png") }], "no such file");
  await refused([{ type: "image", image: new Uint8Array(4) }], "prompt, part 1: not an image");
  await refused([{ type: "image", image: new URL("https://example.org/x.png") }], "file: URL");
});
