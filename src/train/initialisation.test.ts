import { expect, test } from "vitest";
import { concat, input } from "../graph/primitives.ts";
import { symbol } from "../graph/dims.ts";
import { Block } from "../model/block.ts";
import { initializeParameters, ParameterScope } from "../nn/parameters.ts";
import { rotary } from "../model/positions.ts";
import { evaluate, tinyConfig } from "./testing.ts";

const scope = new ParameterScope();
const block = new Block(scope.at("layers", 0), tinyConfig);
const weights = initializeParameters(scope.all, 3);
const values = Object.fromEntries(
  scope.all.map(({ name, shape }) => [name, { shape, data: Float64Array.from(weights.get(name)!) }]),
);

test("AdaLN-Zero leaves the visual residual stream unchanged at initialisation, and the text stream not", () => {
  const [b, t, v] = ["b", "t", "v"].map(symbol) as [never, never, never];
  const text = input("text", [b, t, 16]);
  const visual = input("visual", [b, v, 16]);
  const { rows } = block.forward(
    { text, visual },
    {
      rotary: rotary(concat([input("tp", [b, t, 1, 3]), input("vp", [b, v, 1, 3])], 1), tinyConfig),
      condition: { embedding: input("c", [b, 1, 8]), assignment: input("a", [b, v, 1]) },
    },
  );
  const feed = (shape: number[], at: (i: number) => number) => ({
    type: "float32" as const,
    shape,
    data: Float32Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, i) => at(i)),
  });
  const feeds = {
    text: feed([1, 3, 16], Math.sin),
    visual: feed([1, 2, 16], Math.cos),
    tp: feed([1, 3, 1, 3], (i) => i),
    vp: feed([1, 2, 1, 3], (i) => i),
    c: feed([1, 1, 8], Math.sin),
    a: feed([1, 2, 1], () => 1),
  };
  const [textOut, visualOut] = evaluate([rows.text!, rows.visual!], feeds, values);
  expect([...visualOut!]).toEqual([...feeds.visual.data].map(Number));
  expect(textOut!.some((value, i) => Math.abs(value - feeds.text.data[i]!) > 1e-3)).toBe(true);
});

test("the visual branch starts as a copy of the text branch", () => {
  const visual = [...weights.keys()].filter((name) => name.includes(".visual."));
  expect(visual).toHaveLength(12);
  for (const name of visual) expect(weights.get(name), name).toEqual(weights.get(name.replace(".visual.", ".text.")));
});
