import { beforeAll, describe, expect, test } from "vitest";
import { conceptNamed } from "../../data/world/concepts.ts";
import {
  CURATED_CONCEPTS,
  splitOfColour,
  splitOfConcept,
  splitOfPair,
  splitOfRelation,
  splitOfStyle,
} from "../../data/world/splits.ts";
import { SpriteBank } from "../../data/world/sprite-bank.ts";
import { OPPOSITE } from "../../data/world/grammar.ts";
import { areDistinct } from "./grade-scenes.ts";
import { SUITES, type EvaluationItem, type Fact, type Suite } from "./item.ts";
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
    expect(item.truth[0]!.objects).toMatchObject([{ concept, colour }]);
    expect(item.truth[0]!.background).not.toBe(colour);
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
    const [a, b] = truth[0]!.objects;
    const [along, against] = relation === "left" || relation === "right" ? [a!.x, b!.x] : [a!.y, b!.y];
    expect(along < against).toBe(relation === "left" || relation === "above");
  }
  for (const members of groupsOf("relation").values()) expect(members.length).toBe(30);
});

test("counting: two to six, drawn as many times", () => {
  for (const { expected, truth } of lists.get("counting")!)
    expect(expected.type === "count" && expected.count).toBe(truth[0]!.objects.length);
  expect([...groupsOf("counting").keys()].sort()).toEqual(["2", "3", "4", "5", "6"]);
});

const facts = (expected: EvaluationItem["expected"]): readonly Fact[] =>
  expected.type === "all" ? expected.facts : [];

test("two objects and binding: what is asked is in the picture, colours with their things", () => {
  for (const { expected, truth, group } of lists.get("two")!) {
    const names = facts(expected).map((fact) => fact.type === "object" && fact.concept);
    expect(truth[0]!.objects.map(({ concept }) => concept)).toEqual(names);
    expect(splitOfPair(names[0] as string, names[1] as string)).toBe(group);
  }
  for (const item of lists.get("binding")!) {
    const objects = item.truth[0]!.objects;
    expect(facts(item.expected)).toEqual(objects.map(({ concept, colour }) => ({ type: "colour", concept, colour })));
    for (const { colour } of objects) expect(textOf(item)).toContain(` ${colour} `);
  }
});

test("POPE asks yes and no equally often in each part; co-occurring negatives are of a category that is there", () => {
  for (const [group, members] of groupsOf("pope")) {
    const yes = members.filter(({ expected }) => expected.type === "answer" && expected.answer === "yes");
    if (!group.startsWith("heldout")) expect([members.length, yes.length], group).toEqual([40, 20]);
    for (const { expected, truth } of members) {
      if (expected.type !== "answer" || expected.fact.type !== "object") throw new Error(group);
      const { concept } = expected.fact;
      const present = truth[0]!.objects.map((object) => object.concept);
      expect([expected.holds, expected.answer]).toEqual(present.includes(concept) ? [true, "yes"] : [false, "no"]);
      if (group === "co-occurring" && !expected.holds)
        expect(present.map((name) => conceptNamed(name).category)).toContain(conceptNamed(concept).category);
      if (group === "popular" && !expected.holds) expect(CURATED_CONCEPTS).toContain(concept);
    }
  }
});

test("MME asks two questions about each picture, one with yes and one with no, and they stay together", () => {
  const items = lists.get("mme")!;
  for (let i = 0; i < items.length; i += 2) {
    const [first, second] = [items[i]!, items[i + 1]!];
    expect(first.pair).not.toBeNull();
    expect(second.pair).toBe(first.pair);
    expect(second.truth).toEqual(first.truth);
    const answers = [first, second].map(({ expected }) => expected.type === "answer" && expected.answer);
    expect(answers.sort()).toEqual(["no", "yes"]);
  }
  expect([...groupsOf("mme").keys()].sort()).toEqual(["colour", "counting", "existence", "position"]);
});

test("what a question holds out is in its picture or words", () => {
  for (const { group, truth } of lists.get("pope")!) {
    const [scene] = truth;
    const splits = scene!.objects.map(({ concept, style }) => splitOfStyle(concept, style));
    if (group === "heldout-style" || group === "heldout-cell") expect(splits).toContain(group);
    if (group === "random") expect(new Set(splits)).toEqual(new Set(["train"]));
  }
});

