import { afterEach, describe, expect, test, vi } from "vitest";
import { openRuntime } from "../runtime/open-runtime.ts";
import { CachedContext } from "./context.ts";
import { Denoiser } from "./denoiser.ts";
import type { PictureToDraw } from "./draw-latents.ts";
import { DrawingGroup } from "./drawing-group.ts";
import type { DrawingSettings } from "./drawing-settings.ts";
import { Engine } from "./engine.ts";
import { LoadedMogao } from "./loaded-mogao.ts";
import { asLoaded, tinyBagel, tinyModel } from "./testing.ts";
import type { GenerateEvent, Generation } from "./types.ts";

const runtime = await openRuntime({ threads: 1 });
const opened: { dispose(): void }[] = [];
afterEach(() => {
  for (const model of opened.splice(0)) model.dispose();
  vi.restoreAllMocks();
});

function loaded(model = tinyModel()): LoadedMogao {
  const mogao = new LoadedMogao(runtime, asLoaded(model));
  opened.push(mogao);
  return mogao;
}

/** How many pictures each batch of denoising had. */
function spiedBatches(): number[] {
  const sizes: number[] = [];
  const { openBatch } = Denoiser;
  vi.spyOn(Denoiser, "openBatch").mockImplementation((programs, images, options) => {
    sizes.push(images.length);
    return openBatch.call(Denoiser, programs, images, options);
  });
  return sizes;
}

const prompts = ["a", "some longer prompt", "three words, dear"];
const drawing = { output: "image", maxImages: 1, seed: 11, guidance: 3 } as const;

function worstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

async function eventsOf(generation: Generation): Promise<GenerateEvent[]> {
  const events: GenerateEvent[] = [];
  for await (const event of generation) events.push(event);
  return events;
}

describe("a batch of prompts", () => {
  const families = [
    ["the paper's", () => tinyModel()],
    ["BAGEL's", () => tinyBagel({ steps: 5 })],
  ] as const;
  test.each(families)("%s: each picture is what it is alone, and all are drawn in one batch", async (_, model) => {
    const mogao = loaded(model());
    const alone = [];
    for (const [i, prompt] of prompts.entries()) alone.push(await mogao.generate(prompt, { ...drawing, seed: 11 + i }));
    const sizes = spiedBatches();
    const together = await Promise.all(mogao.batch(prompts, drawing));
    expect(sizes).toEqual([3]);
    for (const [i, { images, seed, usage, parts }] of together.entries()) {
      expect([seed, usage]).toEqual([11 + i, alone[i]!.usage]);
      expect(parts.map(({ type }) => type)).toEqual(alone[i]!.parts.map(({ type }) => type));
      expect(worstDifference(images[0]!.data, alone[i]!.images[0]!.data)).toBeLessThanOrEqual(1);
    }
    // So that this means something: other prompts and seeds make other pictures.
    expect(worstDifference(together[0]!.images[0]!.data, together[1]!.images[0]!.data)).toBeGreaterThan(10);
  });

  test("an edit is drawn with drawings, though guidance has one more context for it", async () => {
    const mogao = loaded();
    const source = (await mogao.generate("source", drawing)).images[0]!;
    const mixed = [prompts[0]!, [{ type: "image", image: source } as const, "edit it"], prompts[2]!];
    const options = { ...drawing, guidance: 3, imageGuidance: 2 };
    const alone = [];
    for (const prompt of mixed) alone.push(await mogao.generate(prompt, options));
    const sizes = spiedBatches();
    const together = await Promise.all(mogao.batch(mixed, { ...options, seeds: [11, 11, 11] }));
    expect(sizes).toEqual([3]);
    for (const [i, { images }] of together.entries())
      expect(worstDifference(images[0]!.data, alone[i]!.images[0]!.data)).toBeLessThanOrEqual(1);
  });

  test("every generation has its own events and previews", async () => {
    const mogao = loaded();
    const generations = mogao.batch(prompts, { ...drawing, previewEvery: 2 });
    for (const events of await Promise.all(generations.map(eventsOf))) {
      const steps = events.filter(({ type }) => type === "image-step");
      expect(steps.map((event) => event.type === "image-step" && event.preview !== undefined)).toEqual([
        false,
        true,
        false,
        false,
      ]);
      expect(events.at(-1)).toMatchObject({ type: "finish", usage: { completionImages: 1, denoiseSteps: 4 } });
    }
  });

  test("one that fails or is left does not hold up the others, whose pictures stay as they are", async () => {
    const mogao = loaded();
    const alone = await mogao.generate(prompts[2]!, { ...drawing, seed: 13 });
    const [failing, left, third] = mogao.batch(["", prompts[1]!, prompts[2]!], { ...drawing, together: 3 });
    const events = left![Symbol.asyncIterator]();
    for (
      let event = await events.next();
      !event.done && event.value.type !== "image-step";
      event = await events.next()
    );
    await events.return!();
    await expect(failing).rejects.toThrow(/prompt: expected a text or a picture, found nothing/);
    await expect(left).rejects.toThrow();
    expect(worstDifference((await third!).images[0]!.data, alone.images[0]!.data)).toBeLessThanOrEqual(1);
  });

  test("no more draw together than asked for, one batch after another", async () => {
    const mogao = loaded();
    const sizes = spiedBatches();
    const generations = mogao.batch(["a", "b", "c", "d", "e"], { ...drawing, together: 2 });
    expect(generations.map(({ seed }) => seed)).toEqual([11, 12, 13, 14, 15]);
    await Promise.all(generations);
    expect(sizes).toEqual([2, 2, 1]);
  });

  test("aborted, all end; bad options are told before anything runs", async () => {
    const mogao = loaded();
    const abort = new AbortController();
    const generations = mogao.batch(prompts, { ...drawing, together: 2, signal: abort.signal });
    for await (const event of generations[0]!)
      if (event.type === "image-start") {
        abort.abort(new Error("enough"));
        break;
      }
    for (const generation of generations) await expect(generation).rejects.toThrow();
    expect(() => mogao.batch(prompts, { together: 0 })).toThrow(/^together: expected a whole number/);
    expect(() => mogao.batch(prompts, { seeds: [1] })).toThrow(/^seeds: expected one for each of 3 prompts, found 1$/);
    await expect(mogao.batch(["a"], { seeds: [-1] })[0]).rejects.toThrow(/^seed: expected a whole number/);
    expect(mogao.batch([])).toEqual([]);
  });
});

