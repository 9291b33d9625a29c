import { expect, test } from "vitest";
import { conceptNamed } from "../concepts.ts";
import { scenesOf, textsOf } from "../draft.ts";
import { DraftStream } from "../draft-stream.ts";
import { WORDS_ONLY } from "../palette.ts";

const stream = new DraftStream({ seed: 15, grid: 8, families: { foretell: 1 } }, WORDS_ONLY);
const drafts = Array.from({ length: 800 }, (_, index) => stream.draft(index));

test("nothing is drawn: pictures are shown, and the answer is words", () => {
  for (const { items } of drafts) {
    expect(items.at(-1)).toMatchObject({ type: "text", loss: true });
    for (const item of items) if (item.type === "scene") expect(item.loss).toBe(false);
  }
});

test("after a removal one of the two things that were shown is left, and in its place", () => {
  const removals = drafts.filter(({ task }) => task === "foretell.remove");
  expect(removals.length).toBeGreaterThan(30);
  for (const draft of removals) {
    const answer = textsOf(draft).at(-1)!.toLowerCase();
    const left = scenesOf(draft)[0]!.objects.filter(({ concept }) => {
      const { name, plural } = conceptNamed(concept);
      return [name, plural].some((noun) => answer.includes(noun.toLowerCase()));
    });
    expect(left, answer).toHaveLength(1);
    const { x, y } = left[0]!;
    if (answer.includes("on the left")) expect(x).toBeLessThan(0.4);
    if (answer.includes("at the bottom")) expect(y).toBeGreaterThan(0.6);
  }
});

test("what moves goes on the same way", () => {
  const moves = drafts.filter((draft) => draft.task === "foretell.move" && scenesOf(draft).length > 1);
  expect(moves.length).toBeGreaterThan(30);
  for (const draft of moves) {
    const [first, second] = scenesOf(draft).map(({ objects: [object] }) => object!);
    const [dx, dy] = [second!.x - first!.x, second!.y - first!.y];
    const end = Math.abs(dx) > Math.abs(dy) ? (dx > 0 ? "on the right" : "on the left") : dy > 0 ? "at the bottom" : "at the top"; // prettier-ignore
    expect(textsOf(draft).at(-1)).toContain(end);
  }
});
