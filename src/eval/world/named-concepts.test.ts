import { expect, test } from "vitest";
import { CONCEPTS } from "../../data/world/concepts.ts";
import { many, one } from "../../data/world/grammar.ts";
import { conceptsNamedIn } from "./named-concepts.ts";

test("every concept is found in its own phrases, alone", () => {
  for (const concept of CONCEPTS)
    for (const phrase of [one(concept), many(concept), ...concept.synonyms, one(concept, "big red")])
      expect([...conceptsNamedIn(`It is ${phrase}.`)], phrase).toEqual([concept.name]);
});

test("the longest name counts, and words within words do not", () => {
  expect([...conceptsNamedIn("A palm tree beside a hot dog")]).toEqual(["palm tree", "hot dog"]);
  expect([...conceptsNamedIn("Carry the education, catalogue!")]).toEqual([]);
});
