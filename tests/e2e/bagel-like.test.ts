/** A tiny random model of BAGEL's architecture, saved as a folder and used through the command line as BAGEL is. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Outcome } from "../../src/cli/follow.ts";
import { writePng } from "../../src/data/png.ts";
import { readImage } from "../../src/encoders/image-file.ts";
import { loadFolder } from "../../src/generate/load-folder.ts";
import { specialId, tinyBagel } from "../../src/generate/testing.ts";
import { saveModelFolder } from "../../src/weights/model-folder.ts";
import { runFakeCli } from "../support/fake-cli.ts";
import { solid } from "../support/fake-mogao.ts";

let folder: string;
let [model, picture, other] = ["", "", ""];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-bagel-"));
  [model, picture, other] = ["model", "red.png", "blue.png"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await saveModelFolder(model, terse(), { dtype: "F32" });
  await writePng(picture, solid(50, 20, [250, 0, 0]));
  await writePng(other, solid(32, 32, [0, 0, 250]));
});
afterAll(() => rm(folder, { recursive: true }));

/** Every text that it writes is "a": its text branch adds nothing to the embeddings, and its head tells two of them apart. */
function terse(): ReturnType<typeof tinyBagel> {
  const tiny = tinyBagel();
  const { hiddenSize } = tiny.config.model;
  for (const [name, values] of tiny.weights) if (/\.text\..*(o_proj|down_proj)\.weight$/.test(name)) values.fill(0);
  tiny.weights.get("mogao.norm.weight")!.fill(1);
  const [embedding, head] = ["embed_tokens", "lm_head"].map((name) => tiny.weights.get(`mogao.${name}.weight`)!);
  const fill = (table: Float32Array, id: number, value: number) =>
    table.fill(value, id * hiddenSize, (id + 1) * hiddenSize);
  const letter = "a".charCodeAt(0);
  head!.fill(0);
  fill(embedding!, specialId("<|im_start|>"), 1);
  fill(head!, letter, 1);
  fill(embedding!, letter, -1);
  fill(head!, specialId("<|im_end|>"), -1);
  return tiny;
}

async function generate(...argv: string[]): Promise<Outcome> {
  const loaded = await loadFolder({ model, threads: 1 });
  const run = await runFakeCli(["generate", ...argv, "--json", "--seed", "5", "--out", join(folder, "out")], {
    model: loaded,
  });
  expect([run.stderr, run.code]).toEqual(["", 0]);
  return JSON.parse(run.stdout) as Outcome;
}
const kinds = ({ parts }: Outcome) =>
  parts.map((part) => (part.type === "image" ? "image" : part.thought ? "thought" : "text"));

test("text to image: one picture of the family's size, 3 evaluations for 4 steps; a shape; the same seed", async () => {
  const drawn = await generate("Draw a cat.");
  expect(drawn).toMatchObject({ parts: [{ type: "image", width: 32, height: 32, seed: 5 }], finish: "stop" });
  expect(drawn.usage).toMatchObject({ completionImages: 1, denoiseSteps: 3 });
  const again = await generate("Draw a cat.");
  const path = (outcome: Outcome) => outcome.parts.flatMap((part) => (part.type === "image" ? [part.path] : []))[0]!;
  expect((await readImage(path(again))).data).toEqual((await readImage(path(drawn))).data);
  expect((await generate("Draw a cat.", "--size", "2:1", "--renorm", "none")).parts).toMatchObject([
    { width: 32, height: 16 },
  ]);
});

test("editing: as large as the last picture, resized to the family's sides; several pictures", async () => {
  expect((await generate(`@${picture}`, "Make it blue.")).parts).toMatchObject([{ width: 48, height: 16 }]);
  const both = await generate(`@${picture}`, `@${other}`, "Mix them.");
  expect(both).toMatchObject({ parts: [{ width: 32, height: 32 }], usage: { promptImages: 2, completionImages: 1 } });
});

test("understanding, and thinking before an answer", async () => {
  const told = await generate(`@${picture}`, "What is it?", "--output", "text");
  expect([kinds(told), told.usage.completionImages]).toEqual([["text"], 0]);
  const thought = await generate(`@${picture}`, "What is it?", "--output", "text", "--think");
  expect(kinds(thought)).toEqual(["text"]);
  expect(thought.usage.promptTokens).toBeGreaterThan(told.usage.promptTokens + 200); // the system prompt
});

test("thinking before a picture", async () => {
  expect(kinds(await generate("Draw a cat.", "--think"))).toEqual(["thought", "image"]);
});

test("interleaved by a rule: a text, a picture, a text, a picture", async () => {
  const story = await generate("Tell a story.", "--draw-after", "text");
  expect([kinds(story), story.finish]).toEqual([["text", "image", "text", "image"], "stop"]);
});
