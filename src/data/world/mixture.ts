import { InputError } from "../../core/errors.ts";
import type { Philox } from "../../core/random.ts";
import type { SampleDraft } from "./draft.ts";
import type { TaskWorld } from "./task-world.ts";
import { again } from "./tasks/again.ts";
import { captionScene, captionSingle } from "./tasks/caption.ts";
import { chat } from "./tasks/chat.ts";
import { conversation } from "./tasks/conversation.ts";
import { drawColouredPair, drawScene } from "./tasks/draw-scene.ts";
import { drawSingle } from "./tasks/draw-single.ts";
import { edit } from "./tasks/edit.ts";
import { foretell } from "./tasks/foretell.ts";
import { group } from "./tasks/group.ts";
import { imagine } from "./tasks/imagine.ts";
import { letters } from "./tasks/letters.ts";
import { question } from "./tasks/question.ts";
import { quiz } from "./tasks/quiz.ts";
import { sequence } from "./tasks/sequence.ts";

export type Task = (random: Philox, world: TaskWorld) => SampleDraft;

/** Every family of tasks. */
export const FAMILIES = {
  "draw-single": drawSingle,
  "draw-scene": drawScene,
  "draw-coloured-pair": drawColouredPair,
  "caption-single": captionSingle,
  "caption-scene": captionScene,
  question,
  quiz,
  imagine,
  letters,
  foretell,
  again,
  edit,
  conversation,
  group,
  sequence,
  chat,
} as const satisfies Record<string, Task>;
export type Family = keyof typeof FAMILIES;

/** Weights of families; those left out are not drawn from. The weights need not sum to 1. */
export type Mixture = Readonly<Partial<Record<Family, number>>>;

/** Named mixtures, from single sprites to everything. */
export const CURRICULA = {
  single: { "draw-single": 75, "caption-single": 25 },
  scenes: { "draw-single": 30, "caption-single": 12, "draw-scene": 40, "caption-scene": 18 },
  full: {
    "draw-single": 12,
    "caption-single": 8,
    "draw-scene": 15,
    "caption-scene": 10,
    question: 18,
    edit: 12,
    conversation: 9,
    group: 6,
    sequence: 8,
    chat: 2,
  },
} as const satisfies Record<string, Mixture>;
export type Curriculum = keyof typeof CURRICULA;

export function isFamily(name: string): name is Family {
  return Object.hasOwn(FAMILIES, name);
}

/** The mixture of that name, or an InputError that lists the names. */
export function curriculumNamed(name: string): Mixture {
  if (Object.hasOwn(CURRICULA, name)) return CURRICULA[name as Curriculum];
  throw new InputError(`curriculum: expected one of ${Object.keys(CURRICULA).join(", ")}, found "${name}"`);
}

/** Families and weights as pairs; throws an InputError for unknown families and for weights that are not positive. */
export function mixtureEntries(mixture: Mixture): (readonly [Family, number])[] {
  const entries = Object.entries(mixture).map(([family, weight]) => {
    if (!isFamily(family)) {
      throw new InputError(`mixture: expected families among ${Object.keys(FAMILIES).join(", ")}, found "${family}"`);
    }
    if (!Number.isFinite(weight) || weight < 0) {
      throw new InputError(`mixture: expected a weight of at least 0 for "${family}", found ${weight}`);
    }
    return [family, weight] as const;
  });
  const used = entries.filter(([, weight]) => weight > 0);
  if (used.length === 0) throw new InputError("mixture: expected at least one family with a weight, found none");
  return used;
}
