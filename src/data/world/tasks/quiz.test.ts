import { describe, expect, test } from "vitest";
import { DraftStream } from "../draft-stream.ts";
import { scenesOf, textsOf } from "../draft.ts";
import { WORDS_ONLY } from "../palette.ts";
import { EXISTS } from "./question-templates.ts";

const stream = new DraftStream({ seed: 31, families: { quiz: 1 } }, WORDS_ONLY);
const drafts = Array.from({ length: 500 }, (_, index) => stream.draft(index));

describe("a quiz", () => {
  test("asks many things of one picture, none of them twice", () => {
    let asked = 0;
    for (const draft of drafts) {
      expect(scenesOf(draft)).toHaveLength(1);
      const questions = textsOf(draft).filter((_, i) => i % 2 === 0);
      expect(new Set(questions).size).toBe(questions.length);
      asked += questions.length;
    }
    expect(asked / drafts.length).toBeGreaterThan(5);
  });

  test("asks what is there before anything that takes it for granted, unless a caption has said it", () => {
    const starts = EXISTS.map((template) => template.toLowerCase().split("{x}")[0]!).filter((start) => start !== "");
    const isExistence = (question: string) => starts.some((start) => question.toLowerCase().startsWith(start));
    const places = drafts.map((draft) => {
      const questions = textsOf(draft).filter((_, i) => i % 2 === 0);
      return questions.findIndex(isExistence);
    });
    expect(new Set(places)).toEqual(new Set([0, 1]));
    const captioned = places.filter((place) => place === 1).length / drafts.length;
    expect(captioned).toBeGreaterThan(0.2);
    expect(captioned).toBeLessThan(0.4);
  });
});