test("positions are asked with yes and no equally often, and held-out relations are those that are asked about", () => {
  for (const [group, members] of groupsOf("vqa")) {
    if (!group.endsWith("position")) continue;
    const answers = Map.groupBy(members, ({ expected }) => expected.type === "answer" && expected.answer);
    expect(answers.get("yes")!.length, group).toBe(members.length / 2);
    expect(answers.get("no")!.length, group).toBe(members.length / 2);
    for (const { expected } of members) {
      if (expected.type !== "answer" || expected.fact.type !== "relation") throw new Error(group);
      const { concept, relation, other } = expected.fact;
      const splits = [splitOfRelation(concept, relation), splitOfRelation(other, OPPOSITE[relation])];
      expect(splits.includes("heldout-relation"), group).toBe(group === "heldout-relation position");
    }
  }
  expect(groupsOf("vqa").get("heldout-relation position")).toHaveLength(20);
});

test("multiple choice: the letter of the one option that is shown", () => {
  for (const item of lists.get("choice")!) {
    const { expected, truth } = item;
    const lines = textOf(item).split("\n");
    const right = lines.find((line) => expected.type === "answer" && line.startsWith(`${expected.answer}. `))!;
    expect(right).toContain(conceptNamed(truth[0]!.objects[0]!.concept).name);
    expect(lines.slice(-4).map((line) => line.slice(0, 2))).toEqual(["A.", "B.", "C.", "D."]);
  }
});

test("edits change something, and only what is asked", () => {
  for (const { group, expected, truth } of lists.get("edit")!) {
    if (expected.type !== "edit") throw new Error(group);
    const { before, after } = expected;
    expect(truth).toEqual([after]);
    // Handing the picture back must not be right.
    expect(areDistinct(before, after)).toBe(true);
    const counts = [before, after].map(({ objects }) => objects.length);
    if (group === "add" || group === "add-one") expect(counts[1]).toBe(counts[0]! + 1);
    if (group === "remove-one") expect(counts[1]).toBe(counts[0]! - 1);
    expect(after.background !== before.background).toBe(group === "background");
  }
});

test("series: groups and stories ask for several pictures, the next frame for one after those that are shown", () => {
  for (const suite of ["group", "story", "next"] as const) {
    for (const { expected, prompt, truth } of lists.get(suite)!) {
      if (expected.type !== "series") throw new Error(suite);
      expect(truth).toEqual(expected.scenes);
      const shown = prompt.flatMap((piece) => (piece.type === "scene" ? [piece.scene] : []));
      if (suite === "next") {
        expect(expected.scenes).toHaveLength(1);
        expect(expected.last).toEqual(shown.at(-1));
        expect(areDistinct(expected.last!, expected.scenes[0]!)).toBe(true);
      } else expect(expected.scenes.length).toBeGreaterThan(1);
    }
  }
});

test("naming and questions show pictures; what is to be named is alone on them", () => {
  for (const { prompt, expected, truth } of lists.get("naming")!) {
    expect(prompt.map(({ type }) => type)).toEqual(["scene", "text"]);
    expect(truth[0]!.objects.map(({ concept }) => concept)).toEqual([expected.type === "name" && expected.concept]);
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

test("a model of a few things in one style is asked about these alone, but for the held-out styles", () => {
  const concepts = ["apple", "bus", "car", "cat", "key"];
  const items = itemsOf("vqa", { ...world, concepts, styles: ["noto"], imageSize: 32 });
  const shown = (item: EvaluationItem) => item.prompt.flatMap((piece) => (piece.type === "scene" ? [piece.scene] : []));
  expect(items.flatMap(shown).every(({ width, height }) => width === 32 && height === 32)).toBe(true);
  const drawn = (ofHeldOut: boolean) =>
    items
      .filter(({ group }) => group.startsWith("heldout-style") === ofHeldOut)
      .flatMap((item) => shown(item).flatMap(({ objects }) => objects));
  expect(new Set(drawn(false).map(({ style }) => style))).toEqual(new Set(["noto"]));
  expect(drawn(true).map(({ style }) => style)).not.toContain("noto");
  expect(new Set(drawn(false).map(({ concept }) => concept))).toEqual(new Set(concepts));
});

test("suites are chosen by name", () => {
  expect(parseSuites("colour, single,colour")).toEqual(["single", "colour"]);
  expect(() => parseSuites("single,singel")).toThrow("--suite: expected names among single, two, counting");
});
