import { expect, it } from "vitest";
import { gradients } from "../graph/gradients.ts";
import { interpret } from "../graph/interpret.ts";
import { input } from "../graph/primitives.ts";
import { isOperation, topologicalOrder } from "../graph/tensor.ts";
import { ParameterScope } from "../nn/parameters.ts";
import { tinyConfig } from "../train/testing.ts";
import { Alignment } from "./alignment.ts";
import { Mogao } from "./mogao.ts";
import { trainingGraph, vitTokensInput } from "./training-graph.ts";

it("is 0 for features that point where the projected rows do, 1 across, 2 against", () => {
  const scope = new ParameterScope();
  const alignment = new Alignment(scope, { block: 1, weight: 1 }, 2, 2);
  const distance = alignment.distance(input("rows", [1, 3, 2]));
  const zeros = (shape: number[]) => ({ shape, data: new Float64Array(shape.reduce((a, b) => a * b, 1)) });
  const [result] = interpret([distance], {
    rows: { shape: [1, 3, 2], data: [1, 2, 3, 4, 5, 6] },
    features: { shape: [1, 3, 2], data: [4, 0, 0, 3, -2, 0] },
    "inner.weight": zeros([2, 2]),
    "inner.bias": zeros([2]),
    "outer.weight": zeros([2, 2]),
    "outer.bias": { shape: [2], data: [1, 0] }, // every projected row is (1, 0)
  });
  [0, 1, 2].forEach((expected, i) => expect(result!.data[i]).toBeCloseTo(expected, 5));
});

it("reaches the blocks up to its own and its projector, and no others", () => {
  const scope = new ParameterScope();
  const model = new Mogao(scope.at("mogao"), { ...tinyConfig, layers: 3 });
  const alignment = new Alignment(scope.at("alignment"), { block: 2, weight: 0.5 }, tinyConfig.hiddenSize, 4);
  const graph = trainingGraph(model, vitTokensInput(model), { lambda: 1, objective: "text+flow", alignment });
  expect(topologicalOrder([graph.loss]).includes(graph.alignmentLoss!)).toBe(true);
  const wrt = scope.all.map(({ tensor }) => tensor);
  const reached = scope.all.filter((_, i) => {
    const [gradient] = gradients(graph.alignmentLoss!, [wrt[i]!]);
    return topologicalOrder([gradient!]).some((node) => isOperation(node, "input"));
  });
  const names = reached.map(({ name }) => name);
  expect(names.some((name) => name.startsWith("alignment.inner"))).toBe(true);
  expect(names.some((name) => name.startsWith("mogao.layers.1.visual"))).toBe(true);
  expect(names.filter((name) => name.startsWith("mogao.layers.2") || name.startsWith("mogao.velocity"))).toEqual([]);
});
