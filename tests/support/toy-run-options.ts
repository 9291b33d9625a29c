import type { TrainOptions } from "../../src/train/loop.ts";

/** How tests train the toy task: all that a bit-exact comparison needs to be equal. */
export const toyRunOptions = {
  steps: 6,
  seed: 3,
  schedule: { kind: "constant", peak: 0.01, warmup: 2 },
  optimizer: {
    adamw: { weightDecay: 0.1 },
    muon: { select: ({ name }) => name === "hidden.weight" },
    emaDecay: 0.99,
  },
} as const satisfies Partial<TrainOptions>;
