import type { Philox } from "../../../core/random.ts";
import { statedBy } from "../captions.ts";
import type { StatedRelation } from "../draft.ts";
import { counted, OPPOSITE, one, pronoun, RELATION_PHRASES, RELATIONS, the, verb, withArticle } from "../grammar.ts";
import { adjectivesOf, onGrid, realise, type Group, type ScenePlan } from "../scene-plan.ts";
import type { Scene, SceneObject } from "../scene.ts";
import { between, chance, pickBackground, pickColour, pickWeighted, type TaskWorld } from "../task-world.ts";

/** A scene together with the words for it; objects come in the order of the groups. */
export interface Picture {
  readonly plan: ScenePlan;
  readonly scene: Scene;
}

/** One change of a picture, and the words that ask for and confirm it. */
export interface EditStep {
  readonly operation: Operation;
  readonly after: Picture;
  /** Words for the templates of the operation. */
  readonly words: Readonly<Record<string, string>>;
  readonly relations: readonly StatedRelation[];
}

export type Operation =
  | "recolour"
  | "replace"
  | "add"
  | "add-one"
  | "remove"
  | "remove-one"
  | "move"
  | "swap"
  | "resize"
  | "rotate"
  | "background"
  | "style";

type Maker = (random: Philox, world: TaskWorld, before: Picture) => Omit<EditStep, "operation"> | null;

const MAKERS: Readonly<Record<Operation, { readonly weight: number; readonly make: Maker }>> = {
  recolour: { weight: 24, make: recolour },
  replace: { weight: 13, make: replace },
  add: { weight: 12, make: add },
  "add-one": { weight: 5, make: addOne },
  remove: { weight: 13, make: remove },
  "remove-one": { weight: 6, make: removeOne },
  move: { weight: 8, make: move },
  swap: { weight: 8, make: swap },
  resize: { weight: 7, make: resize },
  rotate: { weight: 3, make: rotate },
  background: { weight: 12, make: changeBackground },
  style: { weight: 7, make: restyle },
};

/** A random change that the picture allows, or the named one; null when it allows none. */
export function editStep(random: Philox, world: TaskWorld, before: Picture, wanted?: Operation): EditStep | null {
  const entries = Object.entries(MAKERS).map(([name, { weight }]) => [name as Operation, weight] as const);
  for (let attempt = 0; attempt < 20; attempt++) {
    const operation = wanted ?? pickWeighted(random, entries);
    const step = MAKERS[operation].make(random, world, before);
    if (step !== null) return { operation, ...step };
  }
  return null;
}

/** "it", "them" or "the apple": what an instruction calls a group. */
function reference(random: Philox, { plan }: Picture, group: Group): string {
  const named = the(group.concept, "", group.count);
  return plan.groups.length === 1 && chance(random, 0.7) ? pronoun(group.concept, group.count) : named;
}

function words(random: Philox, before: Picture, group: Group): Record<string, string> {
  const ref = reference(random, before, group);
  // A confirmation takes up the pronoun: "make it green" – "now it is green".
  const subject = ref === "it" ? "it" : ref === "them" ? "they" : ref;
  return { ref, the: the(group.concept, "", group.count), subject, is: verb(group.concept, group.count) };
}

/** The scene with every object of one group changed. */
function changeGroup({ plan, scene }: Picture, index: number, change: Partial<SceneObject>): Scene {
  const start = plan.groups.slice(0, index).reduce((sum, group) => sum + group.count, 0);
  const end = start + plan.groups[index]!.count;
  const objects = scene.objects.map((object, i) => (i >= start && i < end ? { ...object, ...change } : object));
  return { ...scene, objects };
}

function withGroup(plan: ScenePlan, index: number, group: Group): ScenePlan {
  return { ...plan, groups: plan.groups.map((old, i) => (i === index ? group : old)) };
}

/** A plan laid out afresh. */
function fresh(random: Philox, world: TaskWorld, plan: ScenePlan): Picture {
  return { plan, scene: realise(random, world, plan) };
}

function visible(world: TaskWorld, group: Group, background: string): boolean {
  return world.stands(group.concept.name, group.style.name, group.colour, background);
}

function recolour(random: Philox, world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  const index = random.int(before.plan.groups.length);
  const group = before.plan.groups[index]!;
  // A heart is red in one style and pink in another: the change must be one of this drawing.
  const shown = group.colour ?? world.drawnColour(group.concept, group.style);
  const colour = pickColour(random, world, group.concept, 1, [shown]);
  const changed = { ...group, colour };
  if (colour === null || !visible(world, changed, before.plan.background)) return null;
  const after = { plan: withGroup(before.plan, index, changed), scene: changeGroup(before, index, { colour }) };
  const spoken = words(random, before, group);
  const spelling = random.pick(["the colour", "the colour", "the color"]);
  const hue = before.plan.groups.length === 1 ? spelling : `${spelling} of ${spoken.the}`;
  return { after, words: { ...spoken, colour, hue }, relations: [] };
}

