import { InputError } from "../../core/errors.ts";
import { CONCEPTS, conceptNamed, type Concept } from "./concepts.ts";
import { CURRICULA, type Curriculum, type Mixture } from "./mixture.ts";
import { CURATED_CONCEPTS, splitOfConcept, type Split } from "./splits.ts";
import { HELD_OUT_STYLES, styleNamed, TRAIN_STYLES } from "./styles.ts";

/** Named sets of concepts: about 40 to start with (the curated ones and {@link FAVOURITES}), or the whole table. */
export type ConceptSet = "curated" | "all";

/** What people ask for first, beside the curated concepts. */
const FAVOURITES: ReadonlySet<string> = new Set([
  "dog",
  "fish",
  "tree",
  "house",
  "sun",
  "star",
  "heart",
  "lemon",
  "umbrella",
  "balloon",
]);

/** What a stream of Emoji World samples is made of; every field has a default. */
export interface WorldConfig {
  /** Whole number in [0, 2^53). Default 0. */
  readonly seed?: number;
  /** Default "full". */
  readonly curriculum?: Curriculum;
  /** Weights per family, in place of the curriculum's. */
  readonly families?: Mixture;
  /** A named set or names. Default "all". */
  readonly concepts?: ConceptSet | readonly string[];
  /** Names of styles. Default: all train styles; for `heldout-style` the held-out ones. */
  readonly styles?: readonly string[];
  /** Training samples, or samples with exactly one kind of held-out combination. Default "train". */
  readonly split?: Split;
  /** Side of the square pictures in pixels. Default 96; 64 is the fast preset. */
  readonly imageSize?: number;
  /**
   * Centres of sprites lie on multiples of so many pixels, their sides are multiples of half as many. Default 1. On the VAE's own
   * grid (8) a thing has few sets of latents, from which drawing is learnt in fewer samples.
   */
  readonly grid?: number;
}

/** Split into families that can show it, for held-out splits without explicit families. */
const SPLIT_FAMILIES: Readonly<Partial<Record<Split, Mixture>>> = {
  "heldout-pair": { "draw-scene": 1, "caption-scene": 1 },
  "heldout-relation": { "draw-scene": 1, "caption-scene": 1 },
  "heldout-colour": { "draw-single": 1, "caption-single": 1 },
  "heldout-cell": { "draw-single": 1, "caption-single": 1 },
  "heldout-concept": { "draw-single": 1, "caption-single": 1 },
  "heldout-style": { "draw-single": 1, "caption-single": 1 },
};

export function mixtureOf(config: WorldConfig): Mixture {
  const split = config.split ?? "train";
  return config.families ?? SPLIT_FAMILIES[split] ?? CURRICULA[config.curriculum ?? "full"];
}

/** The concepts of a configuration that its split may show. */
export function conceptsOf(config: WorldConfig): Concept[] {
  const { concepts = "all", split = "train" } = config;
  const chosen = namedConcepts(concepts);
  const allowed =
    split === "heldout-concept" ? chosen : chosen.filter((concept) => splitOfConcept(concept.name) === "train");
  if (allowed.length === 0) throw new InputError(`concepts: none of those chosen belongs to the split "${split}"`);
  return allowed;
}

function namedConcepts(concepts: ConceptSet | readonly string[]): Concept[] {
  if (concepts === "all") return [...CONCEPTS];
  if (concepts === "curated") {
    return CONCEPTS.filter(({ name }) => CURATED_CONCEPTS.has(name) || FAVOURITES.has(name));
  }
  if (typeof concepts !== "string") return concepts.map(conceptNamed);
  throw new InputError(`concepts: expected "curated", "all" or a list of names, found "${concepts}"`);
}

export function stylesOf(config: WorldConfig): ReturnType<typeof styleNamed>[] {
  const names = config.styles ?? (config.split === "heldout-style" ? HELD_OUT_STYLES : TRAIN_STYLES);
  if (names.length === 0) throw new InputError("styles: expected at least one style, found an empty list");
  return names.map(styleNamed);
}
