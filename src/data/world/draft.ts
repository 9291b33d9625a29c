import type { Relation } from "./grammar.ts";
import type { Scene } from "./scene.ts";

/** One item of a draft: a sample's item with the scene in place of its pixels. */
export type DraftItem =
  | { readonly type: "text"; readonly text: string; readonly loss: boolean }
  | { readonly type: "scene"; readonly scene: Scene; readonly loss: boolean };

/** A relation that the text states of a concept or asks about: "an apple above …" is { apple, above }. */
export interface StatedRelation {
  readonly concept: string;
  readonly relation: Relation;
}

/** A sample before rendering: cheap to make, and exact about what its pictures show. */
export interface SampleDraft {
  /** Family, as in `Sample.kind`: "draw", "caption", "question", "again", "edit", "group", "sequence", "chat". */
  readonly kind: string;
  /** Task within the family: "edit.recolour". */
  readonly task: string;
  readonly items: readonly DraftItem[];
  readonly relations: readonly StatedRelation[];
}

/** What the user says. */
export function say(text: string): DraftItem {
  return { type: "text", text, loss: false };
}

/** What the model answers. */
export function reply(text: string): DraftItem {
  return { type: "text", text, loss: true };
}

/** A picture that the user gives. */
export function show(scene: Scene): DraftItem {
  return { type: "scene", scene, loss: false };
}

/** A picture that the model draws. */
export function draw(scene: Scene): DraftItem {
  return { type: "scene", scene, loss: true };
}

/** All texts of a draft, in order. */
export function textsOf(draft: SampleDraft): string[] {
  return draft.items.flatMap((item) => (item.type === "text" ? [item.text] : []));
}

/** All scenes of a draft, in order. */
export function scenesOf(draft: SampleDraft): Scene[] {
  return draft.items.flatMap((item) => (item.type === "scene" ? [item.scene] : []));
}
