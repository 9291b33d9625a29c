import { expect, test } from "vitest";
import { startGeneration, type GenerationRun } from "./generation.ts";
import type { GenerateEvent, GenerateResult } from "./types.ts";

const usage = { promptTokens: 1, promptImages: 0, completionTokens: 2, completionImages: 0, denoiseSteps: 0 };
const result: GenerateResult = { parts: [], text: "", images: [], finish: "stop", seed: 5, usage };
const delta = (text: string): GenerateEvent => ({ type: "text-delta", text });
const finish: GenerateEvent = { type: "finish", reason: "stop", usage };
const turn = () => new Promise((resolve) => setImmediate(resolve));

const three: GenerationRun = async (emit) => {
  for (const text of ["a", "b"]) {
    emit(delta(text));
    await turn();
  }
  emit(finish);
  return result;
};

async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test("one run, awaited and iterated at once and again afterwards", async () => {
  let runs = 0;
  const generation = startGeneration(5, (...call) => (runs++, three(...call)));
  const [found, events] = await Promise.all([generation, collect(generation)]);
  expect(found).toBe(result);
  expect(events).toEqual([delta("a"), delta("b"), finish]);
  expect(await collect(generation)).toEqual(events);
  expect(generation.seed).toBe(5);
  expect(runs).toBe(1);
});

test("leaving the loop aborts the run", async () => {
  let aborted = false;
  const generation = startGeneration(1, async (emit, signal) => {
    for (;;) {
      emit(delta("x"));
      await turn();
      aborted = signal.aborted;
      signal.throwIfAborted();
    }
  });
  for await (const event of generation) {
    expect(event).toEqual(delta("x"));
    break;
  }
  await expect(generation).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  expect(aborted).toBe(true);
});

test("leaving after the last event changes nothing", async () => {
  const generation = startGeneration(1, three);
  for await (const event of generation) if (event.type === "finish") break;
  expect(await generation).toBe(result);
});

test("a signal aborts with its reason, before the run or in it", async () => {
  const early = AbortSignal.abort(new Error("too late"));
  let ran = false;
  await expect(startGeneration(1, async () => ((ran = true), result), [early])).rejects.toThrow("too late");
  expect(ran).toBe(false);
  const controller = new AbortController();
  const run: GenerationRun = async (_emit, signal) => {
    while (!signal.aborted) await turn();
    throw signal.reason;
  };
  const generation = startGeneration(1, run, [controller.signal]);
  controller.abort(new Error("enough"));
  await expect(collect(generation)).rejects.toThrow("enough");
});

test("a failure reaches the iteration after the events before it, and nobody when nobody asks", async () => {
  const generation = startGeneration(1, async (emit) => {
    emit(delta("a"));
    throw new Error("broken");
  });
  const seen: GenerateEvent[] = [];
  const iteration = (async () => {
    for await (const event of generation) seen.push(event);
  })();
  await expect(iteration).rejects.toThrow("broken");
  expect(seen).toEqual([delta("a")]);
  startGeneration(1, async () => {
    throw new Error("unheard");
  });
  await turn(); // an unhandled rejection would fail the test run
});
