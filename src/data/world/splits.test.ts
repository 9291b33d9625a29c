import { describe, expect, test } from "vitest";
import { CONCEPTS } from "./concepts.ts";
import { RELATIONS } from "./grammar.ts";
import * as splits from "./splits.ts";
import { TRAIN_STYLES } from "./styles.ts";

const names = CONCEPTS.map((concept) => concept.name);
const colours = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray"];

/** Share of the cells that are not "train". */
function share(found: readonly string[]): number {
  return found.filter((split) => split !== "train").length / found.length;
}

describe("proportions", () => {
  test("pairs, colours and relations 10%, styles 5%", () => {
    const pairs = names.flatMap((a, i) => names.slice(i + 1).map((b) => splits.splitOfPair(a, b)));
    expect(share(pairs)).toBeCloseTo(0.1, 1.5);
    const coloured = names.flatMap((name) => colours.map((colour) => splits.splitOfColour(name, colour)));
    expect(share(coloured)).toBeCloseTo(0.1, 1.5);
    const related = names.flatMap((name) => RELATIONS.map((relation) => splits.splitOfRelation(name, relation)));
    expect(share(related)).toBeGreaterThan(0.07);
    expect(share(related)).toBeLessThan(0.13);
    const cells = names.flatMap((name) => TRAIN_STYLES.map((style) => splits.splitOfStyle(name, style)));
    expect(share(cells)).toBeGreaterThan(0.03);
    expect(share(cells)).toBeLessThan(0.07);
  });

  test("about ten concepts, none of them curated", () => {
    const heldOut = names.filter((name) => splits.splitOfConcept(name) !== "train");
    expect(heldOut.length).toBeGreaterThanOrEqual(6);
    expect(heldOut.length).toBeLessThanOrEqual(16);
    expect(heldOut.filter((name) => splits.CURATED_CONCEPTS.has(name))).toEqual([]);
  });

  test("every part of a held-out combination is seen elsewhere", () => {
    for (const name of names) {
      expect(colours.some((colour) => splits.splitOfColour(name, colour) === "train")).toBe(true);
      expect(TRAIN_STYLES.some((style) => splits.splitOfStyle(name, style) === "train")).toBe(true);
      expect(names.some((other) => other !== name && splits.splitOfPair(name, other) === "train")).toBe(true);
    }
  });
});

test("pinned: the splits that published models were trained with", () => {
  expect(splits.hashFraction("concept", "cat")).toBeCloseTo(0.7748011918738484, 9);
  for (const name of ["turtle", "chick", "castle", "camera"]) {
    expect(splits.splitOfConcept(name)).toBe("heldout-concept");
  }
  for (const name of ["dog", "lemon", "house", "apple"]) expect(splits.splitOfConcept(name)).toBe("train");
  expect(splits.splitOfColour("apple", "green")).toBe("train");
  expect(splits.splitOfColour("apple", "blue")).toBe("heldout-colour");
  expect(splits.splitOfRelation("bird", "right")).toBe("heldout-relation");
  expect(splits.splitOfPair("cat", "dog")).toBe("train");
});

test("pairs have no order, and a concept beside itself is no combination", () => {
  for (const name of names) {
    expect(splits.splitOfPair(name, "cat")).toBe(splits.splitOfPair("cat", name));
    expect(splits.splitOfPair(name, name)).toBe("train");
  }
});

test("styles that are held out as a whole", () => {
  expect(splits.splitOfStyle("cat", "fxemoji")).toBe("heldout-style");
});

test("every curated concept is in the table", () => {
  expect([...splits.CURATED_CONCEPTS].filter((name) => !names.includes(name))).toEqual([]);
});

test("names of splits", () => {
  expect(splits.toSplit("heldout-pair")).toBe("heldout-pair");
  expect(() => splits.toSplit("test")).toThrow(/expected one of train, .* found "test"/);
});
