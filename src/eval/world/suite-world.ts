import { DraftStream } from "../../data/world/draft-stream.ts";
import { bankPalette } from "../../data/world/palette.ts";
import { hashFraction } from "../../data/world/splits.ts";
import type { SpriteBank } from "../../data/world/sprite-bank.ts";
import type { TaskWorld } from "../../data/world/task-world.ts";
import type { ConceptSet, WorldConfig } from "../../data/world/world-config.ts";
import type { EvaluationItem } from "./item.ts";

/** What suites are made from. */
export interface SuiteWorld {
  readonly bank: SpriteBank;
  /** The vocabulary to ask for: that of the model's training. */
  readonly concepts: ConceptSet;
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
  const { concepts, imageSize } = world;
  return new DraftStream({ ...config, concepts, imageSize, seed: seedOf("drafts", name) }, bankPalette(world.bank));
}

/** What the tasks of training may draw from, with this vocabulary. */
export function taskWorldOf(world: SuiteWorld): TaskWorld {
  return draftsOf(world, "world", {}).world;
}
