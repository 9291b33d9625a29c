import type { RgbImage } from "../../core/image.ts";
import type { Rgb } from "../../data/world/colours.ts";
import { colourOfComponent } from "./component-colour.ts";
import { backgroundOf, boxGap, componentsOf, mergeComponents, type Component } from "./components.ts";
import type { Detection, Match } from "./judge.ts";

/** What each of some components of a picture looks most like. */
export type Recognise = (components: readonly Component[], background: Rgb) => Promise<readonly Match[]>;

interface Seen {
  readonly component: Component;
  readonly match: Match;
}

type Look = (components: readonly Component[]) => Promise<Seen[]>;

/** Smaller things are noise. Share of the picture: a thin object among six of a 64 px one covers more. */
const LEAST_AREA = 0.003;
/** Components closer than this share of the picture's shorter side may be parts of one thing. */
const NEAR = 0.07;
/** Part of a component's area below which others near it may be crumbs of it. */
const CRUMB = 0.3;
/** Parts taken for one thing may be recognised by this much less than by themselves: fewer things are likelier. */
const JOIN_BONUS = 0.03;

/**
 * All things in a picture, the largest first: its connected components, parts of one drawing that do not touch taken together as far
 * as that makes them more recognisable.
 */
export async function detectThings(image: RgbImage, recognise: Recognise): Promise<Detection[]> {
  const background = backgroundOf(image);
  const look: Look = async (components) => {
    const matches = await recognise(components, background);
    return components.map((component, i) => ({ component, match: matches[i]! }));
  };
  const gap = NEAR * Math.min(image.width, image.height);
  const whole = await gatherCrumbs(await look(componentsOf(image, background)), gap, look);
  const things = (await joinParts(whole, gap, look)).filter(
    ({ component }) => component.area >= LEAST_AREA * image.width * image.height,
  );
  return things.map(({ component, match }) => ({
    ...match,
    colour: colourOfComponent(image, component),
    box: component.box,
  }));
}

/** Small components near a large one are parts of it, as the rays of a sun are, where it is recognised better with them. */
async function gatherCrumbs(seen: readonly Seen[], gap: number, look: Look): Promise<Seen[]> {
  const left = [...seen];
  const things: Seen[] = [];
  for (let thing = left.shift(); thing; thing = left.shift()) {
    const { box, area } = thing.component;
    const crumbs = left.filter(({ component }) => component.area < CRUMB * area && boxGap(box, component.box) <= gap);
    const whole = crumbs.length > 0 ? await joined([thing, ...crumbs], look) : null;
    things.push(whole ?? thing);
    if (whole) for (const crumb of crumbs) left.splice(left.indexOf(crumb), 1);
  }
  return things;
}

/** The parts as one thing, or null where they are recognised better by themselves. */
async function joined(parts: readonly Seen[], look: Look): Promise<Seen | null> {
  const [whole] = (await look([mergeComponents(parts.map(({ component }) => component))])) as [Seen];
  const apart = parts.reduce((sum, { component, match }) => sum + component.area * match.score, 0);
  return whole.match.score + JOIN_BONUS > apart / whole.component.area ? whole : null;
}

/**
 * Components near each other are one thing where together they are recognised better than each by itself: first
 * all of a cluster, then pairs.
 */
async function joinParts(seen: readonly Seen[], gap: number, look: Look): Promise<Seen[]> {
  let things = [...seen];
  for (;;) {
    const candidates = [...clusters(things, gap), ...pairs(things, gap)];
    const found = await firstOf(candidates, (parts) => joined(parts, look));
    if (!found) return things;
    things = [...things.filter((thing) => !found.from.includes(thing)), found.made].sort(
      (a, b) => b.component.area - a.component.area,
    );
  }
}

async function firstOf<T, U>(
  candidates: readonly T[],
  make: (candidate: T) => Promise<U | null>,
): Promise<{ from: T; made: U } | null> {
  for (const from of candidates) {
    const made = await make(from);
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
