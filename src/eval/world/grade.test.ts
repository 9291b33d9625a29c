import { expect, test } from "vitest";
import { grade, gradeTruth, relationsOf, type Answer } from "./grade.ts";
import type { Expectation, Fact } from "./item.ts";
import type { Detection } from "./judge.ts";
import type { View } from "./view.ts";

const box = (x: number, y: number, size = 20) => ({ x, y, width: size, height: size });

function seen(concept: string, x = 0, y = 0, more: Partial<Detection> = {}): Detection {
  return { concept, style: "noto", score: 0.9, colour: "red", box: box(x, y), ...more };
}

const view = (...detections: Detection[]): View => ({
  width: 96,
  height: 96,
  background: "white",
  detections,
  leastScore: 0.8,
});
const drawn = (...detections: Detection[]): Answer => ({
  text: "Here it is.",
  drew: true,
  stopped: true,
  views: [view(...detections)],
});
const said = (text: string): Answer => ({ text, drew: false, stopped: true, views: [] });
const right = (expected: Expectation, answer: Answer) => grade(expected, answer).right;

test("GenEval's relations: half boxes' tenth apart, within 60 degrees of the axis, up to two at once", () => {
  expect([...relationsOf(box(0, 0), box(40, 0))]).toEqual(["left"]);
  expect([...relationsOf(box(40, 3), box(0, 0))]).toEqual(["right"]);
  expect([...relationsOf(box(0, 0), box(0, 40))]).toEqual(["above"]);
  expect([...relationsOf(box(5, 40), box(0, 0))]).toEqual(["below"]);
  expect([...relationsOf(box(40, 40), box(0, 0))]).toEqual(["right", "below"]);
  // Centres 4 apart are not clear of a tenth of 20 + 20.
  expect([...relationsOf(box(0, 0), box(4, 0))]).toEqual([]);
});

test("object and colour: one that is right is enough, one that hardly matches is none", () => {
  const apple = { type: "object", concept: "apple" } as const;
  expect(right(apple, drawn(seen("cat"), seen("apple", 40)))).toBe(true);
  expect(right(apple, drawn(seen("cat")))).toBe(false);
  expect(right(apple, drawn(seen("apple", 0, 0, { score: 0.5 })))).toBe(false);
  expect(right(apple, said("apple"))).toBe(false);
  const green = { type: "colour", concept: "apple", colour: "green" } as const;
  expect(right(green, drawn(seen("apple"), seen("apple", 40, 0, { colour: "green" })))).toBe(true);
  expect(right(green, drawn(seen("apple"), seen("cat", 40, 0, { colour: "green" })))).toBe(false);
});

test("counts are exact, other things do not matter", () => {
  const two = { type: "count", concept: "apple", count: 2 } as const;
  expect(right(two, drawn(seen("apple"), seen("apple", 40), seen("cat", 40, 40)))).toBe(true);
  expect(right(two, drawn(seen("apple")))).toBe(false);
  expect(right(two, drawn(seen("apple"), seen("apple", 40), seen("apple", 40, 40)))).toBe(false);
});

test("a relation holds of every one from every other one", () => {
  const left = { type: "relation", concept: "apple", relation: "left", other: "cat" } as const;
  expect(right(left, drawn(seen("apple"), seen("cat", 50)))).toBe(true);
  expect(right(left, drawn(seen("cat"), seen("apple", 50)))).toBe(false);
  expect(right(left, drawn(seen("apple")))).toBe(false);
  expect(right(left, drawn(seen("apple"), seen("cat", 50), seen("apple", 70, 70)))).toBe(false);
});

test("names: the concept in any words for it and no other one", () => {
  const car = { type: "name", concept: "car" } as const;
  for (const text of ["A car.", "It is a red automobile", "Cars"]) expect(right(car, said(text))).toBe(true);
  for (const text of ["", "A cat.", "A car and a cat.", "A carrot."]) expect(right(car, said(text))).toBe(false);
});

test("drawing when asked, and only then", () => {
  expect(right({ type: "picture" }, { text: "", drew: true, stopped: false, views: [] })).toBe(true);
  expect(right({ type: "picture" }, said("Here is a cat."))).toBe(false);
  expect(right({ type: "text" }, said("Two."))).toBe(true);
  expect(right({ type: "text" }, said(" "))).toBe(false);
  expect(right({ type: "text" }, { text: "Two.", drew: true, stopped: false, views: [] })).toBe(false);
});

test("two objects and attribute binding: all of the facts in one picture", () => {
  const both: Fact = {
    type: "all",
    facts: [
      { type: "colour", concept: "apple", colour: "green" },
      { type: "colour", concept: "cat", colour: "blue" },
    ],
  };
  const [apple, cat] = [seen("apple", 0, 0, { colour: "green" }), seen("cat", 50, 0, { colour: "blue" })];
  expect(right(both, drawn(apple, cat))).toBe(true);
  expect(right(both, drawn(apple))).toBe(false);
  // The colours exchanged: what attribute binding is about.
  expect(right(both, drawn({ ...apple, colour: "blue" }, { ...cat, colour: "green" }))).toBe(false);
});

test("the colour of the largest thing is an aspect of its own", () => {
  const green = { type: "colour", concept: "apple", colour: "green" } as const;
  expect(grade(green, drawn(seen("cat", 0, 0, { colour: "green" })))).toEqual({
    right: false,
    aspects: { "colour alone": true },
  });
  expect(grade(green, said("Green.")).aspects).toEqual({ "colour alone": false });
});

test("answers: the same words, numbers and letters; the judge answers by what it sees", () => {
  const asked = (answer: string, fact: Fact, holds = true) => ({ type: "answer", answer, fact, holds }) as const;
  const apple: Fact = { type: "object", concept: "apple" };
  expect(right(asked("yes", apple), said("Yes, there is."))).toBe(true);
  expect(right(asked("yes", apple), said("No."))).toBe(false);
  expect(right(asked("yes", apple), drawn())).toBe(false);
  expect(right(asked("three", { type: "count", concept: "apple", count: 3 }), said("There are 3."))).toBe(true);
  expect(right(asked("B", apple), said("B."))).toBe(true);
  expect(right(asked("B", apple), said("A."))).toBe(false);
  expect(gradeTruth(asked("yes", apple), [view(seen("apple"))]).right).toBe(true);
  expect(gradeTruth(asked("no", apple, false), [view(seen("apple"))]).right).toBe(false);
  expect(gradeTruth(asked("no", apple, false), [view(seen("cat"))]).right).toBe(true);
  expect(gradeTruth({ type: "name", concept: "apple" }, [view(seen("apple"))]).right).toBe(true);
});

test("one picture and then the end", () => {
  const one = { type: "one-picture" } as const;
  expect(right(one, drawn())).toBe(true);
  expect(right(one, { ...drawn(), stopped: false })).toBe(false);
  expect(right(one, { ...drawn(), views: [view(), view()] })).toBe(false);
  expect(right(one, said("Here it is."))).toBe(false);
});
