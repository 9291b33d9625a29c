import { expect, test } from "vitest";
import { CONCEPTS } from "../concepts.ts";
import { scenesOf, textsOf } from "../draft.ts";
import { DraftStream } from "../draft-stream.ts";
import { many, one } from "../grammar.ts";
import { WORDS_ONLY } from "../palette.ts";

const phrases = CONCEPTS.flatMap((concept) => [one(concept), many(concept)].map((words) => words.toLowerCase()));

test("what is there is there in the words that were said, and what is not is not", () => {
  const stream = new DraftStream({ seed: 7, families: { imagine: 1 } }, WORDS_ONLY);
  let [yes, no] = [0, 0];
  for (let index = 0; index < 900; index++) {
    const draft = stream.draft(index);
    expect(scenesOf(draft)).toHaveLength(0);
    const [first = "", ...rest] = textsOf(draft).map((text) => text.toLowerCase());
    const [, telling = "", firstQuestion = ""] = /^(.*?)\. (?!one)(.*)$/.exec(first) ?? [];
    const texts = [firstQuestion, ...rest];
    for (let i = 0; i + 1 < texts.length; i += 2) {
      const [, asked] =
        /^is there (?:an? |a pair of |some )?([a-z ]+?)(?: in the (?:picture|image))?\?$/.exec(texts[i]!) ?? [];
      if (asked === undefined || !phrases.some((phrase) => phrase.endsWith(asked))) continue;
      const said = new RegExp(`\\b${asked}`).test(telling);
      if (texts[i + 1] === "yes." && said) yes++;
      else if (texts[i + 1] === "no." && !said) no++;
      // Plurals that are no mere "s" are not looked for here; a colour may be what is wrong.
      else if (texts[i + 1] === "no.") expect.unreachable(`${telling} | ${texts[i]} | ${texts[i + 1]}`);
    }
  }
  expect(yes).toBeGreaterThan(40);
  expect(no).toBeGreaterThan(40);
});
