import { InputError } from "../../core/errors.ts";
import type { Philox } from "../../core/random.ts";
import type { DraftItem, SampleDraft } from "../../data/world/draft.ts";
import { DraftStream } from "../../data/world/draft-stream.ts";
import type { Task } from "../../data/world/mixture.ts";
import { bankPalette } from "../../data/world/palette.ts";
import { hashFraction, type Split } from "../../data/world/splits.ts";
import type { SpriteBank } from "../../data/world/sprite-bank.ts";
import type { TaskWorld } from "../../data/world/task-world.ts";
import type { WorldConfig } from "../../data/world/world-config.ts";
import type { EvaluationItem, PromptPiece } from "./item.ts";

/** What suites are made from. */
export interface SuiteWorld {
  readonly bank: SpriteBank;
  /** The vocabulary to ask for: that of the model's training. */
  readonly concepts: NonNullable<WorldConfig["concepts"]>;
  /** The styles of its training; default: all train styles. */
  readonly styles?: readonly string[] | undefined;
  /** Side of the square pictures in pixels. */
  readonly imageSize: number;
}

/** An item before it has its place in the list. */
export type ItemDraft = Omit<EvaluationItem, "id" | "suite" | "seed">;

/** Unsigned 32-bit; depends on the words alone, as the splits do. */
export function seedOf(...words: readonly string[]): number {
  return Math.floor(hashFraction("evaluation", ...words) * 2 ** 32);
}

/** Samples as training has them, from seeds that it does not use. */
export function draftsOf(world: SuiteWorld, name: string, config: WorldConfig): DraftStream {
  const { concepts, styles, imageSize } = world;
  const known = styles && config.split !== "heldout-style" ? { styles } : {};
  const all = { ...config, ...known, concepts, imageSize, seed: seedOf("drafts", name) };
  return new DraftStream(all, bankPalette(world.bank));
}

/** What the tasks of training may draw from, with this vocabulary. */
export function taskWorldOf(world: SuiteWorld): TaskWorld {
  return draftsOf(world, "world", {}).world;
}

/** Attempts for each item that is wanted; more find no new ones. */
const ATTEMPTS = 20;

/** A task's sample together with the items that it is made into; several are a pair. */
export interface MadeItems extends SampleDraft {
  readonly made: readonly ItemDraft[];
}

/**
 * The items of `count` different samples of a split, as a task makes them from the world of that split; fewer where the
 * vocabulary has no more, none where it has none of the split.
 */
export function itemsOfSplit(
  suiteWorld: SuiteWorld,
  name: string,
  split: Split,
  count: number,
  make: (random: Philox, world: TaskWorld) => MadeItems | null,
): ItemDraft[] {
  const samples = new Map<string, readonly ItemDraft[]>();
  try {
    const stream = draftsOf(suiteWorld, `${name} ${split}`, { split });
    for (let index = 0; index < ATTEMPTS * count && samples.size < count; index++) {
      const { made } = stream.made(index, make);
      samples.set(JSON.stringify(made.map(({ prompt }) => prompt)), made);
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  return [...samples.values()].flatMap((made, index) =>
    made.length === 1 ? made : made.map((item) => ({ ...item, pair: `${name} ${index}` })),
  );
}

/** As {@link itemsOfSplit}, of samples as training has them: items made of the first exchange of those that `make` accepts. */
export function sampledItems(
  suiteWorld: SuiteWorld,
  name: string,
  split: Split,
  task: Task,
  count: number,
  make: (draft: SampleDraft, prompt: PromptPiece[], reply: PromptPiece[]) => ItemDraft | null,
): ItemDraft[] {
  return itemsOfSplit(suiteWorld, name, split, count, (random, world) => {
    const draft = task(random, world);
    const answered = draft.items.findIndex((piece) => piece.loss);
    const rest = draft.items.slice(answered);
    const next = rest.findIndex((piece) => !piece.loss);
    const reply = next < 0 ? rest : rest.slice(0, next);
    const item = make(draft, draft.items.slice(0, answered).map(toPiece), reply.map(toPiece));
    return item && { ...draft, made: [item] };
  });
}

function toPiece(item: DraftItem): PromptPiece {
  return item.type === "text" ? { type: "text", text: item.text } : { type: "scene", scene: item.scene };
}
