import { expect, test } from "vitest";
import { scenesOf, textsOf } from "../draft.ts";
import { DraftStream } from "../draft-stream.ts";
import { WORDS_ONLY } from "../palette.ts";

test("every letter asked for is the one before the name in the list, and the other way round", () => {
  const stream = new DraftStream({ seed: 9, families: { letters: 1 } }, WORDS_ONLY);
  let [there, back] = [0, 0];
  for (let index = 0; index < 300; index++) {
    const draft = stream.draft(index);
    expect(scenesOf(draft)).toHaveLength(0);
    const texts = textsOf(draft).map((text) => text.toLowerCase());
    const names = new Map([...texts[0]!.matchAll(/^([a-d])\. (.+)$/gm)].map(([, letter, name]) => [letter!, name!]));
    expect(names.size).toBe(new Set(names.values()).size);
    for (let i = 0; i < texts.length; i += 2) {
      const [question, answer] = [texts[i]!.split("\n")[0]!, texts[i + 1]!.replace(/\.$/, "")];
      if (names.has(answer)) {
        expect(question).toContain(names.get(answer)!.replace(/^(pair|bunch|slice|loaf|box) of /, ""));
        there++;
      } else {
        const [letter] = [...names].find(([, name]) => name === answer)!;
        expect(question).toMatch(new RegExp(`\\b${letter}\\b`));
        back++;
      }
    }
  }
  expect(there).toBeGreaterThan(500);
  expect(back).toBe(300);
});
