import { expect, test } from "vitest";
import { conceptNamed } from "../concepts.ts";
import { scenesOf, textsOf } from "../draft.ts";
import { DraftStream } from "../draft-stream.ts";
import { WORDS_ONLY } from "../palette.ts";

test("a pair whose places are told is announced from left to right or from top to bottom, as it is drawn", () => {
  const stream = new DraftStream({ seed: 13, families: { "draw-scene": 1 } }, WORDS_ONLY);
  let announced = 0;
  for (let index = 0; index < 1500; index++) {
    const draft = stream.draft(index);
    const [request = "", answer] = textsOf(draft);
    const [first, second] = scenesOf(draft)[0]!.objects;
    if (answer === undefined || draft.relations.length !== 2 || scenesOf(draft)[0]!.objects.length !== 2) continue;
    const [, , place] = /is (.+?) (to the left of|above) /.exec(answer) ?? [];
    expect(place, `${request} | ${answer}`).toBeDefined();
    const [before, behind] = answer.indexOf(first!.concept) < answer.indexOf(second!.concept) ? [first!, second!] : [second!, first!]; // prettier-ignore
    if (place === "above") expect(before.y).toBeLessThan(behind.y);
    else expect(before.x).toBeLessThan(behind.x);
    announced++;
  }
  expect(announced).toBeGreaterThan(200);
});

test("a coloured pair: two things, each named with a colour that is not its own", () => {
  const stream = new DraftStream({ seed: 14, families: { "draw-coloured-pair": 1 } }, WORDS_ONLY);
  for (let index = 0; index < 300; index++) {
    const draft = stream.draft(index);
    const { objects } = scenesOf(draft)[0]!;
    expect(objects.length).toBe(2);
    for (const { concept, colour } of objects) {
      expect(colour).not.toBe(null);
      expect(colour).not.toBe(conceptNamed(concept).naturalColour);
      expect(textsOf(draft)[0]!.toLowerCase()).toContain(`${colour} `);
    }
    expect(objects[0]!.colour).not.toBe(objects[1]!.colour);
  }
});
