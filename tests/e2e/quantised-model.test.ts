/** The default model in 8 bits beside itself in floats: the same questions, the same drawings. */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RgbImage } from "../../src/core/image.ts";
import { load, type Mogao } from "../../src/index.ts";
import { runFakeCli } from "../support/fake-cli.ts";

const original = "models/emoji-world";
const timeout = 120_000;

let folder: string;
let models: { readonly floats: Mogao; readonly int8: Mogao };
let converted: {
  readonly bytes: number;
  readonly matrices: readonly { readonly error: number; readonly bits: number }[];
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-int8-"));
  const out = join(folder, "int8");
  const { code, stdout } = await runFakeCli(["convert", "--quantize", "int8", original, "--out", out, "--json"]);
  expect(code).toBe(0);
  converted = JSON.parse(stdout) as typeof converted;
  models = { floats: await load({ model: original }), int8: await load({ model: out }) };
}, timeout);
afterAll(async () => {
  models.floats.dispose();
  models.int8.dispose();
  await rm(folder, { recursive: true });
});

test("every matrix is within 1.2% of its floats, in little more than half of float16's bytes", async () => {
  expect(converted.matrices.length).toBeGreaterThan(100);
  for (const { error, bits } of converted.matrices) expect([bits, error < 0.012]).toEqual([8, true]);
  expect(converted.bytes).toBeLessThan(0.55 * (await stat(join(original, "model.safetensors"))).size);
});

/** Things that the model knows: of others it guesses, between words that are about as likely. */
const drawings = ["Draw a red apple.", "Draw a blue car.", "Draw a dog and a tree.", "Draw three lemons."];
const questions = ["What is this?", "What colour is it?", "What do you see?"];

test("it says the same and draws the same, but for one answer in sixteen at most", { timeout }, async () => {
  const told: string[] = [];
  for (const prompt of drawings) {
    const options = { seed: 7, steps: 8, maxImages: 1, temperature: 0.01 };
    const [expected, found] = [
      await models.floats.generate([prompt], options),
      await models.int8.generate([prompt], options),
    ];
    told.push(...difference(prompt, expected.text, found.text));
    expect([found.images.length, expected.images.length]).toEqual([1, 1]);
    // Root mean square over the picture; of two seeds it is about 40.
    expect(distance(found.images[0]!, expected.images[0]!)).toBeLessThan(6);
    for (const question of questions) {
      const parts = [
        { type: "image", image: expected.images[0]! },
        { type: "text", text: question },
      ] as const;
      const asked = { seed: 1, output: "text", temperature: 0.01 } as const;
      const [answer, ours] = [await models.floats.generate(parts, asked), await models.int8.generate(parts, asked)];
      told.push(...difference(`${prompt} ${question}`, answer.text, ours.text));
    }
  }
  // Version 0.7 differed in two.
  expect(told.length, told.join("\n")).toBeLessThanOrEqual(1);
});

const difference = (prompt: string, expected: string, found: string): string[] =>
  found === expected ? [] : [`${prompt} floats: ${expected} int8: ${found}`];

function distance(a: RgbImage, b: RgbImage): number {
  const squares = a.data.reduce((sum, value, i) => sum + (value - b.data[i]!) ** 2, 0);
  return Math.sqrt(squares / a.data.length);
}