/** A concept for a group that the picture does not have yet, in the picture's style. */
function newcomer(random: Philox, world: TaskWorld, before: Picture): Group | null {
  const { plan } = before;
  const style = plan.groups[0]!.style;
  const present = plan.groups.map((group) => group.concept.name);
  const concepts = world.concepts.filter((item) => !present.includes(item.name) && world.hasSprite(item, style));
  if (concepts.length === 0) return null;
  const concept = random.pick(concepts);
  const colour = pickColour(random, world, concept, 0.25, plan.groups.map((group) => group.colour)); // prettier-ignore
  const group: Group = { concept, style, colour, count: 1 };
  return visible(world, group, plan.background) ? group : null;
}

function replace(random: Philox, world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  const index = random.int(before.plan.groups.length);
  const group = before.plan.groups[index]!;
  const other = newcomer(random, world, before);
  if (other === null) return null;
  const changed: Group = { ...other, count: group.count };
  const change = { concept: changed.concept.name, colour: changed.colour };
  const after = { plan: withGroup(before.plan, index, changed), scene: changeGroup(before, index, change) };
  const y = counted(changed.count, changed.concept, adjectivesOf(changed, changed.colour !== null));
  return { after, words: { ...words(random, before, group), y }, relations: [] };
}

function add(random: Philox, world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  const { groups, arrangement, background } = before.plan;
  const group = newcomer(random, world, before);
  if (group === null) return null;
  const y = one(group.concept, adjectivesOf(group, group.colour !== null));
  if (arrangement.type === "alone") {
    // An object that already stands at a side keeps its place, and the newcomer takes the other side.
    const old = arrangement.place;
    const relation = old === undefined ? random.pick(RELATIONS) : OPPOSITE[old];
    const plan: ScenePlan = { groups: [group, groups[0]!], arrangement: { type: "pair", relation }, background };
    const laidOut = fresh(random, world, plan);
    const fits = old !== undefined && before.scene.objects.every((object) => object.size < 0.44);
    const kept = fits ? before.scene.objects : laidOut.scene.objects.slice(1);
    const scene = { ...laidOut.scene, objects: [laidOut.scene.objects[0]!, ...kept] };
    return {
      after: { plan, scene },
      words: { ...words(random, before, groups[0]!), y, rel: random.pick(RELATION_PHRASES[relation]) },
      relations: statedBy(group.concept.name, relation, groups[0]!.concept.name),
    };
  }
  if (arrangement.type !== "pair" || groups.some((item) => item.count > 1)) return null;
  const axis = arrangement.relation === "left" || arrangement.relation === "right" ? "row" : "column";
  const forward = arrangement.relation === "left" || arrangement.relation === "above";
  const line = forward ? [...groups] : [...groups].reverse();
  const first = chance(random, 0.5);
  const relation = axis === "row" ? (first ? "left" : "right") : first ? "above" : "below";
  const neighbour = first ? line[0]! : line[1]!;
  const plan: ScenePlan = {
    groups: first ? [group, ...line] : [...line, group],
    arrangement: { type: "line", axis },
    background,
  };
  return {
    after: fresh(random, world, plan),
    words: { ...words(random, before, neighbour), y, rel: random.pick(RELATION_PHRASES[relation]) },
    relations: statedBy(group.concept.name, relation, neighbour.concept.name),
  };
}

function addOne(random: Philox, world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  return changeCount(random, world, before, 1);
}

function removeOne(random: Philox, world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  return changeCount(random, world, before, -1);
}

function changeCount(
  random: Philox,
  world: TaskWorld,
  before: Picture,
  by: 1 | -1,
): Omit<EditStep, "operation"> | null {
  const [group, ...others] = before.plan.groups;
  const { arrangement } = before.plan;
  if (others.length > 0 || arrangement.type !== "alone") return null;
  const count = group!.count + by;
  if (count < 1 || count > 6) return null;
  const { size: _, ...ordinary } = group!;
  const plan = { ...withGroup(before.plan, 0, { ...ordinary, count }), arrangement: { type: "alone" } } as const;
  const unit = one(group!.concept).replace(/^an? /, "");
  return {
    after: fresh(random, world, plan),
    words: { unit, the: the(group!.concept, "", group!.count) },
    relations: [],
  };
}

function remove(random: Philox, _world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  const { plan, scene } = before;
  if (plan.groups.length < 2) return null;
  const index = random.int(plan.groups.length);
  const group = plan.groups[index]!;
  const start = plan.groups.slice(0, index).reduce((sum, item) => sum + item.count, 0);
  const objects = scene.objects.filter((_, i) => i < start || i >= start + group.count);
  const groups = plan.groups.filter((_, i) => i !== index);
  const arrangement =
    plan.arrangement.type === "pair"
      ? ({
          type: "alone",
          place: index === 0 ? OPPOSITE[plan.arrangement.relation] : plan.arrangement.relation,
        } as const)
      : plan.arrangement;
  // Two of a line of three are not a pair in the sense of a layout: later steps would misplace them.
  if (arrangement.type === "corners" || arrangement.type === "line") return null;
  const after = { plan: { ...plan, groups, arrangement }, scene: { ...scene, objects } };
  return { after, words: words(random, before, group), relations: [] };
}

