import { describe, expect, test } from "vitest";
import { CONCEPTS } from "../concepts.ts";
import { scenesOf, textsOf, type SampleDraft } from "../draft.ts";
import { DraftStream } from "../draft-stream.ts";
import { splitOfColouring } from "../facts.ts";
import { one } from "../grammar.ts";
import type { Family } from "../mixture.ts";
import { WORDS_ONLY } from "../palette.ts";
import { splitOfConcept, splitOfPair } from "../splits.ts";

interface YesOrNo {
  /** The draft's task, with "colour" where the question names one. */
  readonly kind: string;
  readonly question: string;
  readonly yes: boolean;
  readonly draft: SampleDraft;
}

const COLOUR_WORD = new RegExp(`\\b(${WORDS_ONLY.colours.join("|")})\\b`);

/** What is asked and answered with yes or no in so many drafts of a family. */
function yesOrNo(family: Family, count: number): YesOrNo[] {
  const stream = new DraftStream({ seed: 23, families: { [family]: 1 } }, WORDS_ONLY);
  return Array.from({ length: count }, (_, index) => stream.draft(index)).flatMap((draft) => {
    const texts = textsOf(draft);
    return texts.flatMap((answer, i) => {
      if (answer !== "Yes." && answer !== "No.") return [];
      const question = texts[i - 1]!.toLowerCase();
      const kind = `${draft.task}${COLOUR_WORD.test(question) ? " colour" : ""}`;
      return [{ kind, question, yes: answer === "Yes.", draft }];
    });
  });
}

const asked = [
  ...yesOrNo("question", 40000),
  ...yesOrNo("quiz", 4000),
  ...yesOrNo("imagine", 4000),
  ...yesOrNo("chat", 8000),
  ...yesOrNo("conversation", 8000),
];

describe("what training answers with yes or no", () => {
  test("each kind of question is answered with yes about half the time", () => {
    const kinds = Map.groupBy(asked, ({ kind }) => kind);
    expect([...kinds.keys()]).toEqual(
      expect.arrayContaining([
        "question.exists",
        "question.exists colour",
        "question.count",
        "question.more",
        "question.colour colour",
        "question.position",
        "question.style",
        "quiz",
        "imagine",
        "chat.category",
        "conversation.question",
      ]),
    );
    for (const [kind, all] of kinds) {
      // Colours in questions of number and of words alone are too few to have a share.
      if (all.length < 150) continue;
      const share = all.filter(({ yes }) => yes).length / all.length;
      expect(share, `${kind}, of ${all.length}`).toBeGreaterThan(0.45);
      expect(share, `${kind}, of ${all.length}`).toBeLessThan(0.55);
    }
  });

  test("existence is never asked of what training holds back, where it could only be denied", () => {
    const named = new Map(
      CONCEPTS.flatMap((concept) =>
        ["", ...WORDS_ONLY.colours].map((colour) => [one(concept, colour).toLowerCase(), { concept, colour }] as const),
      ),
    );
    const phrase = new RegExp(`\\b(${[...named.keys()].join("|")})\\b`);
    let denied = 0;
    for (const { kind, question, yes, draft } of asked) {
      if (!kind.startsWith("question.exists") || yes) continue;
      const { concept, colour } = named.get(phrase.exec(question)![1]!)!;
      const shown = scenesOf(draft)[0]!.objects.map((object) => object.concept);
      denied++;
      expect(splitOfConcept(concept.name), question).toBe("train");
      for (const other of shown) expect(splitOfPair(concept.name, other), question).toBe("train");
      if (colour !== "") expect(splitOfColouring(concept, colour), question).toBe("train");
    }
    expect(denied).toBeGreaterThan(1000);
  });
});
