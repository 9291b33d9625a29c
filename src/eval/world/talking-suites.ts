import { Philox } from "../../core/random.ts";
import type { SampleDraft } from "../../data/world/draft.ts";
import type { Task } from "../../data/world/mixture.ts";
import { realise } from "../../data/world/scene-plan.ts";
import { CURATED_CONCEPTS, splitOfStyle } from "../../data/world/splits.ts";
import { pickWeighted } from "../../data/world/task-world.ts";
import { captionScene, captionSingle } from "../../data/world/tasks/caption.ts";
import { drawScene } from "../../data/world/tasks/draw-scene.ts";
import { drawSingle } from "../../data/world/tasks/draw-single.ts";
import { edit } from "../../data/world/tasks/edit.ts";
import { question } from "../../data/world/tasks/question.ts";
import type { PromptPiece } from "./item.ts";
import { sampledItems, seedOf, taskWorldOf, type ItemDraft, type SuiteWorld } from "./suite-world.ts";

const PLAIN_QUESTION = "What is this?";
/** Items a group. */
const NAMING_ITEMS = 30;
const SWITCH_ITEMS = 40;

/** A picture of every trained concept with the plainest question, then what training held out: wordings, cells, styles, concepts. */
export function namingItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const world = taskWorldOf(suiteWorld);
  const plain = world.concepts.flatMap((concept): ItemDraft[] => {
    const random = new Philox(seedOf("naming", concept.name));
    const cells = world.backgrounds.flatMap((background) =>
      world.styles
        .filter(
          (style) =>
            world.hasSprite(concept, style) &&
            splitOfStyle(concept.name, style.name) === "train" &&
            world.stands(concept.name, style.name, null, background),
        )
        .map((style) => ({ style, background })),
    );
    if (cells.length === 0) return [];
    const { style, background } = random.pick(cells);
    const groups = [{ concept, style, colour: null, count: 1 }];
    const truth = realise(random, world, { groups, arrangement: { type: "alone" }, background });
    return [
      {
        group: CURATED_CONCEPTS.has(concept.name) ? "curated" : "other",
        prompt: [
          { type: "scene", scene: truth },
          { type: "text", text: PLAIN_QUESTION },
        ],
        pair: null,
        expected: { type: "name", concept: concept.name },
        truth: [truth],
      },
    ];
  });
  const sampled = (["heldout-template", "heldout-cell", "heldout-style", "heldout-concept"] as const).flatMap((split) =>
    sampledItems(suiteWorld, "naming", split, captionSingle, NAMING_ITEMS, ({ task }, prompt) => {
      const [picture] = prompt;
      if (picture?.type !== "scene" || (task !== "caption.what" && task !== "caption.name")) return null;
      const concept = picture.scene.objects[0]!.concept;
      return { group: split, pair: null, prompt, expected: { type: "name", concept }, truth: [picture.scene] };
    }),
  );
  return [...plain, ...sampled];
}

/** Requests to draw and to change a picture. */
export function drawsItems(suiteWorld: SuiteWorld): ItemDraft[] {
  return (["train", "heldout-template"] as const).flatMap((split) =>
    sampledItems(suiteWorld, "draws", split, drawingTask, SWITCH_ITEMS, (draft, prompt, reply) =>
      asksToDraw(draft, reply) ? { group: split, pair: null, prompt, expected: { type: "picture" }, truth: [] } : null,
    ),
  );
}

/** Requests for one picture: it is drawn, and the turn ends. */
export function stopsItems(suiteWorld: SuiteWorld): ItemDraft[] {
  return (["train", "heldout-template"] as const).flatMap((split) =>
    sampledItems(suiteWorld, "stops", split, drawingTask, SWITCH_ITEMS, (draft, prompt, reply) =>
      asksToDraw(draft, reply)
        ? { group: split, pair: null, prompt, expected: { type: "one-picture" }, truth: [] }
        : null,
    ),
  );
}

/** Questions about a picture. */
export function questionedItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const task: Task = (random, world) =>
    pickWeighted<Task>(random, [
      [question, 3],
      [captionSingle, 1],
      [captionScene, 1],
    ])(random, world);
  return (["train", "heldout-template"] as const).flatMap((split) =>
    sampledItems(suiteWorld, "questioned", split, task, SWITCH_ITEMS, (_draft, prompt, reply) =>
      reply.every((piece) => piece.type === "text")
        ? { group: split, pair: null, prompt, expected: { type: "text" }, truth: [] }
        : null,
    ),
  );
}

const drawingTask: Task = (random, world) =>
  pickWeighted<Task>(random, [
    [drawSingle, 3],
    [drawScene, 2],
    [edit, 2],
  ])(random, world);

/** Answers to mere captions are pictures alone; only requests ask. */
function asksToDraw({ kind }: SampleDraft, reply: readonly PromptPiece[]): boolean {
  const isRequest = kind === "edit" || reply[0]?.type === "text";
  return isRequest && reply.some((piece) => piece.type === "scene");
}
