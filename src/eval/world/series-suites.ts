import { numberWord } from "../../data/world/grammar.ts";
import type { SampleDraft } from "../../data/world/draft.ts";
import type { Scene } from "../../data/world/scene.ts";
import { SPLITS, type Split } from "../../data/world/splits.ts";
import { styleNamed } from "../../data/world/styles.ts";
import { editRequest, startPicture } from "../../data/world/tasks/edit.ts";
import { editStep, type Operation } from "../../data/world/tasks/edit-steps.ts";
import { group } from "../../data/world/tasks/group.ts";
import { sequence } from "../../data/world/tasks/sequence.ts";
import { conceptNamed } from "../../data/world/concepts.ts";
import { draw, say, show } from "../../data/world/draft.ts";
import { areDistinct } from "./grade-scenes.ts";
import type { PromptPiece, Variation } from "./item.ts";
import { itemsOfSplit, sampledItems, type ItemDraft, type SuiteWorld } from "./suite-world.ts";

/**
 * Edits that the judge can see, and whether what they leave alone keeps its place. Turns and sizes it cannot see: templates
 * are upright, and a component's box depends on the drawing.
 */
const EDITS: readonly (readonly [Operation, boolean])[] = [
  ["recolour", true],
  ["replace", true],
  ["add", false],
  ["add-one", false],
  ["remove", true],
  ["remove-one", false],
  ["move", true],
  ["swap", true],
  ["background", true],
  ["style", true],
];
/** Items of each edit. */
const EDIT_ITEMS = 8;
const GROUP_ITEMS = 30;
const NEXT_ITEMS = 30;
const STORY_ITEMS = 30;
/** Items of each held-out split. */
const HELD_OUT_ITEMS = 10;
/** Splits that each task can show; a group is of one thing, and no course says where things stand. */
const GROUP_SPLITS = SPLITS.filter((split) => split !== "heldout-pair" && split !== "heldout-relation");
const COURSE_SPLITS = SPLITS.filter((split) => split !== "heldout-relation");

/** A picture and the request for a change: the asked change is to happen, and nothing else. */
export function editItems(suiteWorld: SuiteWorld): ItemDraft[] {
  return EDITS.flatMap(([operation, keepsPlaces]) => [
    ...edits(suiteWorld, operation, keepsPlaces, "train", EDIT_ITEMS, operation),
    ...(operation === "recolour" ? edits(suiteWorld, operation, true, "heldout-colour", HELD_OUT_ITEMS) : []),
    ...(operation === "add" ? edits(suiteWorld, operation, false, "heldout-pair", HELD_OUT_ITEMS) : []),
    ...(operation === "replace" ? edits(suiteWorld, operation, true, "heldout-template", HELD_OUT_ITEMS) : []),
  ]);
}

function edits(
  suiteWorld: SuiteWorld,
  operation: Operation,
  keepsPlaces: boolean,
  split: Split,
  count: number,
  label: string = split,
): ItemDraft[] {
  return itemsOfSplit(suiteWorld, `edit ${operation}`, split, count, (random, world) => {
    const start = startPicture(random, world);
    const step = editStep(random, world, start, operation);
    if (step === null) return null;
    const text = editRequest(random, world, step);
    const [before, after] = [start.scene, step.after.scene];
    if (!areDistinct(before, after)) return null;
    return {
      kind: "edit",
      task: `edit.${operation}`,
      items: [show(before), say(text), draw(after)],
      relations: step.relations,
      made: [
        {
          group: label,
          pair: null,
          prompt: [
            { type: "scene", scene: before },
            { type: "text", text },
          ],
          expected: { type: "edit", before, after, keepsPlaces },
          truth: [after],
        },
      ],
    };
  });
}