describe("a group", () => {
  const settings: DrawingSettings = {
    size: { width: 32, height: 32 },
    evaluations: 2,
    shift: 1,
    solver: "euler",
    rule: { form: "paper", text: 2, image: 1 },
    interval: [0, 1],
  };
  async function group(members: number, side = 2) {
    const engine = new Engine(runtime, asLoaded(tinyModel()));
    opened.push(engine);
    const context = new CachedContext(engine.programs);
    context.push({ type: "text", ids: [1, 2, 3] });
    await context.settle();
    const branches = [
      { condition: "full", context },
      { condition: "none", context: await engine.emptyContext() },
    ] as const;
    const picture = (seed: number, change: Partial<PictureToDraw> = {}): PictureToDraw => ({
      grid: { rows: side, columns: side },
      settings,
      branches,
      seed,
      onStep: () => Promise.resolve(),
      signal: new AbortController().signal,
      ...change,
    });
    return { drawing: new DrawingGroup(engine, members), picture, sizes: spiedBatches() };
  }

  test("waits until all want a picture or have ended; who draws more goes on with those who are left", async () => {
    const { drawing, picture, sizes } = await group(3);
    const first = [drawing.draw(picture(1)), drawing.draw(picture(2))];
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sizes).toEqual([]); // the third may still want to draw
    drawing.leave();
    await Promise.all(first);
    drawing.leave();
    const again = await drawing.draw(picture(2));
    expect(sizes).toEqual([2, 1]);
    expect(worstDifference(again, await first[1]!)).toBeLessThan(1e-4);
  });

  test("draws together what has one grid and one setting, as far as it fits into an evaluation", async () => {
    const { drawing, picture, sizes } = await group(7, 16);
    const seven = [1, 2, 3, 4, 5, 6].map((seed) => drawing.draw(picture(seed)));
    seven.push(drawing.draw(picture(7, { settings: { ...settings, evaluations: 1 } })));
    await Promise.all(seven);
    expect(sizes).toEqual([4, 2, 1]); // 2 branches of 256 tokens a picture
  });

  test("who is aborted while waiting is gone, and what fails fails for those who drew it", async () => {
    const { drawing, picture, sizes } = await group(2);
    const abort = new AbortController();
    const waiting = drawing.draw(picture(1, { signal: abort.signal }));
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    drawing.leave();
    const onStep = () => Promise.reject(new Error("no preview"));
    await expect(drawing.draw(picture(2, { onStep }))).rejects.toThrow("no preview");
    expect(sizes).toEqual([1]);
  });
});
