import { InputError } from "../../core/errors.ts";
import type { RgbImage } from "../../core/image.ts";
import { BACKGROUNDS, type Background } from "../../data/world/backgrounds.ts";
import { CONCEPTS, type Concept } from "../../data/world/concepts.ts";
import { nameColour, type Rgb } from "../../data/world/colours.ts";
import type { SpriteBank } from "../../data/world/sprite-bank.ts";
import { TRAIN_STYLES } from "../../data/world/styles.ts";
import { backgroundOf, boxGap, componentsOf, mergeComponents, type Box, type Component } from "./components.ts";
import {
  cutOut,
  PIXELS,
  PLANES,
  templatesOn,
  templateSprites,
  type Template,
  type TemplateSprite,
} from "./templates.ts";

/** One thing that the judge sees. */
export interface Detection {
  /** Name in the concept table. */
  readonly concept: string;
  readonly style: string;
  /** 1 for a drawing that equals its template, 0 for nothing in common. */
  readonly score: number;
  /** The colour name that most of its pixels have. */
  readonly colour: string;
  readonly box: Box;
}

export interface JudgeOptions {
  /** What there is to recognise. Default: the whole table. */
  readonly concepts?: readonly Concept[];
  /** Names. Default: the train styles. */
  readonly styles?: readonly string[];
}

interface Match {
  readonly template: Template;
  readonly score: number;
}

interface Seen {
  readonly component: Component;
  readonly match: Match;
}

/** Smaller things are noise. Share of the picture: a thin object among six of a 64 px one covers more. */
const LEAST_AREA = 0.003;
/** Components closer than this share of the picture's shorter side may be parts of one thing. */
const NEAR = 0.07;
/** Part of a component's area below which others near it may be crumbs of it. */
const CRUMB = 0.3;
/** Parts taken for one thing may match by this much less than by themselves: fewer things are likelier. */
const JOIN_BONUS = 0.03;
/** A colour that is free to fit must fit this much better than the drawing's own. */
const TINT_PENALTY = 0.01;
/** Where less of a thin component lies within its rim, the rim counts too. */
const LEAST_INNER = 0.2;

/**
 * Names the things in a picture of Emoji World by comparing each connected component with every drawing of the bank, in
 * its own colours and, where it can be recoloured, in the colour that fits best.
 */
export class TemplateJudge {
  readonly #makeSprites: () => readonly TemplateSprite[];
  #sprites: readonly TemplateSprite[] | undefined;
  readonly #templates = new Map<string, readonly PreparedTemplate[]>();

  constructor(bank: SpriteBank, { concepts = CONCEPTS, styles = TRAIN_STYLES }: JudgeOptions = {}) {
    if (!concepts.some(({ name }) => styles.some((style) => bank.has(name, style))))
      throw new InputError("template judge: no style draws any of the concepts");
    // A second's work, put off until something is to be looked at.
    this.#makeSprites = () => templateSprites(bank, concepts, styles);
  }

  /** All things in the picture, the largest first. */
  detect(image: RgbImage): Detection[] {
    const background = backgroundOf(image);
    const templates = this.#templatesFor(background);
    if (templates.length === 0) return [];
    const look = (component: Component): Seen => ({
      component,
      match: bestMatch(cutOut(image, background, component), templates),
    });
    const gap = NEAR * Math.min(image.width, image.height);
    const components = componentsOf(image, background);
    const whole = gatherCrumbs(components.map(look), gap, look);
    const things = joinParts(whole, gap, look).filter(
      ({ component }) => component.area >= LEAST_AREA * image.width * image.height,
    );
    return things.map(({ component, match }) => ({
      concept: match.template.concept,
      style: match.template.style,
      score: match.score,
      colour: colourOfComponent(image, component),
      box: component.box,
    }));
  }

