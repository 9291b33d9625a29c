import { InputError } from "../../core/errors.ts";
import { HELD_OUT_STYLES } from "./styles.ts";

/**
 * What Emoji World keeps back from training, decided by a hash of names alone: it was fixed before the first training
 * run and depends on no seed, order or file. Every part of a held-out combination is seen elsewhere, so that each split
 * measures composition, not vocabulary; `heldout-concept` and `heldout-style` are the exceptions.
 *
 * - `heldout-concept`: about 10% of the concepts outside the curated list (curated ones are never held out, so that
 *   recall of single objects can be judged on all of them);
 * - `heldout-pair`: 10% of unordered pairs of concepts, which never share a picture;
 * - `heldout-colour`: 10% of concept × colour that it can be recoloured to;
 * - `heldout-relation`: 10% of concept × relation, as said or asked of that concept in the text ("an apple above …");
 * - `heldout-cell`: 5% of concept × style;
 * - `heldout-style`: whole drawing styles;
 * - `heldout-template`: 15% of the wordings of every task.
 */
export const SPLITS = [
  "train",
  "heldout-concept",
  "heldout-pair",
  "heldout-colour",
  "heldout-relation",
  "heldout-cell",
  "heldout-style",
  "heldout-template",
] as const;
export type Split = (typeof SPLITS)[number];

/** Share of names that each rule keeps back. */
const SHARE = { concept: 0.1, pair: 0.1, colour: 0.1, relation: 0.1, cell: 0.05, template: 0.15 } as const;

/** Part of every key: another value would be another world. */
const SALT = "emoji-world-1";

/** Concepts of the table that a template matcher never confuses: never held out as a whole. */
export const CURATED_CONCEPTS: ReadonlySet<string> = new Set([
  "airplane",
  "apple",
  "backpack",
  "bear",
  "bed",
  "bicycle",
  "bird",
  "book",
  "bottle",
  "bus",
  "car",
  "carrot",
  "cat",
  "clock",
  "cow",
  "doughnut",
  "elephant",
  "handbag",
  "horse",
  "hot dog",
  "laptop",
  "motorcycle",
  "phone",
  "slice of pizza",
  "scissors",
  "spoon",
  "stop sign",
  "tangerine",
  "television",
  "traffic light",
  "train",
  "vase",
]);

const encoder = new TextEncoder();

/** A uniform number in [0, 1) that depends on the parts alone (FNV-1a over UTF-8, MurmurHash3's finaliser). */
export function hashFraction(...parts: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode([SALT, ...parts].join("\u001f"))) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

export function splitOfConcept(concept: string): Split {
  if (CURATED_CONCEPTS.has(concept)) return "train";
  return hashFraction("concept", concept) < SHARE.concept ? "heldout-concept" : "train";
}

/** Order does not matter; a concept beside itself is never held out. */
export function splitOfPair(first: string, second: string): Split {
  if (first === second) return "train";
  const [a, b] = first < second ? [first, second] : [second, first];
  return hashFraction("pair", a, b) < SHARE.pair ? "heldout-pair" : "train";
}

export function splitOfColour(concept: string, colour: string): Split {
  return hashFraction("colour", concept, colour) < SHARE.colour ? "heldout-colour" : "train";
}

/** `relation`: where the concept stands from another one: "left", "right", "above" or "below". */
export function splitOfRelation(concept: string, relation: string): Split {
  return hashFraction("relation", concept, relation) < SHARE.relation ? "heldout-relation" : "train";
}

/** Whole styles are `heldout-style`; single concept × style cells of the others `heldout-cell`. */
export function splitOfStyle(concept: string, style: string): Split {
  if (HELD_OUT_STYLES.includes(style)) return "heldout-style";
  return hashFraction("cell", concept, style) < SHARE.cell ? "heldout-cell" : "train";
}

/** `task` names the list of wordings that the template belongs to. */
export function splitOfTemplate(task: string, template: string): Split {
  return hashFraction("template", task, template) < SHARE.template ? "heldout-template" : "train";
}

export function toSplit(name: string): Split {
  const found = SPLITS.find((split) => split === name);
  if (found === undefined) throw new InputError(`split: expected one of ${SPLITS.join(", ")}, found "${name}"`);
  return found;
}
