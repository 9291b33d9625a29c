import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bagelSwitches, tinyBagel, tinyModel } from "../generate/testing.ts";
import { saveModelFolder } from "./model-folder.ts";
import { quantizeModel } from "./quantize-model.ts";
import { parseQuantization } from "./quantization.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mogao-errors-"));
  // Weights as small as those of real models: with large ones, softmax picks one key, and small errors flip it.
  const model = tinyModel({ model: { hiddenSize: 64, conditionSize: 64, ffnSize: 128 } });
  for (const [name, values] of model.weights)
    if (!name.endsWith("norm.weight")) for (let i = 0; i < values.length; i++) values[i]! *= 0.4;
  await saveModelFolder(join(scratch, "model"), model, { dtype: "F32" });
  await saveModelFolder(join(scratch, "bagel"), tinyBagel(), { dtype: "F32" });
  const language = tinyModel({ model: { imageContext: "none" }, config: { vae: undefined } });
  await saveModelFolder(join(scratch, "language"), language, { dtype: "F32" });
});
afterAll(() => rm(scratch, { recursive: true }));

async function errorsOf(quantization: string, model = "model") {
  const out = join(scratch, `${model} ${quantization}`);
  const options = { model: join(scratch, model), out, quantization: parseQuantization(quantization) };
  const { outputs } = await quantizeModel(options);
  return { out, ...outputs };
}

describe("errors of what layers put out", () => {
  test("four bits lose more than eight, and each layer adds to what those before it lost", async () => {
    const [int4, int8] = [
      await errorsOf("int4"),
      await errorsOf("int8:32,vit=int8:16,embeddings=int8:32,modulation=int8:32"),
    ];
    expect(int4.layers.map(({ layer }) => layer)).toEqual([0, 1]);
    for (const [i, { text, visual }] of int4.layers.entries()) {
      expect(text.alone).toBeGreaterThan(0.01);
      expect(visual!.alone).toBeGreaterThan(0.005);
      expect(text.alone).toBeGreaterThan(3 * int8.layers[i]!.text.alone);
      expect(int8.layers[i]!.visual!.total).toBeGreaterThan(0);
      expect(int8.layers[i]!.text.total).toBeLessThan(0.03);
    }
    expect(int4.layers[1]!.text.total).toBeGreaterThan(int4.layers[1]!.text.alone);
    expect(int8.vit).toBeGreaterThan(0);
    expect(int8.vit).toBeLessThan(0.05);
    expect(int8.logits).toBeLessThan(int4.logits);
    expect(int8.velocity).toBeLessThan(int4.velocity!);
    expect(int8.sameToken).toBeGreaterThanOrEqual(int4.sameToken);
  });

  test("what stays as it is has none: with the visual branch alone in codes, text is exact", async () => {
    const { embeddings, layers, logits, sameToken, velocity, vit } = await errorsOf("visual=int4");
    expect([embeddings, logits, sameToken, vit]).toEqual([{ text: 0, visual: 0 }, 0, 1, 0]);
    expect(layers.map(({ text }) => text)).toEqual([
      { alone: 0, total: 0 },
      { alone: 0, total: 0 },
    ]);
    // Nothing is lost before the first layer.
    expect(layers[0]!.visual!.total).toBe(layers[0]!.visual!.alone);
    expect(velocity).toBeGreaterThan(0.005);
  });

  test("with embeddings alone in codes, layers lose nothing of their own", async () => {
    const { embeddings, layers } = await errorsOf("embeddings=int8:32");
    expect(embeddings.text).toBeGreaterThan(0.001);
    expect(layers.map(({ text }) => text.alone)).toEqual([0, 0]);
    expect(layers[1]!.text.total).toBeGreaterThan(0.0005);
  });

  test("they stand in the model's folder", async () => {
    const { out, ...errors } = await errorsOf("text=int4");
    const report = JSON.parse(await readFile(join(out, "quantization-report.json"), "utf8")) as object;
    expect(report).toMatchObject({ outputs: JSON.parse(JSON.stringify(errors)) as object });
    expect(Object.keys(report)).toEqual(["matrices", "outputs"]);
  });

  test("a language model has no visual rows; BAGEL's markers stand inside its image", async () => {
    const language = await errorsOf("int4:16,embeddings=float", "language");
    expect(language.layers.map((layer) => Object.keys(layer))).toEqual([
      ["layer", "text"],
      ["layer", "text"],
    ]);
    expect([language.velocity, language.vit]).toEqual([undefined, undefined]);
    expect(language.logits).toBeGreaterThan(0.01);
    expect(bagelSwitches.imageLayout.markers).toBe("inside");
    expect((await errorsOf("int4:16", "bagel")).velocity).toBeGreaterThan(0.001);
  });
});

test("aborted, the comparison leaves no report", async () => {
  const abort = new AbortController();
  const parts: string[] = [];
  const run = quantizeModel({
    model: join(scratch, "model"),
    out: join(scratch, "aborted"),
    quantization: parseQuantization("text=int4"),
    onPart: (done, total) => {
      parts.push(`${done} of ${total}`);
      if (done === 2) abort.abort(new Error("enough"));
    },
    signal: abort.signal,
  });
  await expect(run).rejects.toThrow("enough");
  expect(parts).toEqual(["0 of 5", "1 of 5", "2 of 5"]);
  await expect(readFile(join(scratch, "aborted", "quantization-report.json"))).rejects.toThrow(/ENOENT/);
});
