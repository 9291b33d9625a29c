import { expect, test } from "vitest";
import { wholePass } from "../../tests/support/whole-pass.ts";
import { runtime } from "../../tests/support/reference-checkpoints.ts";
import { Philox } from "../core/random.ts";
import { bagelSwitches, randomWeights, tinyConfig } from "../generate/testing.ts";
import { Mogao } from "../model/mogao.ts";
import { buildSequence, type SequencePart } from "../model/sequence.ts";
import { ParameterScope } from "../nn/parameters.ts";
import { StagedPass, type RowValues } from "./staged-pass.ts";

const switches = { paper: {}, bagel: bagelSwitches } as const;

test.each(["paper", "bagel"] as const)("%s: block by block is what one graph of all blocks gives", async (family) => {
  const config = { ...tinyConfig, ...switches[family] };
  const scope = new ParameterScope("mogao.");
  void new Mogao(scope, config);
  const weights = randomWeights(scope.all);
  const markers = family === "bagel" ? { start: 7, end: 8 } : undefined;
  const parts: SequencePart[] = [
    { type: "text", ids: [3, 1, 4, 1, 5], loss: false },
    { type: "image", image: 0, rows: 2, columns: 3, vit: false, vae: false, copies: 1, markers },
  ];
  const latents = new Philox(1).fillNormal(new Float32Array(6 * config.latentSize));
  const contents = { vitTokens: new Float32Array(0), latents: () => latents, time: 0.3 };
  const { hidden } = await wholePass(config, weights, parts, contents);

  const reads: string[] = [];
  const read = async ({ name }: { readonly name: string }) => {
    reads.push(name);
    return weights.get(name)!;
  };
  const sequence = buildSequence(parts, { layout: config.imageLayout });
  const pass = new StagedPass(runtime, config, { read }, { sequence, latents, time: 0.3 });
  let rows: RowValues = await pass.embed();
  expect(reads.some((name) => name.includes(".layers."))).toBe(false);
  for (const [layer, expected] of hidden.entries()) {
    reads.length = 0;
    [rows] = (await pass.block(layer, [rows])) as [RowValues];
    expect(reads.filter((name) => !name.includes(`.layers.${layer}.`) && !name.includes("time_embedder"))).toEqual([]);
    rows.text.forEach((value, i) => expect(value).toBeCloseTo(expected.text[i]!, 4));
    rows.visual!.forEach((value, i) => expect(value).toBeCloseTo(expected.visual![i]!, 4));
  }
  const { logits, velocity } = await pass.outputs(rows);
  expect(logits).toHaveLength(sequence.text.length * config.vocabularySize);
  expect(velocity).toHaveLength(latents.length);
});
