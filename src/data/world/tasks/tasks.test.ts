import { describe, expect, test } from "vitest";
import { conceptNamed, CONCEPTS } from "../concepts.ts";
import { scenesOf, textsOf, type SampleDraft } from "../draft.ts";
import { DraftStream } from "../draft-stream.ts";
import { many, numberWord, OPPOSITE, RELATION_PHRASES, type Relation } from "../grammar.ts";
import type { Family } from "../mixture.ts";
import { WORDS_ONLY } from "../palette.ts";
import type { Scene, SceneObject } from "../scene.ts";
import { splitOfRelation } from "../splits.ts";

function take(family: Family, count: number): SampleDraft[] {
  const stream = new DraftStream({ seed: 11, families: { [family]: 1 } }, WORDS_ONLY);
  return Array.from({ length: count }, (_, index) => stream.draft(index));
}

/** Question and answer pairs of a draft, in lower case without the last mark. */
function exchanges(draft: SampleDraft): [question: string, answer: string][] {
  const texts = textsOf(draft).map((text) => text.toLowerCase().replace(/[.?!]$/, ""));
  return texts.flatMap((text, i) => (i % 2 === 0 ? [[text, texts[i + 1]!] as [string, string]] : []));
}

const nameOf = new Map(
  CONCEPTS.flatMap((concept) => [
    [concept.name.toLowerCase(), concept.name] as const,
    [many(concept).toLowerCase(), concept.name] as const,
  ]),
);
function isNamed(concept: string, words: string): boolean {
  const { name, plural } = conceptNamed(concept);
  return [name, plural].some((noun) => words.toLowerCase().includes(noun.toLowerCase()));
}
const withName = (scene: Scene, words: string): SceneObject[] => {
  const concept = nameOf.get(words);
  expect(concept, words).toBeDefined();
  return scene.objects.filter((object) => object.concept === concept);
};