  /** Name of the palette's background that is nearest to the picture's. */
  background(image: RgbImage): string {
    return nearestBackground(backgroundOf(image)).name;
  }

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

function nearestBackground(colour: Rgb): Background {
  const distance = ({ rgb }: Background) => rgb.reduce((sum, value, c) => sum + (value - colour[c]!) ** 2, 0);
  return BACKGROUNDS.reduce((a, b) => (distance(b) < distance(a) ? b : a));
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
  let best: Match = { template: templates[0]!, score: -1 };
  for (const template of templates) {
    const score = similarity(crop, power, template);
    if (score > best.score) best = { template, score };
  }
  return best;
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

/** Small components near a large one are parts of it, as the rays of a sun are, where it looks more like a template with them. */
function gatherCrumbs(seen: readonly Seen[], gap: number, look: (component: Component) => Seen): Seen[] {
  const left = [...seen];
  const things: Seen[] = [];
  for (let thing = left.shift(); thing; thing = left.shift()) {
    const { box, area } = thing.component;
    const crumbs = left.filter(({ component }) => component.area < CRUMB * area && boxGap(box, component.box) <= gap);
    const whole = crumbs.length > 0 ? joined([thing, ...crumbs], look) : null;
    things.push(whole ?? thing);
    if (whole) for (const crumb of crumbs) left.splice(left.indexOf(crumb), 1);
  }
  return things;
}

/** The parts as one thing, or null where they look more like templates by themselves. */
function joined(parts: readonly Seen[], look: (component: Component) => Seen): Seen | null {
  const whole = look(mergeComponents(parts.map(({ component }) => component)));
  const apart = parts.reduce((sum, { component, match }) => sum + component.area * match.score, 0);
  return whole.match.score + JOIN_BONUS > apart / whole.component.area ? whole : null;
}

/**
 * Components near each other are one thing where together they look more like a template than each by itself: first
 * all of a cluster, then pairs.
 */
function joinParts(seen: readonly Seen[], gap: number, look: (component: Component) => Seen): Seen[] {
  let things = [...seen];
  for (;;) {
    const candidates = [...clusters(things, gap), ...pairs(things, gap)];
    const found = firstOf(candidates, (parts) => joined(parts, look));
    if (!found) return things;
    things = [...things.filter((thing) => !found.from.includes(thing)), found.made].sort(
      (a, b) => b.component.area - a.component.area,
    );
  }
}

function firstOf<T, U>(candidates: readonly T[], make: (candidate: T) => U | null): { from: T; made: U } | null {
  for (const from of candidates) {
    const made = make(from);
    if (made !== null) return { from, made };
  }
  return null;
}

/** Three or more components, each near another one of them. */
function clusters(things: readonly Seen[], gap: number): Seen[][] {
  const left = new Set(things);
  const found: Seen[][] = [];
  for (const start of things) {
    if (!left.delete(start)) continue;
    const cluster = [start];
    for (const member of cluster)
      for (const other of left)
        if (boxGap(member.component.box, other.component.box) <= gap && left.delete(other)) cluster.push(other);
    if (cluster.length > 2) found.push(cluster);
  }
  return found;
}

function pairs(things: readonly Seen[], gap: number): Seen[][] {
  return things.flatMap((a, i) =>
    things
      .slice(i + 1)
      .filter((b) => boxGap(a.component.box, b.component.box) <= gap)
      .map((b) => [a, b]),
  );
}

/** The name that most pixels of a component have; its rim, where the background shines through, does not count. */
function colourOfComponent(image: RgbImage, { box, mask, area }: Component): string {
  const [all, inner] = [new Map<string, number>(), new Map<string, number>()];
  let innerArea = 0;
  for (let y = 0, i = 0; y < box.height; y++) {
    let from = ((box.y + y) * image.width + box.x) * 3;
    for (let x = 0; x < box.width; x++, i++, from += 3) {
      if (mask[i] === 0) continue;
      const name = nameColour([image.data[from]!, image.data[from + 1]!, image.data[from + 2]!]);
      all.set(name, (all.get(name) ?? 0) + 1);
      const atEdge = x === 0 || y === 0 || x === box.width - 1 || y === box.height - 1;
      if (atEdge || !(mask[i - 1]! & mask[i + 1]! & mask[i - box.width]! & mask[i + box.width]!)) continue;
      inner.set(name, (inner.get(name) ?? 0) + 1);
      innerArea++;
    }
  }
  const counts = innerArea >= LEAST_INNER * area ? inner : all;
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}
