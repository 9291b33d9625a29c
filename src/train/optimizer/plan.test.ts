import { describe, expect, test } from "vitest";
import { parameter } from "../../graph/primitives.ts";
import { zeros, type ParameterInfo } from "../../nn/parameters.ts";
import { planOptimizer } from "./plan.ts";

const declare = (name: string, ...shape: number[]): ParameterInfo => ({
  name,
  shape,
  initializer: zeros,
  tensor: parameter(name, shape),
});

const parameters = [
  declare("a.weight", 8, 4),
  declare("a.bias", 5),
  declare("b.weight", 12, 4),
  declare("b.bias", 3),
  declare("embedding", 7, 4),
];
const isBlock = ({ name }: ParameterInfo) => /^[ab]\.weight$/.test(name);

describe("planOptimizer", () => {
  test("puts AdamW's parameters first, in stretches of one weight decay that start at cache lines", () => {
    const plan = planOptimizer(parameters, { adamw: { weightDecay: 0.1 }, muon: { select: isBlock } });
    expect(plan.layout.slots.map(({ info, offset }) => [info.name, offset])).toEqual([
      ["a.bias", 0],
      ["b.bias", 5],
      ["embedding", 16],
      ["a.weight", 48],
      ["b.weight", 80],
    ]);
    expect(plan.layout.size).toBe(128);
    expect(plan.adamwSize).toBe(44);
    expect(plan.adamw).toEqual([
      { start: 0, end: 8, rate: 1, weightDecay: 0 },
      { start: 16, end: 44, rate: 1, weightDecay: 0.1 },
    ]);
    expect(plan.muon.map(({ start, end, shape }) => [start, end, shape])).toEqual([
      [48, 80, [8, 4]],
      [80, 128, [12, 4]],
    ]);
  });

  test("cuts matrices into equal blocks of rows, which makes different ones alike", () => {
    const { muon } = planOptimizer(parameters, { muon: { select: isBlock, blockRows: 5 } });
    expect(muon).toEqual([{ start: 48, end: 128, rate: 1, weightDecay: 0, shape: [4, 4] }]);
  });

  test("keeps learning rates apart", () => {
    const { adamw } = planOptimizer(parameters, { rate: ({ shape }) => (shape.length === 1 ? 2 : 1) });
    expect(adamw.map(({ rate, end }) => [rate, end])).toEqual([
      [1, 108],
      [2, 120],
    ]);
  });

  test("rejects Muon for vectors and impossible rates", () => {
    expect(() => planOptimizer(parameters, { muon: { select: () => true } })).toThrow(/"a.bias" of shape \[5\]/);
    expect(() => planOptimizer(parameters, { rate: () => -1 })).toThrow(/"a.weight".*-1/);
  });
});