describe("questions, checked against their scenes", () => {
  const drafts = [...take("question", 4000), ...take("quiz", 400)];

  /** Runs `check` on every exchange that matches; fails when there are fewer than `least`. */
  function matching(
    pattern: RegExp,
    least: number,
    check: (scene: Scene, words: string[], answer: string) => void,
  ): void {
    let seen = 0;
    for (const draft of drafts) {
      for (const [question, answer] of exchanges(draft)) {
        const match = pattern.exec(question);
        if (match === null) continue;
        seen++;
        check(scenesOf(draft)[0]!, match.slice(1), answer);
      }
    }
    expect(seen).toBeGreaterThanOrEqual(least);
  }

  test("relations that are held out for a concept are never asked about", () => {
    const phrases = Object.entries(RELATION_PHRASES).flatMap(([relation, words]) =>
      words.map((phrase) => [phrase, relation as Relation] as const),
    );
    const relationOf = new Map(phrases);
    const asked = new RegExp(
      `\\bthe (.+?) (?:is |are )?(${[...relationOf.keys()].join("|")}) the (.+?)(?: in the picture|, (?:right|correct|is that so)|\\? please .+|[.:] ?(?:is that right|yes or no|true|am i right|is it so))?$`,
    );
    let seen = 0;
    for (const draft of drafts.filter(({ task }) => task === "question.position")) {
      for (const [question, answer] of exchanges(draft)) {
        const [, first, words, second] = asked.exec(question) ?? [];
        if (!/^(yes|no)$/.test(answer) || !nameOf.has(first!) || !nameOf.has(second!)) continue;
        const relation = relationOf.get(words!)!;
        seen++;
        expect(splitOfRelation(nameOf.get(first!)!, relation), question).toBe("train");
        expect(splitOfRelation(nameOf.get(second!)!, OPPOSITE[relation]), question).toBe("train");
      }
    }
    expect(seen).toBeGreaterThan(100);
  });

  const colourWord = new RegExp(`^(?:a |an )?(${WORDS_ONLY.colours.join("|")}) `);

  test("how many", () => {
    matching(/^how many (.+) are there$/, 20, (scene, [words], answer) => {
      const category = { animals: "animal", vehicles: "vehicle", plants: "plant", buildings: "building", "musical instruments": "music" }[words!]; // prettier-ignore
      const plain = words!.replace(colourWord, "");
      const found =
        words === "objects"
          ? scene.objects
          : category !== undefined
            ? scene.objects.filter((object) => conceptNamed(object.concept).category === category)
            : plain.includes(" of ") && !nameOf.has(plain)
              ? null
              : withName(scene, plain);
      if (found !== null) expect(answer).toBe(numberWord(found.length));
    });
  });

  test("is there", () => {
    let yes = 0;
    let no = 0;
    matching(/^is there (?:a|an) (.+?)(?: in the picture| in the image)?$/, 60, (scene, [words], answer) => {
      const colour = colourWord.exec(words!)?.[1];
      const name = words!.replace(colourWord, "");
      if (!nameOf.has(name)) return;
      const found = withName(scene, name).filter(
        (object) => colour === undefined || (object.colour ?? conceptNamed(object.concept).naturalColour) === colour,
      );
      expect(answer).toBe(found.length > 0 ? "yes" : "no");
      if (found.length > 0) yes++;
      else no++;
    });
    expect(Math.min(yes, no) / (yes + no)).toBeGreaterThan(0.3);
  });

  test("what colour", () => {
    matching(/^what colou?r (?:is|are) the (.+)$/, 30, (scene, [words], answer) => {
      if (words === "background") return;
      if (!nameOf.has(words!)) return;
      for (const object of withName(scene, words!)) {
        expect(object.colour ?? conceptNamed(object.concept).naturalColour).toBe(answer);
      }
    });
  });

  test("left, right, above and below", () => {
    const relations = "to the left of|left of|to the right of|right of|above|below|over|under|beneath";
    matching(
      new RegExp(`^(?:is|are) the (.+?) (${relations}) the (.+)$`),
      30,
      (scene, [first, relation, second], answer) => {
        const centre = (words: string, axis: "x" | "y"): number => {
          const found = withName(scene, words);
          return found.reduce((sum, object) => sum + object[axis], 0) / found.length;
        };
        if (!nameOf.has(first!) || !nameOf.has(second!)) return;
        const axis = /left|right/.test(relation!) ? "x" : "y";
        const before = centre(first!, axis) < centre(second!, axis);
        expect(answer).toBe(before === /left|above|over/.test(relation!) ? "yes" : "no");
      },
    );
  });

  test("multiple choice: the letter stands before what is shown", () => {
    matching(/\na\. (.+)\nb\. (.+)\nc\. (.+)\nd\. (.+)$/s, 30, (scene, options, answer) => {
      const concept = conceptNamed(scene.objects[0]!.concept);
      const right = options["abcd".indexOf(answer)]!;
      expect(right.endsWith(concept.name.toLowerCase())).toBe(true);
      expect(new Set(options).size).toBe(4);
    });
  });

  test("background and style", () => {
    matching(/^what is the background$/, 2, (scene, _, answer) => expect(answer).toBe(scene.background));
    matching(/^is this picture from (.+)$/, 5, (scene, [style], answer) => {
      const shown = { noto: "noto", "classic noto": "noto-v1", twemoji: "twemoji", fluent: "fluent-flat" }[style!];
      expect(answer).toBe(scene.objects[0]!.style === shown ? "yes" : "no");
    });
  });
});

describe("captions", () => {
  test("name what is there, with its count and colour", () => {
    for (const draft of take("caption-scene", 400)) {
      const answer = textsOf(draft).at(-1)!.toLowerCase();
      const [scene] = scenesOf(draft);
      for (const object of scene!.objects) {
        const count = scene!.objects.filter((other) => other.concept === object.concept).length;
        const concept = conceptNamed(object.concept);
        if (count > 1) expect(answer).toContain(numberWord(count));
        else expect(answer).toContain(concept.name.toLowerCase());
        if (object.colour !== null) expect(answer).toContain(object.colour);
      }
      if (answer.includes("background")) expect(answer).toContain(`${scene!.background} background`);
    }
  });
});

