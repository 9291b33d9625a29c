import { expect, test } from "vitest";
import { Philox } from "../core/random.ts";
import { sampleFlow, type Solver, type VelocityField } from "./flow-sampler.ts";

const data = new Philox(1).fillNormal(new Float32Array(20));
const noise = () => new Philox(2).fillNormal(new Float32Array(20));
const solvers: readonly Solver[] = ["euler", "heun", "midpoint"];

/** The velocity of every path that leads to `data`: (x − x_t) / (1 − t), which is x − ε. */
const perfect: VelocityField = async (x, t, into) => {
  into.set(data.map((value, i) => (t === 1 ? value - noise()[i]! : (value - x[i]!) / (1 - t))));
};

function expectClose(found: Float32Array, expected: Float32Array, digits = 5): void {
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, digits));
}

test.each(solvers)("%s: a perfect velocity field leads to the data, at any shift", async (solver) => {
  for (const [steps, shift] of [
    [1, 1],
    [2, 3],
    [7, 1],
    [50, 3],
  ] as const) {
    const x = noise();
    await sampleFlow(x, perfect, { steps, shift, solver });
    expectClose(x, data);
  }
});

test.each(solvers)(
  "%s: every estimate of x_1 on the way is the data; evaluations are as many as steps",
  async (solver) => {
    for (const steps of [1, 4, 5]) {
      const x = noise();
      let evaluations = 0;
      const seen: number[] = [];
      await sampleFlow(x, (...call) => (evaluations++, perfect(...call)), {
        steps,
        shift: 2,
        solver,
        onStep: ({ step, steps: all, estimate, t }) => {
          expect(all).toBe(steps);
          seen.push(step);
          expectClose(estimate(), data);
          expect(t === 1).toBe(step === steps);
        },
      });
      expect(evaluations).toBe(steps);
      expect(seen.at(-1)).toBe(steps);
    }
  },
);

test("second-order solvers are exact for a velocity linear in t, Euler is not", async () => {
  const field: VelocityField = async (_x, t, into) => void into.fill(2 * t);
  const error = async (solver: Solver) => {
    const x = new Float32Array(1);
    await sampleFlow(x, field, { steps: 4, shift: 1, solver });
    return Math.abs(x[0]! - 1);
  };
  expect(await error("heun")).toBeLessThan(1e-6);
  expect(await error("midpoint")).toBeLessThan(1e-6);
  expect(await error("euler")).toBeCloseTo(0.25, 5);
});

test("an aborted signal stops before the next evaluation", async () => {
  const controller = new AbortController();
  let evaluations = 0;
  const field: VelocityField = async (_x, _t, into) => {
    into.fill(0);
    if (++evaluations === 3) controller.abort(new Error("enough"));
  };
  const run = sampleFlow(noise(), field, { steps: 10, shift: 1, solver: "euler", signal: controller.signal });
  await expect(run).rejects.toThrow("enough");
  expect(evaluations).toBe(3);
});
