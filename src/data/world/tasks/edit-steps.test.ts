import { expect, test } from "vitest";
import { scenesOf } from "../draft.ts";
import { DraftStream } from "../draft-stream.ts";
import { bankPalette } from "../palette.ts";
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