describe("edits change what they say and nothing else", () => {
  const drafts = [...take("edit", 1500), ...take("conversation", 1500)];
  /** Scene before, last text before the picture, and scene after, for every drawn picture that follows another one. */
  const changes = drafts.flatMap((draft) => {
    const found: { items: SampleDraft["items"]; before: Scene; words: string; after: Scene }[] = [];
    let before: Scene | null = null;
    let words = "";
    for (const item of draft.items) {
      if (item.type === "text") words = item.text.toLowerCase();
      else {
        if (before !== null && item.loss && draft.kind === "edit") {
          found.push({ items: draft.items, before, words, after: item.scene });
        }
        before = item.scene;
      }
    }
    return found;
  });

  const differing = (a: SceneObject, b: SceneObject): string[] =>
    (Object.keys({ ...a, ...b }) as (keyof SceneObject)[]).filter((key) => a[key] !== b[key]);

  test("recolouring: only the colour of one kind of object", () => {
    const recoloured = changes.flatMap((change) => {
      const match = /^now .*(?:is|are) (\w+)\.$/.exec(change.words);
      return match !== null && WORDS_ONLY.colours.includes(match[1]!) && !change.words.includes("background")
        ? [{ ...change, colour: match[1]! }]
        : [];
    });
    expect(recoloured.length).toBeGreaterThan(300);
    for (const { before, after, colour } of recoloured) {
      expect(after.background).toBe(before.background);
      const touched = after.objects.filter((object, i) => differing(before.objects[i]!, object).length > 0);
      expect(touched.length).toBeGreaterThan(0);
      for (const [i, object] of after.objects.entries()) {
        const difference = differing(before.objects[i]!, object);
        if (difference.length > 0) expect(difference).toEqual(["colour"]);
      }
      expect(new Set(touched.map((object) => object.concept)).size).toBe(1);
      for (const object of touched) expect(object.colour).toBe(colour);
    }
  });

  test("background: every object stays", () => {
    const changed = changes.filter((change) => change.words.startsWith("now the background is"));
    expect(changed.length).toBeGreaterThan(100);
    for (const { before, after, words } of changed) {
      expect(after.objects).toEqual(before.objects);
      expect(words).toBe(`now the background is ${after.background}.`);
      expect(after.background).not.toBe(before.background);
    }
  });

  /** The changes of edits that are of that kind. */
  const first = (task: string) =>
    drafts.filter((draft) => draft.task === task).map((draft) => changes.find(({ items }) => items === draft.items)!);

  test("where other things are there or in other places, what the new picture shows is told before", () => {
    const structural = ["replace", "add", "add-one", "remove", "remove-one", "move", "swap"].flatMap((name) =>
      first(`edit.${name}`),
    );
    expect(structural.length).toBeGreaterThan(300);
    for (const { words, after } of structural) {
      expect(words).toMatch(/^here (is|are) /);
      for (const { concept, colour } of after.objects) {
        expect(isNamed(concept, words), `${words} ${concept}`).toBe(true);
        if (colour !== null) expect(words).toContain(colour);
      }
    }
  });

  test("removal: the others stay where they are", () => {
    const removed = first("edit.remove");
    expect(removed.length).toBeGreaterThan(30);
    for (const { before, after } of removed) {
      expect(after.objects.length).toBeLessThan(before.objects.length);
      for (const object of after.objects) expect(before.objects).toContainEqual(object);
    }
  });

  test("one more and one less", () => {
    for (const [task, by] of [
      ["edit.add-one", 1],
      ["edit.remove-one", -1],
    ] as const) {
      const counted = first(task);
      expect(counted.length).toBeGreaterThan(15);
      for (const { before, after, words } of counted) {
        expect(after.objects.length - before.objects.length).toBe(by);
        if (after.objects.length > 1) expect(words).toContain(`here are ${numberWord(after.objects.length)} `);
      }
    }
  });

  test("every picture differs from the one before it", () => {
    for (const { before, after, words } of changes) expect(after, words).not.toEqual(before);
  });
});

