import { beforeAll, expect, test } from "vitest";
import { parameter } from "../../graph/primitives.ts";
import { zeros, type ParameterInfo } from "../../nn/parameters.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import type { Runtime } from "../../runtime/types.ts";
import { flatViews } from "../flat-buffers.ts";
import { Optimizer } from "./optimizer.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ threads: 1 });
});

const declare = (name: string, ...shape: number[]): ParameterInfo => ({
  name,
  shape,
  initializer: zeros,
  tensor: parameter(name, shape),
});

// Each kind is larger than one run's share, and does not divide into whole ones.
const vectorSize = 300_001;
const parameters = [
  declare("vector", vectorSize),
  declare("matrices", 600, 1024),
  declare("more", 512, 1024),
  declare("frozen", 3),
];

test("reaches every element of every parameter, by the update it is meant to have", async () => {
  const optimizer = await Optimizer.open(runtime, parameters, {
    adamw: { weightDecay: 0.5 },
    muon: { select: ({ shape }) => shape.length === 2, blockRows: 8, iterations: 4 },
    rate: ({ name }) => (name === "frozen" ? 0 : name === "vector" ? 0.5 : 1),
  });
  const { layout } = optimizer.plan;
  const weights = flatViews(layout, optimizer.state.weights);
  const gradients = flatViews(layout, optimizer.state.gradients);
  const averages = flatViews(layout, optimizer.state.averages);
  for (const data of gradients.values()) for (let i = 0; i < data.length; i++) data[i] = Math.sin(i * i + 1) || 1;
  const elements = [...gradients.values()].reduce((sum, data) => sum + data.length, 0);
  const { gradientNorm, applied } = await optimizer.update(0.01, 0);
  expect(applied).toBe(true);
  expect(gradientNorm / Math.sqrt(elements / 2)).toBeCloseTo(1, 2);
  // AdamW's first update has the size of the learning rate, whatever the gradient; vectors are not decayed.
  const vector = weights.get("vector")!;
  const unlike = vector.findIndex((w, i) => Math.abs(w + 0.005 * Math.sign(gradients.get("vector")![i]!)) > 1e-6);
  expect(unlike).toBe(-1);
  // Muon's has the RMS 0.2 times the learning rate in every block of rows.
  for (const name of ["matrices", "more"]) {
    const data = weights.get(name)!;
    for (let start = 0; start < data.length; start += 8 * 1024) {
      const block = data.subarray(start, start + 8 * 1024);
      expect(Math.sqrt(block.reduce((sum, w) => sum + w * w, 0) / block.length) / 0.002).toBeCloseTo(1, 0);
    }
  }
  expect([...weights.get("frozen")!]).toEqual([0, 0, 0]);
  for (const [name, data] of averages) {
    const wrong = data.findIndex((average, i) => Math.abs(average - 0.9 * weights.get(name)![i]!) > 1e-7);
    expect(wrong).toBe(-1);
  }
  optimizer.dispose();
});

test.each([NaN, Infinity, -Infinity])("changes nothing where one gradient is %d", async (value) => {
  const optimizer = await Optimizer.open(runtime, parameters, {});
  const { state } = optimizer;
  state.gradients.fill(0.1);
  state.weights.fill(1);
  await optimizer.update(0.01, 0);
  const before = Object.values(state).map((data: Float32Array) => data.slice());
  const place = optimizer.plan.layout.slots.at(-1)!.offset;
  state.gradients[place] = value;
  expect(await optimizer.update(0.01, 1)).toMatchObject({ applied: false });
  state.gradients[place] = before[1]![place]!;
  for (const [i, data] of Object.values(state).entries())
    expect(Buffer.compare(Buffer.from((data as Float32Array).buffer), Buffer.from(before[i]!.buffer))).toBe(0);
  optimizer.dispose();
});

test("Muon lets matrices without a gradient rest", async () => {
  const optimizer = await Optimizer.open(runtime, parameters, {
    muon: { select: ({ shape }) => shape.length === 2, iterations: 3 },
  });
  const { layout } = optimizer.plan;
  const gradients = flatViews(layout, optimizer.state.gradients);
  const weights = flatViews(layout, optimizer.state.weights);
  for (const data of gradients.values()) data.fill(0.1);
  await optimizer.update(0.01, 0);
  const before = new Map([...weights].map(([name, data]) => [name, data.slice()]));
  gradients.get("more")!.fill(0);
  await optimizer.update(0.01, 1);
  expect(weights.get("more")).toEqual(before.get("more"));
  expect(weights.get("matrices")).not.toEqual(before.get("matrices"));
  optimizer.dispose();
});
