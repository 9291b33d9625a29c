import type { Philox } from "../../core/random.ts";
import { arrange, band, corner, half, JITTER, keptApart, snapped, WHOLE, type Place } from "./arrange.ts";
import { OPPOSITE, type Relation } from "./grammar.ts";
import type { Scene, SceneObject } from "./scene.ts";
import { between, colourOf, type Subject, type TaskWorld } from "./task-world.ts";

/** Objects of one kind in a scene: what one noun phrase speaks of. */
export interface Group extends Subject {
  readonly count: number;
  /** Said and drawn large or small; otherwise of ordinary size. */
  readonly size?: "big" | "small";
}

/** How groups share the picture. */
export type Arrangement =
  /** One group, wherever it fits; or the place in the picture that the text names. */
  | { readonly type: "alone"; readonly place?: Relation }
  /** The first of two groups stands `relation` from the second. */
  | { readonly type: "pair"; readonly relation: Relation }
  /** Three or more groups from left to right, or from top to bottom. */
  | { readonly type: "line"; readonly axis: "row" | "column" }
  /** Four groups: top left, top right, bottom left, bottom right. */
  | { readonly type: "corners" };

/** A scene as people would speak of it; {@link realise} places it. */
export interface ScenePlan {
  readonly groups: readonly Group[];
  readonly arrangement: Arrangement;
  readonly background: string;
}

const SIZE_RANGE = { ordinary: [0.55, 0.66], big: [0.8, 0.9], small: [0.26, 0.34] } as const;

/** Gives every object of a plan its place. Objects come in the order of the groups. */
export function realise(random: Philox, world: TaskWorld, plan: ScenePlan): Scene {
  const { imageSize, grid } = world;
  // Jitter would only choose between neighbouring multiples.
  const jitter = grid > 1 ? 0 : JITTER;
  const objects = plan.groups.flatMap((group, index) =>
    placesOf(random, plan, group, index, jitter).map((place) => objectOf(group, place)),
  );
  return onGrid({ width: imageSize, height: imageSize, background: plan.background, objects }, grid);
}

/** The square scene with everything on multiples of `grid` pixels, smaller where it must be to keep apart; 1 leaves it as it is. */
export function onGrid(scene: Scene, grid: number): Scene {
  if (grid === 1) return scene;
  const placed = scene.objects.map((object) => ({ ...object, ...snapped(object, scene.width, grid) }));
  return { ...scene, objects: keptApart(placed, scene.width, grid) };
}

export function objectOf(subject: Subject, place: Place): SceneObject {
  return {
    concept: subject.concept.name,
    style: subject.style.name,
    colour: subject.colour,
    x: place.x,
    y: place.y,
    size: place.size,
  };
}

function placesOf(random: Philox, plan: ScenePlan, group: Group, index: number, jitter: number): Place[] {
  const { arrangement } = plan;
  const [low, high] = SIZE_RANGE[group.size ?? "ordinary"];
  const largest = between(random, low, high);
  if (arrangement.type === "pair") {
    const side = index === 0 ? arrangement.relation : OPPOSITE[arrangement.relation];
    return arrange(random, group.count, half(side), largest, jitter);
  }
  if (arrangement.type === "line") {
    return arrange(random, group.count, band(index, plan.groups.length, arrangement.axis), largest, jitter);
  }
  if (arrangement.type === "corners") return arrange(random, group.count, corner(index), largest, jitter);
  if (arrangement.place !== undefined) return arrange(random, group.count, half(arrangement.place), largest, jitter);
  if (group.count > 1) return arrange(random, group.count, WHOLE, largest, jitter);
  const slack = Math.min(jitter, (0.98 - largest) / 2);
  return [{ x: 0.5 + between(random, -slack, slack), y: 0.5 + between(random, -slack, slack), size: largest }];
}

/** "big red": the words before a group's noun. `colour` says whether its colour is spoken of. */
export function adjectivesOf(group: Pick<Group, "concept" | "colour" | "size">, colour: boolean): string {
  const words = [group.size ?? "", colour ? (colourOf(group) ?? "") : ""];
  return words.filter((word) => word !== "").join(" ");
}
