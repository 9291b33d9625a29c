import { describe, expect, test } from "vitest";
import { conceptNamed } from "./concepts.ts";
import * as grammar from "./grammar.ts";

const apple = conceptNamed("apple");
const scissors = conceptNamed("scissors");
// Irregular, whatever the concept table holds.
const mouse: grammar.Noun = { name: "mouse", plural: "mice", article: "a", pluralVerb: false };
const grapes = conceptNamed("grapes");

describe("noun phrases", () => {
  test("the article follows the next word", () => {
    expect(grammar.one(apple)).toBe("an apple");
    expect(grammar.one(apple, "red")).toBe("a red apple");
    expect(grammar.one(mouse, "orange")).toBe("an orange mouse");
    expect(grammar.one(conceptNamed("unicorn"))).toBe("a unicorn");
    expect(grammar.one(conceptNamed("umbrella"))).toBe("an umbrella");
    expect(["hour", "UFO", "one", "eggplant", "house"].map(grammar.indefiniteArticle)).toEqual(["an", "a", "a", "an", "a"]); // prettier-ignore
  });

  test("plurals, irregular ones and pairs", () => {
    expect(grammar.many(mouse, "blue")).toBe("blue mice");
    expect(grammar.one(scissors, "red")).toBe("a pair of red scissors");
    expect(grammar.many(scissors, "red")).toBe("pairs of red scissors");
    expect(grammar.many(grapes)).toBe("bunches of grapes");
    expect(grammar.the(scissors)).toBe("the scissors");
    expect(grammar.the(scissors, "", 2)).toBe("the pairs of scissors");
    expect(grammar.the(apple, "green", 3)).toBe("the green apples");
  });

  test("verbs and pronouns agree", () => {
    expect([grammar.verb(apple), grammar.verb(apple, 2), grammar.verb(scissors)]).toEqual(["is", "are", "are"]);
    expect([grammar.pronoun(apple), grammar.pronoun(grapes)]).toEqual(["it", "them"]);
  });

  test("counts in words and digits", () => {
    expect(grammar.counted(1, apple)).toBe("an apple");
    expect(grammar.counted(3, apple, "red")).toBe("three red apples");
    expect(grammar.counted(3, apple, "", true)).toBe("3 apples");
    expect(["twelve", "12", "Two", "x"].map(grammar.parseNumber)).toEqual([12, 12, 2, null]);
    expect(grammar.numberWord(40)).toBe("40");
  });
});

test("lists", () => {
  expect(grammar.list(["a cat"])).toBe("a cat");
  expect(grammar.list(["a cat", "a dog", "an owl"])).toBe("a cat, a dog and an owl");
  expect(grammar.list(["red", "blue"], "or")).toBe("red or blue");
});

test("sentences and the way people type", () => {
  expect(grammar.sentence("an apple")).toBe("An apple.");
  expect(grammar.sentence("why?")).toBe("Why?");
  expect(grammar.casual("Draw a TV, please.")).toBe("draw a tv, please");
});

test("templates take words and capitalised words", () => {
  expect(grammar.fill("{X}, then {x}", { x: "a cat" })).toBe("A cat, then a cat");
  expect(() => grammar.fill("{y}", { x: "a" })).toThrow(/no words for \{y\}/);
});
