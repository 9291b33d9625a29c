import { expect, test } from "vitest";
import { CONCEPTS } from "../concepts.ts";
import { scenesOf } from "../draft.ts";
import { DraftStream } from "../draft-stream.ts";
import { bankPalette, WORDS_ONLY } from "../palette.ts";
import { splitOfRelation } from "../splits.ts";
import { SpriteBank } from "../sprite-bank.ts";

test("a thing is never recoloured to the colour that its own drawing has", async () => {
  const bank = await SpriteBank.open();
  const stream = new DraftStream({ seed: 5, families: { edit: 1, conversation: 1 } }, bankPalette(bank));
  const drafts = Array.from({ length: 1600 }, (_, index) => stream.draft(index));
  let recoloured = 0;
  for (const draft of drafts.filter(({ kind }) => kind === "edit")) {
    const scenes = scenesOf(draft);
    for (const [i, after] of scenes.slice(1).entries()) {
      const before = scenes[i]!;
      if (before.objects.length !== after.objects.length) continue;
      for (const [j, { concept, style, colour }] of after.objects.entries()) {
        const old = before.objects[j]!;
        if (colour === null || old.colour !== null || old.concept !== concept || old.style !== style) continue;
        recoloured++;
        expect(bank.body(concept, style)!.colour, `${concept}/${style}`).not.toBe(colour);
      }
    }
  }
  expect(recoloured).toBeGreaterThan(200);
});

test("no relation that is held out for a concept is announced before or foretold", () => {
  const stream = new DraftStream({ seed: 6, families: { edit: 1, conversation: 1, foretell: 1 } }, WORDS_ONLY);
  let announced = 0;
  for (let index = 0; index < 2500; index++) {
    const { items, task } = stream.draft(index);
    for (const [i, item] of items.entries()) {
      if (item.type !== "text" || !item.loss) continue;
      const [, first, phrase, second] = /^(?:Here is )?(.+) (to the left of|above) (.+)\.$/.exec(item.text) ?? [];
      if (phrase === undefined || task.startsWith("question")) continue;
      const [before, behind] = [first!, second!].map((words) => named(words));
      if (!before || !behind) continue;
      announced++;
      const told = `${item.text} (item ${i} of ${task})`;
      expect(splitOfRelation(before, phrase === "above" ? "above" : "left"), told).toBe("train");
      expect(splitOfRelation(behind, phrase === "above" ? "below" : "right"), told).toBe("train");
    }
  }
  expect(announced).toBeGreaterThan(200);
});

/** The concept of a noun phrase of one or several. */
function named(phrase: string): string | undefined {
  const fitting = CONCEPTS.filter(({ name, plural }) => [name, plural].some((noun) => phrase.endsWith(noun)));
  return fitting.sort((a, b) => b.name.length - a.name.length)[0]?.name;
}