function move(random: Philox, world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  const { plan, scene } = before;
  const [object, ...others] = scene.objects;
  if (others.length > 0 || plan.arrangement.type !== "alone") return null;
  const place = random.pick(RELATIONS);
  if (place === plan.arrangement.place || object!.size > 0.7) return null;
  const near = 0.02 + object!.size / 2 + between(random, 0, 0.03);
  const along = between(random, 0.46, 0.54);
  const [x, y] =
    place === "left"
      ? [near, along]
      : place === "right"
        ? [1 - near, along]
        : place === "above"
          ? [along, near]
          : [along, 1 - near];
  const side = { left: "left", right: "right", above: "top", below: "bottom" }[place];
  const at = { left: "on the left", right: "on the right", above: "at the top", below: "at the bottom" }[place];
  const after = {
    plan: { ...plan, arrangement: { type: "alone", place } } as const,
    scene: onGrid({ ...scene, objects: [{ ...object!, x, y }] }, world.grid),
  };
  return { after, words: { ...words(random, before, plan.groups[0]!), side, at }, relations: [] };
}

function swap(_random: Philox, _world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  const { plan, scene } = before;
  const [a, b] = scene.objects;
  if (plan.arrangement.type !== "pair" || scene.objects.length !== 2) return null;
  const relation = OPPOSITE[plan.arrangement.relation];
  const objects = [
    { ...a!, x: b!.x, y: b!.y },
    { ...b!, x: a!.x, y: a!.y },
  ];
  const [first, second] = plan.groups;
  return {
    after: { plan: { ...plan, arrangement: { type: "pair", relation } }, scene: { ...scene, objects } },
    words: {
      a: the(first!.concept),
      b: the(second!.concept),
      rel: RELATION_PHRASES[relation][0]!,
    },
    relations: statedBy(first!.concept.name, relation, second!.concept.name),
  };
}

function resize(random: Philox, world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  const { plan, scene } = before;
  const [object, ...others] = scene.objects;
  if (others.length > 0 || plan.arrangement.type !== "alone" || plan.arrangement.place !== undefined) return null;
  const bigger = chance(random, 0.5);
  const size = object!.size * (bigger ? 1.45 : 0.6);
  if (size > 0.92 || size < 0.24) return null;
  const group = plan.groups[0]!;
  const { size: _, ...ordinary } = group;
  return {
    after: {
      plan: { ...plan, groups: [ordinary] },
      scene: onGrid({ ...scene, objects: [{ ...object!, size, x: 0.5, y: 0.5 }] }, world.grid),
    },
    words: { ...words(random, before, group), change: bigger ? "bigger" : "smaller" },
    relations: [],
  };
}

const TURNS = [
  [90, "a quarter turn to the right"],
  [270, "a quarter turn to the left"],
  [180, "upside down"],
] as const;

function rotate(random: Philox, _world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  const { plan, scene } = before;
  if (plan.groups.length > 1 || scene.objects.some((object) => object.rotation)) return null;
  const [rotation, turn] = random.pick(TURNS);
  const after = { plan, scene: changeGroup(before, 0, { rotation }) };
  return { after, words: { ...words(random, before, plan.groups[0]!), turn }, relations: [] };
}

function changeBackground(random: Philox, world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  const { plan, scene } = before;
  const background = pickBackground(random, world, plan.groups, chance(random, 0.1));
  if (background === plan.background) return null;
  const after = { plan: { ...plan, background }, scene: { ...scene, background } };
  const group = plan.groups[0]!;
  const several = plan.groups.length > 1;
  const ref = several ? "them" : reference(random, before, group);
  return { after, words: { ref, background, a: withArticle(background) }, relations: [] };
}

function restyle(random: Philox, world: TaskWorld, before: Picture): Omit<EditStep, "operation"> | null {
  const { plan, scene } = before;
  const old = plan.groups[0]!.style;
  const styles = world.styles.filter(
    (style) => style !== old && plan.groups.every(({ concept }) => world.hasSprite(concept, style)),
  );
  if (styles.length === 0) return null;
  const style = random.pick(styles);
  const groups = plan.groups.map((group) => ({ ...group, style }));
  if (!groups.every((group) => visible(world, group, plan.background))) return null;
  const objects = scene.objects.map((object) => ({ ...object, style: style.name }));
  const ref = plan.groups.length > 1 ? "them" : reference(random, before, plan.groups[0]!);
  return {
    after: { plan: { ...plan, groups }, scene: { ...scene, objects } },
    words: { ref, style: style.promptName },
    relations: [],
  };
}
