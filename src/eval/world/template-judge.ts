import { InputError } from "../../core/errors.ts";
import type { RgbImage } from "../../core/image.ts";
import { nearestBackground } from "../../data/world/backgrounds.ts";
import { CONCEPTS, type Concept } from "../../data/world/concepts.ts";
import type { Rgb } from "../../data/world/colours.ts";
import type { SpriteBank } from "../../data/world/sprite-bank.ts";
import { TRAIN_STYLES } from "../../data/world/styles.ts";
import { backgroundOf } from "./components.ts";
import type { Detection, Match, WorldJudge } from "./judge.ts";
import {
  cutOut,
  PIXELS,
  PLANES,
  templatesOn,
  templateSprites,
  type Template,
  type TemplateSprite,
} from "./templates.ts";
import { detectThings } from "./things.ts";

/** Changes whenever the same picture may be judged otherwise. */
const VERSION = 4;

/** Of Dice's coefficient. Drawings after the autoencoder reach it; so does much that is none (docs/world-evaluation.md). */
const LEAST_SCORE = 0.8;

export interface JudgeOptions {
  /** What there is to recognise. Default: the whole table. */
  readonly concepts?: readonly Concept[];
  /** Names. Default: the train styles. */
  readonly styles?: readonly string[];
}

/** A colour that is free to fit must fit this much better than the drawing's own. */
const TINT_PENALTY = 0.01;

/**
 * Names the things in a picture of Emoji World by comparing each connected component with every drawing of the bank, in
 * its own colours and, where it can be recoloured, in the colour that fits best.
 */
export class TemplateJudge implements WorldJudge {
  readonly id = `template-${VERSION}`;
  readonly description = `template matcher ${VERSION} over connected components; GenEval's rules`;
  readonly leastScore = LEAST_SCORE;
  readonly #makeSprites: () => readonly TemplateSprite[];
  #sprites: readonly TemplateSprite[] | undefined;
  readonly #templates = new Map<string, readonly PreparedTemplate[]>();

  constructor(bank: SpriteBank, { concepts = CONCEPTS, styles = TRAIN_STYLES }: JudgeOptions = {}) {
    if (!concepts.some(({ name }) => styles.some((style) => bank.has(name, style))))
      throw new InputError("template judge: no style draws any of the concepts");
    // A second's work, put off until something is to be looked at.
    this.#makeSprites = () => templateSprites(bank, concepts, styles);
  }

  async detect(image: RgbImage): Promise<Detection[]> {
    const templates = this.#templatesFor(backgroundOf(image));
    if (templates.length === 0) return [];
    return detectThings(image, async (components, background) =>
      components.map((component) => bestMatch(cutOut(image, background, component), templates)),
    );
  }

  dispose(): void {}

  /** Templates on the palette's background that is nearest; made when first needed. */
  #templatesFor(colour: Rgb): readonly PreparedTemplate[] {
    const nearest = nearestBackground(colour);
    let found = this.#templates.get(nearest.name);
    if (!found) {
      this.#sprites ??= this.#makeSprites();
      found = templatesOn(nearest.rgb, this.#sprites).map(prepare);
      this.#templates.set(nearest.name, found);
    }
    return found;
  }
}

/** A template with the sums that matching needs. */
interface PreparedTemplate extends Template {
  /** |look|². */
  readonly power: number;
  /** look · tint in each colour plane, and |tint|². */
  readonly cross: readonly [number, number, number];
  readonly tintPower: number;
}

function prepare(template: Template): PreparedTemplate {
  const { look, tint } = template;
  const cross: [number, number, number] = [0, 0, 0];
  let tintPower = 0;
  if (tint) {
    for (let i = 0; i < PIXELS; i++) {
      tintPower += tint[i]! ** 2;
      for (let c = 0; c < 3; c++) cross[c]! += tint[i]! * look[c * PIXELS + i]!;
    }
  }
  return { ...template, power: dot(look, look, PLANES * PIXELS), cross, tintPower };
}

function bestMatch(crop: Float32Array, templates: readonly PreparedTemplate[]): Match {
  const power = dot(crop, crop, PLANES * PIXELS);
  let best = { template: templates[0]!, score: -1 };
  for (const template of templates) {
    const score = similarity(crop, power, template);
    if (score > best.score) best = { template, score };
  }
  const { concept, style } = best.template;
  return { concept, style, score: best.score };
}

/** Dice's coefficient of two vectors, 2 a·b / (|a|² + |b|²) = 1 − |a − b|² / (|a|² + |b|²), for the colour that fits best. */
function similarity(crop: Float32Array, cropPower: number, template: PreparedTemplate): number {
  const { look, tint, cross, tintPower } = template;
  let product = dot(crop, look, PLANES * PIXELS);
  let power = template.power;
  if (tint && tintPower > 0) {
    for (let c = 0; c < 3; c++) {
      const along = dotPlane(crop, tint, c);
      const value = Math.min(1, Math.max(0, (along - cross[c]!) / tintPower));
      product += value * along;
      power += 2 * value * cross[c]! + value * value * tintPower;
    }
  }
  return (2 * product) / (cropPower + power) - (tint ? TINT_PENALTY : 0);
}

function dot(a: Float32Array, b: Float32Array, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function dotPlane(planes: Float32Array, plane: Float32Array, index: number): number {
  let sum = 0;
  for (let i = 0, at = index * PIXELS; i < PIXELS; i++, at++) sum += planes[at]! * plane[i]!;
  return sum;
}
