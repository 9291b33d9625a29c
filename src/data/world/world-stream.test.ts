import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Sample } from "../sample.ts";
import { SpriteBank } from "./sprite-bank.ts";
import type { WorldConfig } from "./world-config.ts";
import { WorldPool } from "./world-pool.ts";
import { WorldStream } from "./world-stream.ts";

const config: WorldConfig = { seed: 9, imageSize: 48, concepts: ["cat", "apple", "dog", "car", "book", "horse"] };
let stream: WorldStream;
let pool: WorldPool | undefined;

beforeAll(async () => {
  stream = new WorldStream(config, await SpriteBank.open());
});

afterEach(() => pool?.close());

async function take(from: WorldPool, count: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let i = 0; i < count; i++) samples.push(await from.next());
  return samples;
}

describe("stream", () => {
  test("a sample is its draft with pictures in place of scenes", () => {
    const draft = stream.sampleDraft(4);
    const sample = stream.sample(4);
    expect(sample.kind).toBe(draft.kind);
    expect(sample.items.map((item) => (item.type === "image" ? "scene" : item.type))).toEqual(draft.items.map((item) => item.type)); // prettier-ignore
    expect(sample.items.map((item) => item.loss)).toEqual(draft.items.map((item) => item.loss));
  });

  test("pictures have the size of the configuration and show something", () => {
    for (let index = 0; index < 30; index++) {
      for (const item of stream.sample(index).items) {
        if (item.type !== "image") continue;
        expect([item.image.width, item.image.height, item.image.data.length]).toEqual([48, 48, 48 * 48 * 3]);
        expect(new Set(item.image.data).size).toBeGreaterThan(8);
      }
    }
  });
});

describe("pool", () => {
  test("the same samples in order for any number of workers, from any start", async () => {
    const expected = Array.from({ length: 24 }, (_, i) => stream.sample(100 + i));
    for (const workers of [1, 3]) {
      pool = new WorldPool(config, { workers, ahead: 5, start: 100 });
      expect(await take(pool, 24)).toEqual(expected);
      await pool.close();
    }
  });

  test("a loop may be left at any time; the pool is closed then", async () => {
    pool = new WorldPool(config, { workers: 1, ahead: 2 });
    let seen = 0;
    for await (const sample of pool) {
      expect(sample).toEqual(stream.sample(seen));
      if (++seen === 3) break;
    }
    await expect(pool.next()).rejects.toThrow("sample 3: the pool is closed");
  });

  test("closing while next() waits ends the wait", async () => {
    pool = new WorldPool(config);
    const waiting = pool.next();
    const failed = expect(waiting).rejects.toThrow("sample 0: the pool is closed");
    await pool.close();
    await failed;
  });

  test("an error in a worker surfaces with its index, after the samples before it", async () => {
    // Scenes of several objects need more concepts than there are: the first of them fails.
    const few: WorldConfig = { ...config, concepts: ["cat"], families: { "draw-single": 9, "draw-scene": 1 } };
    const alone = new WorldStream(few, await SpriteBank.open());
    let failing = 0;
    const succeeds = (index: number): boolean => {
      try {
        alone.sample(index);
        return true;
      } catch {
        return false;
      }
    };
    while (succeeds(failing)) failing++;
    pool = new WorldPool(few, { workers: 2 });
    await take(pool, failing);
    await expect(pool.next()).rejects.toThrow(new RegExp(`^sample ${failing}: world: a task wants`));
  });

  test("a configuration that no worker can use is an error of the first sample", async () => {
    pool = new WorldPool({ ...config, styles: ["crayon"] });
    await expect(pool.next()).rejects.toThrow(/^sample 0: style: expected one of .* found "crayon"/);
  });

  test("options are checked", () => {
    expect(() => new WorldPool(config, { workers: 0 })).toThrow(
      /"workers" to be a whole number of at least 1, found 0/,
    );
    expect(() => new WorldPool(config, { start: -1 })).toThrow(/"start".*found -1/);
  });

  test("one call at a time", async () => {
    pool = new WorldPool(config);
    const first = pool.next();
    await expect(pool.next()).rejects.toThrow(/before the last one had answered/);
    await first;
  });
});
