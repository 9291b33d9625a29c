import { describe, expect, test } from "vitest";
import { conceptNamed, CONCEPTS } from "./concepts.ts";
import { scenesOf, textsOf, type SampleDraft } from "./draft.ts";
import { DraftStream } from "./draft-stream.ts";
import { heldOutSplits } from "./facts.ts";
import { FAMILIES, type Family } from "./mixture.ts";
import { WORDS_ONLY } from "./palette.ts";
import { SPLITS, type Split } from "./splits.ts";
import { HELD_OUT_STYLES } from "./styles.ts";
import type { WorldConfig } from "./world-config.ts";

const stream = (config: WorldConfig = {}): DraftStream => new DraftStream({ seed: 5, ...config }, WORDS_ONLY);
const take = (config: WorldConfig, count: number): SampleDraft[] => {
  const source = stream(config);
  return Array.from({ length: count }, (_, index) => source.draft(index));
};
const everything = take({}, 3000);
const families = Object.keys(FAMILIES) as Family[];

describe("a pure function of seed and index", () => {
  test("whatever was drawn before", () => {
    const source = stream();
    const backwards = [30, 20, 10, 0].map((index) => source.draft(index));
    expect(backwards).toEqual([30, 20, 10, 0].map((index) => everything[index]));
  });

  test("another seed is another stream", () => {
    expect(stream({ seed: 6 }).draft(0)).not.toEqual(everything[0]);
  });

  test("indices that are no whole numbers are refused", () => {
    expect(() => stream().draft(-1)).toThrow(/sample index: .* found -1/);
    expect(() => stream().draft(0.5)).toThrow(/found 0.5/);
  });
});

describe("splits", () => {
  test("training shows nothing that is held out", () => {
    for (const draft of everything) expect([...heldOutSplits(draft)]).toEqual([]);
  });

  test.each(SPLITS.filter((split) => split !== "train" && split !== "heldout-template"))(
    "%s: every sample shows it and nothing else that is held out",
    (split: Split) => {
      for (const draft of take({ split }, 40)) expect([...heldOutSplits(draft)]).toEqual([split]);
    },
  );

  test("held-out wordings never occur in training", () => {
    const prompts = (config: WorldConfig): Set<string> =>
      new Set(
        take({ families: { "caption-single": 1 }, ...config }, 600).map((draft) => textsOf(draft)[0]!.toLowerCase()),
      );
    const train = prompts({});
    const heldOut = prompts({ split: "heldout-template" });
    expect(heldOut.size).toBeGreaterThan(3);
    expect([...heldOut].filter((prompt) => train.has(prompt))).toEqual([]);
  });

  test("held-out styles are drawn only in their split", () => {
    const styles = (drafts: SampleDraft[]): Set<string> =>
      new Set(
        drafts.flatMap((draft) => scenesOf(draft).flatMap((scene) => scene.objects.map((object) => object.style))),
      );
    expect([...styles(take({ split: "heldout-style" }, 40))].sort()).toEqual([...HELD_OUT_STYLES].sort());
    for (const style of HELD_OUT_STYLES) expect(styles(everything).has(style)).toBe(false);
  });
});

describe("what a sample is", () => {
  test.each(families)("%s: valid scenes, something to learn, and words before it", (family) => {
    for (const draft of take({ families: { [family]: 1 } }, 150)) {
      expect(draft.items.at(-1)!.loss).toBe(true);
      expect(draft.items[0]!.loss).toBe(false);
      expect(draft.items.some((item) => item.type === "text" && !item.loss)).toBe(true);
      for (const scene of scenesOf(draft)) {
        expect(scene.objects.length).toBeGreaterThan(0);
        expect(WORDS_ONLY.backgrounds).toContain(scene.background);
        for (const [index, object] of scene.objects.entries()) {
          conceptNamed(object.concept);
          for (const centre of [object.x, object.y]) {
            expect(centre - object.size / 2).toBeGreaterThanOrEqual(-1e-9);
            expect(centre + object.size / 2).toBeLessThanOrEqual(1 + 1e-9);
          }
          for (const other of scene.objects.slice(0, index)) {
            const apart = Math.max(Math.abs(object.x - other.x), Math.abs(object.y - other.y));
            expect(apart).toBeGreaterThanOrEqual((object.size + other.size) / 2);
          }
        }
      }
    }
  });

  test("requests are answered with pictures, questions with text alone", () => {
    const drawn = (draft: SampleDraft): boolean => draft.items.some((item) => item.type === "scene" && item.loss);
    const kinds: Record<string, boolean> = {
      draw: true,
      edit: true,
      group: true,
      sequence: true,
      caption: false,
      chat: false,
    };
    for (const draft of everything) {
      const expected = kinds[draft.kind];
      if (expected !== undefined) expect(drawn(draft), textsOf(draft).join(" | ")).toBe(expected);
    }
  });

  test("prompts are short", () => {
    const lengths = everything
      .map((draft) => draft.items.find((item) => item.type === "text")!.text.split(/\s+/).length)
      .sort((a, b) => a - b);
    expect(lengths[lengths.length >> 1]).toBeLessThanOrEqual(12);
  });
});

