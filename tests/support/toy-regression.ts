/** A task small enough for tests of the training machinery: a two-layer perceptron learns a fixed random function. */
import { Philox } from "../../src/core/random.ts";
import { symbol } from "../../src/graph/dims.ts";
import * as F from "../../src/graph/functional.ts";
import { input, mul, reduceMean, sub } from "../../src/graph/primitives.ts";
import { Linear } from "../../src/nn/layers.ts";
import { initializeParameters, ParameterScope, type ParameterInfo } from "../../src/nn/parameters.ts";
import type { TrainingBatch, TrainingTask } from "../../src/train/task.ts";

export interface ToyOptions {
  /** Examples of a step; may vary. Default 16. */
  readonly rows?: (step: number) => number;
  /** Replaces the targets of a step by NaN. */
  readonly poisoned?: (step: number) => boolean;
  readonly width?: number;
  /** Trains the last layer only. */
  readonly frozenHidden?: boolean;
}

const inSize = 4;
const outSize = 3;

export function toyRegression(options: ToyOptions = {}): TrainingTask {
  const { rows = () => 16, poisoned = () => false, width = 16, frozenHidden = false } = options;
  const scope = new ParameterScope();
  const hidden = new Linear(scope.at("hidden"), inSize, width);
  const head = new Linear(scope.at("head"), width, outSize);
  const n = symbol("n");
  const x = input("x", [n, inSize]);
  const target = input("target", [n, outSize]);
  const error = sub(head.forward(F.silu(hidden.forward(x))), target);
  const loss = reduceMean(mul(error, error));
  const isFrozen = ({ name }: ParameterInfo) => frozenHidden && name.startsWith("hidden.");
  return {
    name: "toy-regression",
    parameters: scope.all.filter((info) => !isFrozen(info)),
    frozen: initializeParameters(scope.all.filter(isFrozen), 1),
    loss,
    metrics: { bias: reduceMean(error) },
    async batch(step: number): Promise<TrainingBatch> {
      const count = rows(step);
      const random = new Philox(7, step);
      const inputs = random.fillNormal(new Float32Array(new ArrayBuffer(4 * count * inSize)));
      const targets = new Float32Array(new ArrayBuffer(4 * count * outSize));
      for (let row = 0; row < count; row++)
        for (let column = 0; column < outSize; column++)
          targets[row * outSize + column] = poisoned(step)
            ? NaN
            : 0.5 * inputs[row * inSize + column]! - 0.3 * inputs[row * inSize + column + 1]!;
      return {
        feeds: {
          x: { type: "float32", shape: [count, inSize], data: inputs },
          target: { type: "float32", shape: [count, outSize], data: targets },
        },
        samples: count,
        flops: 6 * count * width * (inSize + outSize),
      };
    },
  };
}
