import { expect, test } from "vitest";
import { scenesOf } from "../draft.ts";
import { DraftStream } from "../draft-stream.ts";
import { WORDS_ONLY } from "../palette.ts";

test("the picture that is asked for again is drawn as it was shown", () => {
  const stream = new DraftStream({ seed: 3, families: { again: 1 } }, WORDS_ONLY);
  for (let index = 0; index < 200; index++) {
    const draft = stream.draft(index);
    expect(draft.items.map(({ type, loss }) => `${type} ${loss}`)).toEqual([
      "scene false",
      "text false",
      "text true",
      "scene true",
    ]);
    const [shown, drawn] = scenesOf(draft);
    expect(drawn).toEqual(shown);
  }
});