describe("English", () => {
  const texts = everything.flatMap(textsOf);

  test("articles, spaces and endings", () => {
    for (const text of texts) {
      expect(text).not.toMatch(/\b[Aa] (?!uni|one\b)[aeiou]|\b[Aa]n [^aeiou]/);
      expect(text).not.toMatch(/ {2}|[{}]|undefined|null| [,.?!]|\.\.|^\s|\s$/);
    }
  });

  test("answers are sentences", () => {
    for (const draft of everything) {
      for (const item of draft.items) {
        if (item.type === "text" && item.loss) expect(item.text).toMatch(/^[A-Z].*[.!?]$/);
      }
    }
  });
});

test("configurations choose concepts, styles, families and sizes", () => {
  const drafts = take(
    { concepts: ["cat", "apple"], styles: ["noto"], families: { "draw-single": 1 }, imageSize: 64 },
    100,
  );
  const objects = drafts.flatMap((draft) => scenesOf(draft).flatMap((scene) => scene.objects));
  expect(new Set(objects.map((object) => object.concept))).toEqual(new Set(["cat", "apple"]));
  expect(new Set(objects.map((object) => object.style))).toEqual(new Set(["noto"]));
  expect(new Set(drafts.flatMap((draft) => scenesOf(draft).map((scene) => scene.width)))).toEqual(new Set([64]));
  expect(new Set(drafts.map((draft) => draft.task))).toEqual(new Set(["draw.single"]));
});

test("on a grid sprites have few places, within the picture and apart from each other", () => {
  const scenes = take({ families: { "draw-scene": 3, "draw-single": 1 }, grid: 8 }, 600).flatMap(scenesOf);
  for (const { objects } of scenes) {
    for (const [i, { x, y, size }] of objects.entries()) {
      expect((x * 96) % 8).toBeCloseTo(0, 9);
      expect((y * 96) % 8).toBeCloseTo(0, 9);
      expect((size * 96) % 4).toBeCloseTo(0, 9);
      for (const centre of [x, y]) {
        expect(centre - size / 2).toBeGreaterThanOrEqual(0);
        expect(centre + size / 2).toBeLessThanOrEqual(1);
      }
      for (const other of objects.slice(0, i)) {
        const gap = Math.max(Math.abs(x - other.x), Math.abs(y - other.y)) - (size + other.size) / 2;
        expect(gap).toBeGreaterThanOrEqual(Math.max(size, other.size) / 13);
      }
    }
  }
});

test("the full curriculum shows every concept that training may show", () => {
  const shown = new Set(
    everything.flatMap((draft) => scenesOf(draft).flatMap((scene) => scene.objects.map((o) => o.concept))),
  );
  const allowed = CONCEPTS.filter((concept) => stream().world.concepts.includes(concept)).map(
    (concept) => concept.name,
  );
  expect([...shown].sort()).toEqual(allowed.sort());
});

test("impossible configurations are named", () => {
  expect(() => stream({ concepts: ["unicycle"] })).toThrow(/unicycle/);
  expect(() => stream({ styles: [] })).toThrow(/styles: expected at least one/);
  expect(() => stream({ families: { "draw-single": -1 } })).toThrow(/weight of at least 0 for "draw-single", found -1/);
  expect(() => stream({ families: {} })).toThrow(/at least one family/);
  expect(() => stream({ imageSize: 8 })).toThrow(/from 16 to 1024, found 8/);
  expect(() => stream({ grid: 0 })).toThrow(/from 1 to a quarter of the side, found 0/);
});
