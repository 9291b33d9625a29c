import { expect, test } from "vitest";
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
