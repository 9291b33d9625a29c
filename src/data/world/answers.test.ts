import { describe, expect, test } from "vitest";
import { answersEqual, normaliseAnswer } from "./answers.ts";

describe("equal", () => {
  test.each([
    ["Three.", "3"],
    ["Three.", "There are three apples."],
    ["Yes.", "yes, there is a cat"],
    ["A red apple.", "red apple"],
    ["On the left.", "left"],
    ["Gray.", "It is gray."],
    ["A.", "A"],
    ["Zero.", "0"],
    ["In the top left.", "top left"],
  ])("%s = %s", (expected, given) => {
    expect(answersEqual(expected, given)).toBe(true);
  });
});

describe("different", () => {
  test.each([
    ["Yes.", "No."],
    ["Three.", "Four."],
    ["A red apple.", "A green apple."],
    ["Red.", ""],
    ["Left.", "Top left."],
    ["No.", "Nothing."],
    ["Two cats.", "Two."],
    ["A.", "B."],
  ])("%s ≠ %s", (expected, given) => {
    expect(answersEqual(expected, given)).toBe(false);
  });
});

test("one normal form", () => {
  expect(normaliseAnswer("There are 3 apples!")).toBe("three apples");
});
