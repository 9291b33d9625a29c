import { beforeAll, describe, expect, test } from "vitest";
import {
  CURATED_CONCEPTS,
  splitOfColour,
  splitOfConcept,
  splitOfPair,
  splitOfRelation,
} from "../../data/world/splits.ts";
import { SpriteBank } from "../../data/world/sprite-bank.ts";
import { OPPOSITE } from "../../data/world/grammar.ts";
import { SUITES, type EvaluationItem, type Suite } from "./item.ts";
import type { SuiteWorld } from "./suite-world.ts";
import { itemsOf, parseSuites } from "./suites.ts";

let world: SuiteWorld;
const lists = new Map<Suite, EvaluationItem[]>();
beforeAll(async () => {
  world = { bank: await SpriteBank.open(), concepts: "all", imageSize: 64 };
  for (const suite of SUITES) lists.set(suite, itemsOf(suite, world));
});

const textOf = ({ prompt }: EvaluationItem): string =>
  prompt.map((piece) => (piece.type === "text" ? piece.text : "@")).join(" ");
const groupsOf = (suite: Suite) => Map.groupBy(lists.get(suite)!, ({ group }) => group);

describe.each(SUITES)("%s", (suite) => {
  test("is the same every time, whole or in part, and asks nothing twice", () => {
    const items = lists.get(suite)!;
    expect(items.length).toBeGreaterThanOrEqual(60);
    expect(itemsOf(suite, world, 7)).toEqual(items.slice(0, 7));
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    expect(new Set(items.map(({ prompt }) => JSON.stringify(prompt))).size).toBe(items.length);
    expect(new Set(items.map(({ seed }) => seed)).size).toBe(items.length);
  });

  test("mixes its groups, so that a part is a fair sample", () => {
    const items = lists.get(suite)!;
    const first = new Set(items.slice(0, Math.ceil(items.length / 2)).map(({ group }) => group));
    expect(first).toEqual(new Set(items.map(({ group }) => group)));
  });
});

test("single: every curated concept in the plainest words and in held-out ones", () => {
  const groups = groupsOf("single");
  const asked = groups.get("curated")!.map(({ expected }) => expected.type === "object" && expected.concept);
  expect(new Set(asked)).toEqual(CURATED_CONCEPTS);
  for (const item of groups.get("curated")!) expect(textOf(item)).toMatch(/^Draw (an?) .*\.$/);
  expect(groups.get("heldout-template")!.length).toBe(2 * CURATED_CONCEPTS.size);
  for (const item of groups.get("heldout-template")!) expect(textOf(item)).not.toMatch(/^Draw /);
  for (const { expected } of lists.get("single")!)
    expect(expected.type === "object" && splitOfConcept(expected.concept)).toBe("train");
});

test("colour: what is held out is apart from what training showed", () => {
  for (const item of lists.get("colour")!) {
    if (item.expected.type !== "colour") throw new Error(item.id);
    const { concept, colour } = item.expected;
    expect(item.group).toBe(splitOfColour(concept, colour));
    expect(textOf(item)).toContain(`${colour} ${concept.split(" ")[0]}`);
    expect(item.truth!.objects).toMatchObject([{ concept, colour }]);
    expect(item.truth!.background).not.toBe(colour);
  }
  expect([...groupsOf("colour").keys()].sort()).toEqual(["heldout-colour", "train"]);
});

test("relation: pairs and relations that are held out are apart, and truths show the relation", () => {
  for (const { group, expected, truth } of lists.get("relation")!) {
    if (expected.type !== "relation") throw new Error(group);
    const { concept, relation, other } = expected;
    const splits = [
      splitOfPair(concept, other),
      splitOfRelation(concept, relation),
      splitOfRelation(other, OPPOSITE[relation]),
    ].filter((split) => split !== "train");
    expect([...new Set(splits)]).toEqual(group === "train" ? [] : [group]);
    const [a, b] = truth!.objects;
    const [along, against] = relation === "left" || relation === "right" ? [a!.x, b!.x] : [a!.y, b!.y];
    expect(along < against).toBe(relation === "left" || relation === "above");
  }
  for (const members of groupsOf("relation").values()) expect(members.length).toBe(30);
});

test("counting: two to six, drawn as many times", () => {
  for (const { expected, truth } of lists.get("counting")!)
    expect(expected.type === "count" && expected.count).toBe(truth!.objects.length);
  expect([...groupsOf("counting").keys()].sort()).toEqual(["2", "3", "4", "5", "6"]);
});

test("naming and questions show pictures; what is to be named is alone on them", () => {
  for (const { prompt, expected, truth } of lists.get("naming")!) {
    expect(prompt.map(({ type }) => type)).toEqual(["scene", "text"]);
    expect(truth!.objects.map(({ concept }) => concept)).toEqual([expected.type === "name" && expected.concept]);
  }
  for (const { prompt } of lists.get("does-not-draw-when-questioned")!) expect(prompt[0]!.type).toBe("scene");
  for (const item of lists.get("draws-when-asked")!) expect(textOf(item)).toMatch(/\w/);
});

test("the smaller vocabulary asks for less", () => {
  const concepts = itemsOf("single", { ...world, concepts: "curated" }).map(
    ({ expected }) => expected.type === "object" && expected.concept,
  );
  expect(new Set(concepts).size).toBe(42);
});

test("suites are chosen by name", () => {
  expect(parseSuites("colour, single,colour")).toEqual(["single", "colour"]);
  expect(() => parseSuites("single,singel")).toThrow("--suite: expected names among single, colour, relation");
});
