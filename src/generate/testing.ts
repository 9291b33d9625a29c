/** Small random models for tests of generation. */
import { Philox } from "../core/random.ts";
import type { MogaoConfig } from "../model/config.ts";
import { elementCount, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";

export const tinyConfig: MogaoConfig = {
  hiddenSize: 32,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  ffnSize: 48,
  vocabularySize: 24,
  rmsNormEpsilon: 1e-6,
  ropeTheta: 100,
  rope: "interleaved",
  fusion: "deep",
  imageContext: "vit+vae",
  latentSize: 8,
  conditionSize: 16,
  timeScale: 10,
};

/** Random values for every parameter, zero-initialised ones too, so that no path is closed by accident. */
export function randomWeights(parameters: readonly ParameterInfo[], seed = 7, deviation = 0.3): ParameterValues {
  const random = new Philox(seed);
  return new Map(
    parameters.map(({ name, shape }) => {
      const data = random.fillNormal(new Float32Array(new ArrayBuffer(4 * elementCount(shape))));
      for (let i = 0; i < data.length; i++) data[i]! *= deviation;
      return [name, data];
    }),
  );
}
