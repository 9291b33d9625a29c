import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openRuntime } from "../runtime/open-runtime.ts";
import { train } from "./loop.ts";
import { image, text, tinyConfig, tinyFeeds, tinyModel } from "./testing.ts";

test(
  "one interleaved sample is learnt by heart: text and velocity losses go to nearly nothing",
  { timeout: 120_000 },
  async () => {
    const config = { ...tinyConfig, hiddenSize: 32, headSize: 16, ffnSize: 64 };
    const { scope, graph } = tinyModel(config);
    const sample = [text(1, 2, 3), image(0, { copies: 2 }), text(4, 5), image(1), text(6, 7)];
    const feeds = tinyFeeds([sample], { text: 64, visual: 64 }, {}, config);
    const used = Object.fromEntries(
      Object.entries(feeds).map(([name, tensor]) => {
        const Storage = tensor.data.constructor as Float32ArrayConstructor;
        const own = new Storage(new ArrayBuffer(tensor.data.byteLength));
        own.set(tensor.data as Float32Array);
        return [name, { ...tensor, data: own }];
      }),
    );
    const outDir = await mkdtemp(join(tmpdir(), "mogao-overfit-"));
    try {
      const task = {
        name: "overfit",
        parameters: scope.all,
        loss: graph.loss,
        metrics: { text: graph.textLoss, flow: graph.flowLoss },
        batch: async () => ({ feeds: used, samples: 1, flops: 0 }),
      };
      const result = await train(task, {
        runtime: await openRuntime({ threads: 1 }),
        outDir,
        steps: 600,
        seed: 1,
        schedule: { kind: "cosine", peak: 1e-2, warmup: 20 },
        optimizer: { adamw: { epsilon: 1e-9 } },
        logEvery: 600,
      });
      expect(result.loss).toBeLessThan(0.02);
    } finally {
      await rm(outDir, { recursive: true, force: true });
    }
  },
);
