import { Philox } from "../../core/random.ts";
import type { SampleDraft } from "../../data/world/draft.ts";
import type { Mixture } from "../../data/world/mixture.ts";
import { realise } from "../../data/world/scene-plan.ts";
import { CURATED_CONCEPTS, splitOfStyle, type Split } from "../../data/world/splits.ts";
import type { PromptPiece } from "./item.ts";
import { draftsOf, seedOf, taskWorldOf, type ItemDraft, type SuiteWorld } from "./suite-world.ts";

const PLAIN_QUESTION = "What is this?";
/** Items a group. */
const NAMING_ITEMS = 30;
const SWITCH_ITEMS = 40;

/** A picture of every trained concept with the plainest question, then of held-out cells and in held-out wordings. */
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
        expected: { type: "name", concept: concept.name },
        truth,
      },
    ];
  });
  const sampled = (["heldout-template", "heldout-cell"] as const).flatMap((split) =>
    sample(suiteWorld, "naming", split, { "caption-single": 1 }, NAMING_ITEMS, ({ task }, prompt) => {
      const [picture] = prompt;
      if (picture?.type !== "scene" || (task !== "caption.what" && task !== "caption.name")) return null;
      const concept = picture.scene.objects[0]!.concept;
      return { group: split, prompt, expected: { type: "name", concept }, truth: picture.scene };
    }),
  );
  return [...plain, ...sampled];
}

/** Requests to draw and to change a picture. */
export function drawsItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const families = { "draw-single": 3, "draw-scene": 2, edit: 2 };
  return (["train", "heldout-template"] as const).flatMap((split) =>
    sample(suiteWorld, "draws", split, families, SWITCH_ITEMS, ({ kind }, prompt, reply) => {
      // Answers to mere captions are pictures alone; only requests are asked here.
      const isRequest = kind === "edit" || reply[0]?.type === "text";
      const draws = reply.some((piece) => piece.type === "scene");
      return isRequest && draws ? { group: split, prompt, expected: { type: "picture" }, truth: null } : null;
    }),
  );
}

/** Questions about a picture. */
export function questionedItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const families = { question: 3, "caption-single": 1, "caption-scene": 1 };
  return (["train", "heldout-template"] as const).flatMap((split) =>
    sample(suiteWorld, "questioned", split, families, SWITCH_ITEMS, (_draft, prompt, reply) =>
      reply.every((piece) => piece.type === "text")
        ? { group: split, prompt, expected: { type: "text" }, truth: null }
        : null,
    ),
  );
}

/** `count` different items made of the first exchange of samples that `make` accepts. */
function sample(
  suiteWorld: SuiteWorld,
  name: string,
  split: Split,
  families: Mixture,
  count: number,
  make: (draft: SampleDraft, prompt: PromptPiece[], reply: PromptPiece[]) => ItemDraft | null,
): ItemDraft[] {
  const stream = draftsOf(suiteWorld, `${name} ${split}`, { split, families });
  const items = new Map<string, ItemDraft>();
  for (let index = 0; index < 20 * count && items.size < count; index++) {
    const draft = stream.draft(index);
    const answered = draft.items.findIndex((piece) => piece.loss);
    const rest = draft.items.slice(answered);
    const next = rest.findIndex((piece) => !piece.loss);
    const reply = next < 0 ? rest : rest.slice(0, next);
    const item = make(draft, draft.items.slice(0, answered).map(toPiece), reply.map(toPiece));
    if (item) items.set(JSON.stringify(item.prompt), item);
  }
  return [...items.values()];
}

function toPiece(item: SampleDraft["items"][number]): PromptPiece {
  return item.type === "text" ? { type: "text", text: item.text } : { type: "scene", scene: item.scene };
}
