/**
 * Our language models against transformers, on tiny random checkpoints with the real key names:
 * tests/fixtures/references/make.py made what is compared with.
 */
import { describe, expect, test } from "vitest";
import { readJson } from "../../src/core/json-file.ts";
import { concat, constant, reshape } from "../../src/graph/primitives.ts";
import type { MogaoConfig } from "../../src/model/config.ts";
import { Mogao } from "../../src/model/mogao.ts";
import { rotary } from "../../src/model/positions.ts";
import { ParameterScope } from "../../src/nn/parameters.ts";
import { qwen2 } from "../../src/weights/families/qwen2.ts";
import { computed, expectClose, expectedOf, referenceFolder } from "../support/reference-checkpoints.ts";

describe("Qwen2", () => {
  const family = "qwen2";
  test("hidden states of every layer, logits and greedy text", async () => {
    const theirs = (await readJson(`${referenceFolder(family)}/config.json`)) as Record<string, number>;
    const config: MogaoConfig = {
      hiddenSize: theirs["hidden_size"]!,
      layers: theirs["num_hidden_layers"]!,
      heads: theirs["num_attention_heads"]!,
      kvHeads: theirs["num_key_value_heads"]!,
      headSize: theirs["hidden_size"]! / theirs["num_attention_heads"]!,
      ffnSize: theirs["intermediate_size"]!,
      vocabularySize: theirs["vocab_size"]!,
      rmsNormEpsilon: theirs["rms_norm_eps"]!,
      ropeTheta: 1e6,
      rope: "interleaved",
      fusion: "deep",
      imageContext: "vit+vae",
      latentSize: 4,
      conditionSize: 8,
      timeScale: 1000,
    };
    const expected = await expectedOf(family);
    const greedy = [...expected.get("greedy")!.data];
    const prompt = [...expected.get("ids")!.data];
    const scope = new ParameterScope();
    const model = new Mogao(scope.at("mogao"), config);
    const text = scope.all.filter(({ name }) => /embed_tokens|\.text\.|mogao\.norm\./.test(name));

    /** The text branch layer by layer, as Mogao.forward runs it. */
    const layers = (ids: readonly number[]) => {
      const positions = constant(Float32Array.from(ids.flatMap((_, i) => [i, i, i])), [1, ids.length, 1, 3]);
      const mask = ids.flatMap((_, row) => ids.map((__, column) => (column > row ? -1e9 : 0)));
      const context = {
        rotary: rotary(positions, config),
        bias: constant(Float32Array.from(mask), [1, 1, ids.length, ids.length]),
      };
      const hidden = [model.embedText(constant(ids, [1, ids.length], "int"))];
      for (const block of model.blocks) hidden.push(block.forward({ text: hidden.at(-1)! }, context).rows.text!);
      hidden.push(model.norm.forward(hidden.pop()!));
      return { hidden, logits: model.logits(reshape(hidden.at(-1)!, [ids.length, config.hiddenSize])) };
    };
    const first = layers(prompt);
    const found = await computed(family, qwen2, text, {
      logits: first.logits,
      ...Object.fromEntries(first.hidden.map((tensor, i) => [`hidden.${i}`, concat([tensor], 1)])),
    });
    for (let i = 0; i <= config.layers; i++) expectClose(found[`hidden.${i}`], expected.get(`hidden.${i}`)!);
    expectClose(found["logits"], expected.get("logits")!);

    const written: number[] = [];
    while (written.length < greedy.length) {
      const { logits } = await computed(family, qwen2, text, { logits: layers([...prompt, ...written]).logits });
      const last = (logits!.data as Float32Array).subarray(-config.vocabularySize);
      written.push(last.indexOf(Math.max(...last)));
    }
    expect(written).toEqual(greedy);
  });
});
