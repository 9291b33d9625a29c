import { z } from "zod";
import { overlap, relations, type Box, type Relation } from "./geometry.ts";

/** The colours that CLIP chooses among, in the official order. */
export const GENEVAL_COLOURS = "red orange yellow green blue purple pink brown black white".split(" ");

const relation = z.enum(["left of", "right of", "above", "below"]) satisfies z.ZodType<Relation>;
const clause = z.object({ class: z.string(), count: z.int().positive() });

/** A prompt and what its picture must show: everything in `include`, nothing in `exclude`. */
export const genevalPrompt = z.object({
  tag: z.string(),
  prompt: z.string(),
  include: z.array(
    clause.extend({
      color: z.enum(GENEVAL_COLOURS).optional(),
      /** Relative to the objects of an earlier clause. */
      position: z.tuple([relation, z.int().nonnegative()]).optional(),
    }),
  ),
  exclude: z.array(clause).optional(),
});
export type GenevalPrompt = z.infer<typeof genevalPrompt>;

/** What a detector found; the colour is the classifier's. */
export const detection = z.object({
  class: z.string(),
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]).readonly() satisfies z.ZodType<Box>,
  score: z.number(),
  color: z.string().optional(),
});
export type Detection = Readonly<z.infer<typeof detection>>;

/** The options of evaluate_images.py. */
export interface GenevalSettings {
  /** Scores above it count. */
  readonly threshold: number;
  /** … for prompts about numbers. */
  readonly countingThreshold: number;
  /** Most objects of a class. */
  readonly maxObjects: number;
  /** Objects of a class that overlap by more than this are one; at 1 all are kept. */
  readonly maxOverlap: number;
  /** Part of the sizes of two objects that their offset must exceed. */
  readonly positionThreshold: number;
}

/** The official defaults. */
export const GENEVAL_SETTINGS: GenevalSettings = {
  threshold: 0.3,
  countingThreshold: 0.9,
  maxObjects: 16,
  maxOverlap: 1,
  positionThreshold: 0.1,
};

/** Objects by class, the surest first. */
export type Objects = ReadonlyMap<string, readonly Pick<Detection, "box" | "color">[]>;

/** The detections that count: above the threshold in float32, the surest first, of equally sure ones the later. */
export function keepDetections(detections: readonly Detection[], tag: string, settings = GENEVAL_SETTINGS): Objects {
  const { threshold, countingThreshold, maxObjects, maxOverlap } = settings;
  const least = Math.fround(tag === "counting" ? countingThreshold : threshold);
  const objects = new Map<string, Detection[]>();
  for (const [name, found] of Map.groupBy(detections, (detection) => detection.class)) {
    const sure = found
      .toReversed()
      .sort((a, b) => Math.fround(b.score) - Math.fround(a.score))
      .filter(({ score }) => Math.fround(score) > least)
      .slice(0, maxObjects);
    const kept: Detection[] = [];
    for (const detection of sure)
      if (maxOverlap === 1 || kept.every((other) => overlap(other.box, detection.box) < maxOverlap))
        kept.push(detection);
    if (kept.length > 0) objects.set(name, kept);
  }
  return objects;
}

/** Whether a picture shows what its prompt asks for, and why not, in the official words. */
export interface Verdict {
  readonly correct: boolean;
  readonly reason: string;
}

/**
 * Checks the surest objects of each class against the prompt: their number, then their colours, then their places.
 * @throws RangeError where an object whose colour matters has none
 */
export function gradePicture(
  objects: Objects,
  { include, exclude = [] }: Pick<GenevalPrompt, "include" | "exclude">,
): Verdict {
  const reasons: string[] = [];
  const matched: (readonly Pick<Detection, "box">[] | null)[] = [];
  for (const { class: name, count, color, position } of include) {
    const found = (objects.get(name) ?? []).slice(0, count);
    const problems: string[] = [];
    if (found.length < count) problems.push(`expected ${name}>=${count}, found ${found.length}`);
    else {
      if (color !== undefined) problems.push(...colourProblem(found, name, count, color));
      if (position !== undefined && problems.length === 0)
        problems.push(...positionProblem(found, name, position[0], matched[position[1]] ?? null));
    }
    reasons.push(...problems);
    matched.push(problems.length === 0 ? found : null);
  }
  for (const { class: name, count } of exclude) {
    const found = objects.get(name)?.length ?? 0;
    if (found >= count) reasons.push(`expected ${name}<${count}, found ${found}`);
  }
  return { correct: reasons.length === 0, reason: reasons.join("\n") };
}

function colourProblem(
  found: readonly Pick<Detection, "color">[],
  name: string,
  count: number,
  wanted: string,
): string[] {
  const colours = found.map(({ color }) => {
    if (color === undefined) throw new RangeError(`a ${name} has no colour`);
    return color;
  });
  const number = (colour: string) => colours.filter((other) => other === colour).length;
  if (number(wanted) >= count) return [];
  const seen = GENEVAL_COLOURS.filter((colour) => number(colour) > 0).map((colour) => `${number(colour)} ${colour}`);
  return [`expected ${wanted} ${name}>=${count}, found ${number(wanted)} ${wanted}; and ${seen.join(", ")}`];
}

/** Every object must be in this place relative to every target; the first that is not is told. */
function positionProblem(
  found: readonly Pick<Detection, "box">[],
  name: string,
  wanted: Relation,
  targets: readonly Pick<Detection, "box">[] | null,
): string[] {
  if (targets === null) return [`no target for ${name} to be ${wanted}`];
  for (const { box } of found)
    for (const target of targets) {
      const seen = relations(box, target.box, GENEVAL_SETTINGS.positionThreshold);
      if (!seen.includes(wanted)) return [`expected ${name} ${wanted} target, found ${seen.join(" and ")} target`];
    }
  return [];
}