/** "Draw a car in red, green and blue.": the same thing several times, as far as the prompt says all that is to differ. */
export function groupItems(suiteWorld: SuiteWorld): ItemDraft[] {
  return ofSplits(GROUP_SPLITS, GROUP_ITEMS, (split, count) =>
    sampledItems(suiteWorld, "group", split, group, count, (draft, prompt, reply) => {
      const varies = GROUP_VARIATIONS[draft.task];
      const scenes = scenesOf(reply);
      if (varies === undefined || !scenes.every((scene) => isNamed(scene, varies, wordsOf(prompt)))) return null;
      return { group: split, pair: null, prompt, expected: { type: "series", scenes, places: false, varies, last: null }, truth: scenes }; // prettier-ignore
    }),
  );
}

/** The beginning of a course of pictures: what comes next. */
export function nextItems(suiteWorld: SuiteWorld): ItemDraft[] {
  return ofSplits(COURSE_SPLITS, NEXT_ITEMS, (split, count) =>
    sampledItems(suiteWorld, "next", split, sequence, count, (draft, prompt, reply) => {
      const course = COURSES[draft.task.replace("next.", "")];
      if (!draft.task.startsWith("next.") || course === undefined) return null;
      const scenes = scenesOf(reply);
      const last = scenesOf(prompt).at(-1)!;
      if (!areDistinct(last, scenes[0]!)) return null;
      const expected = { type: "series", scenes, places: course.places, varies: null, last } as const;
      return { group: split, pair: null, prompt, expected, truth: scenes };
    }),
  );
}

/** "Tell a story in three pictures: a cat moves to the right." */
export function storyItems(suiteWorld: SuiteWorld): ItemDraft[] {
  return ofSplits(COURSE_SPLITS, STORY_ITEMS, (split, count) =>
    sampledItems(suiteWorld, "story", split, sequence, count, (draft: SampleDraft, prompt, reply) => {
      const course = COURSES[draft.task.replace("story.", "")];
      if (!draft.task.startsWith("story.") || course === undefined) return null;
      const scenes = scenesOf(reply);
      const { places, varies } = course;
      return { group: split, pair: null, prompt, expected: { type: "series", scenes, places, varies, last: null }, truth: scenes }; // prettier-ignore
    }),
  );
}

/** What the groups of training vary. */
const GROUP_VARIATIONS: Readonly<Record<string, Variation>> = {
  "group.colours": "colour",
  "group.styles": "style",
  "group.backgrounds": "background",
  "group.numbers": "number",
};

/** Courses of pictures that the judge can follow: not those of sizes and turns. */
const COURSES: Readonly<Record<string, { readonly varies: Variation; readonly places: boolean }>> = {
  move: { varies: "place", places: true },
  meet: { varies: "cast", places: false },
  count: { varies: "number", places: false },
  join: { varies: "cast", places: false },
  change: { varies: "colour", places: false },
};

/** Whether the prompt says what is to differ in this picture. */
function isNamed({ objects, background }: Scene, varies: Variation, words: string): boolean {
  const [first] = objects;
  const value = {
    colour: first!.colour ?? conceptNamed(first!.concept).naturalColour ?? "",
    style: styleNamed(first!.style).promptName,
    background,
    number: objects.length === 1 ? conceptNamed(first!.concept).name : numberWord(objects.length),
    place: "",
    cast: "",
  }[varies];
  return value !== "" && words.includes(value);
}

function ofSplits(
  splits: readonly Split[],
  count: number,
  make: (split: Split, count: number) => ItemDraft[],
): ItemDraft[] {
  return splits.flatMap((split) => make(split, split === "train" ? count : HELD_OUT_ITEMS));
}

function scenesOf(pieces: readonly PromptPiece[]): Scene[] {
  return pieces.flatMap((piece) => (piece.type === "scene" ? [piece.scene] : []));
}

function wordsOf(pieces: readonly PromptPiece[]): string {
  return pieces.flatMap((piece) => (piece.type === "text" ? [piece.text.toLowerCase()] : [])).join(" ");
}
