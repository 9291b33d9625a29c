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

  test("asks what is there before anything that takes it for granted", () => {
    const starts = EXISTS.map((template) => template.toLowerCase().split("{x}")[0]!).filter((start) => start !== "");
    const isExistence = (question: string) => starts.some((start) => question.toLowerCase().startsWith(start));
    for (const draft of drafts) {
      const questions = textsOf(draft).filter((_, i) => i % 2 === 0);
      expect(isExistence(questions[0]!), questions[0]).toBe(true);
    }
  });
});
