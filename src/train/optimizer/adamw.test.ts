import { afterAll, beforeAll, expect, test } from "vitest";
import { Philox } from "../../core/random.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import { AdamW, type AdamWBuffers } from "./adamw.ts";

const settings = { beta1: 0.9, beta2: 0.95, epsilon: 1e-15 };
let adamw: AdamW;
beforeAll(async () => {
  adamw = await AdamW.open(await openRuntime({ threads: 1 }), settings);
});
afterAll(() => adamw.dispose());

/** Algorithm 2 of Loshchilov & Hutter, one element at a time in float64. */
function byHand(w: number, gradients: readonly number[], rate: number, decay: number, ema: number, scale: number) {
  let [m, v, average] = [0, 0, w];
  gradients.forEach((raw, i) => {
    const g = raw * scale;
    m = settings.beta1 * m + (1 - settings.beta1) * g;
    v = settings.beta2 * v + (1 - settings.beta2) * g * g;
    const mHat = m / (1 - settings.beta1 ** (i + 1));
    const vHat = v / (1 - settings.beta2 ** (i + 1));
    w -= rate * (mHat / (Math.sqrt(vHat) + settings.epsilon) + decay * w);
    average = ema * average + (1 - ema) * w;
  });
  return { w, m, v, average };
}

test.each([1, 5, 1003])("steps of %i elements equal the published algorithm", async (length) => {
  const random = new Philox(length);
  const buffers = Object.fromEntries(
    ["weights", "gradients", "means", "squares", "averages"].map((name) => [
      name,
      new Float32Array(new ArrayBuffer(4 * length)),
    ]),
  ) as unknown as AdamWBuffers;
  random.fillNormal(buffers.weights);
  buffers.averages.set(buffers.weights);
  const start = buffers.weights.slice();
  const history: Float32Array[] = [];
  const [learningRate, weightDecay, emaDecay, gradientScale] = [0.03, 0.2, 0.7, 0.5];
  for (let updates = 0; updates < 4; updates++) {
    history.push(random.fillNormal(buffers.gradients).slice());
    await adamw.step(buffers, { learningRate, weightDecay, gradientScale, updates, emaDecay });
  }
  for (let i = 0; i < length; i++) {
    const gradients = history.map((gradient) => gradient[i]!);
    const { w, m, v, average } = byHand(start[i]!, gradients, learningRate, weightDecay, emaDecay, gradientScale);
    expect(Math.abs(buffers.weights[i]! - w)).toBeLessThan(2e-6);
    expect(Math.abs(buffers.means[i]! - m)).toBeLessThan(1e-6);
    expect(Math.abs(buffers.squares[i]! - v)).toBeLessThan(1e-6);
    expect(Math.abs(buffers.averages[i]! - average)).toBeLessThan(2e-6);
  }
});

test("elements that never had a gradient stay as they are", async () => {
  const buffers = {
    weights: new Float32Array([1, -2]),
    gradients: new Float32Array(2),
    means: new Float32Array(2),
    squares: new Float32Array(2),
    averages: new Float32Array([1, -2]),
  };
  await adamw.step(buffers, { learningRate: 1, weightDecay: 0, gradientScale: 1, updates: 0, emaDecay: 0.5 });
  expect([...buffers.weights, ...buffers.averages, ...buffers.means]).toEqual([1, -2, 1, -2, 0, 0]);
});