test('"Draw a red apple. Then make it green." is a kind of its own: words, picture, words, picture', () => {
  const stream = new DraftStream(
    { seed: 3, families: { conversation: 1 }, concepts: ["apple", "cat", "dog", "car", "horse", "book"] },
    WORDS_ONLY,
  );
  const drafts = Array.from({ length: 8000 }, (_, index) => stream.draft(index));
  const found = drafts.filter((draft) => /^Draw a red apple[.,] [Tt]hen make it green\.$/.test(textsOf(draft)[0]!));
  expect(found.length).toBeGreaterThan(0);
  for (const { items } of found) {
    expect(items.map((item) => [item.type, item.loss])).toEqual([
      ["text", false],
      ["text", true],
      ["scene", true],
      ["text", true],
      ["scene", true],
    ]);
    expect(items[1]).toMatchObject({ text: "Here is a red apple." });
    expect(items[2]).toMatchObject({ scene: { objects: [{ concept: "apple", colour: null }] } });
    expect(items[3]).toMatchObject({ text: "Now it is green." });
    expect(items[4]).toMatchObject({ scene: { objects: [{ concept: "apple", colour: "green" }] } });
  }
});

describe("sequences", () => {
  const drafts = take("sequence", 800);

  test("as many pictures as the request says, each after its sentence", () => {
    for (const draft of drafts.filter((item) => item.task.startsWith("story"))) {
      const drawn = draft.items.slice(1);
      expect(textsOf(draft)[0]!.toLowerCase()).toContain(numberWord(drawn.length / 2));
      for (const [i, item] of drawn.entries()) expect(item.type).toBe(i % 2 === 0 ? "text" : "scene");
    }
  });

  test("motion is uniform, also into the frame to predict", () => {
    const moving = drafts.filter((draft) => draft.task.endsWith(".move"));
    expect(moving.length).toBeGreaterThan(100);
    for (const draft of moving) {
      const ways = scenesOf(draft).map(({ objects: [object] }) => object!.x + 2 * object!.y);
      const steps = ways.slice(1).map((way, i) => way - ways[i]!);
      for (const step of steps) expect(step).toBeCloseTo(steps[0]!, 9);
      expect(Math.abs(steps[0]!)).toBeGreaterThan(0.1);
    }
  });

  test("what is drawn lies on the grid, what is shown anywhere", () => {
    const stream = new DraftStream({ seed: 12, grid: 8, families: { sequence: 1, edit: 1 } }, WORDS_ONLY);
    const isOnGrid = ({ objects }: Scene) =>
      objects.every(({ x, y }) => [x, y].every((at) => Math.abs((at * 12) % 1) < 1e-9 || Math.abs((at * 12) % 1) > 1 - 1e-9)); // prettier-ignore
    let shownOffGrid = 0;
    for (let index = 0; index < 400; index++) {
      const { task, items } = stream.draft(index);
      for (const item of items) {
        if (item.type !== "scene") continue;
        if (item.loss && /^(next|story|edit\.(move|resize)$)/.test(task)) expect(isOnGrid(item.scene), task).toBe(true);
        if (!item.loss && !isOnGrid(item.scene)) shownOffGrid++;
      }
    }
    expect(shownOffGrid).toBeGreaterThan(100);
  });

  test("the next frame is announced", () => {
    const next = drafts.filter((draft) => draft.task.startsWith("next"));
    expect(next.length).toBeGreaterThan(100);
    for (const draft of next) {
      const answer = textsOf(draft).at(-1)!;
      const { objects } = scenesOf(draft).at(-1)!;
      expect(answer).toMatch(/^Here (is|are) .+\.$/);
      for (const { concept } of objects) expect(isNamed(concept, answer), answer).toBe(true);
    }
  });

  test("counting goes by one", () => {
    for (const draft of drafts.filter((item) => item.task.endsWith(".count"))) {
      const counts = scenesOf(draft).map((scene) => scene.objects.length);
      const steps = counts.slice(1).map((count, i) => count - counts[i]!);
      expect(new Set(steps).size).toBe(1);
      expect(Math.abs(steps[0]!)).toBe(1);
    }
  });
});

test("groups change one property and keep the rest", () => {
  for (const draft of take("group", 400).filter((item) => item.task === "group.colours")) {
    const scenes = draft.items.flatMap((item) => (item.type === "scene" && item.loss ? [item.scene] : []));
    expect(scenes.length).toBeGreaterThanOrEqual(2);
    const plain = scenes.map((scene) => ({
      ...scene,
      objects: scene.objects.map((object) => ({ ...object, colour: "" })),
    }));
    for (const scene of plain) expect(scene).toEqual(plain[0]);
    expect(new Set(scenes.map((scene) => scene.objects[0]!.colour)).size).toBe(scenes.length);
  }
});
