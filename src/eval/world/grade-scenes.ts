import type { Scene, SceneObject } from "../../data/world/scene.ts";
import type { Answer, Grade } from "./grade.ts";
import type { EditExpectation, SeriesExpectation, Variation } from "./item.ts";
import type { Detection } from "./judge.ts";
import { certain, type View } from "./view.ts";

/** How far a thing may stand from its place, as a share of the picture's side: three times what the judge is off. */
const PLACE_TOLERANCE = 0.1;
/** A move that is surely more than that. */
const LEAST_MOVE = 0.15;

/** What must fit between a thing of a scene and a thing that is seen; the concept and a colour that was given always must. */
interface Strictness {
  readonly style: boolean;
  readonly place: boolean;
}

/**
 * Whether the asked change happened, and whether everything else stayed: the other things with their looks (and places,
 * where the edit keeps them), the background, nothing new. Right is both.
 */
export function gradeEdit(expected: EditExpectation, view: View | null): Grade {
  if (!view) return { right: false, aspects: { "change made": false, "rest kept": false, "moves on": false } };
  const { before, after, keepsPlaces } = expected;
  const [staying, appeared] = split(after.objects, before.objects);
  const [, vanished] = split(before.objects, after.objects);
  const moved = keepsPlaces ? staying.filter((object) => !standsAt(before, object)) : [];
  const still = staying.filter((object) => !moved.includes(object));
  const restyled = appeared.some(({ style }) => before.objects.every((object) => object.style !== style));
  const strict = { style: restyled, place: false };
  // Of what appeared and what is gone there must be as many as the new scene has.
  const counts = [...appeared, ...vanished].every(
    (object) =>
      number(view, object.concept) === after.objects.filter(({ concept }) => concept === object.concept).length,
  );
  const changed =
    counts &&
    matches(appeared, view, strict) &&
    matches(moved, view, { style: false, place: true }) &&
    (after.background === before.background || view.background === after.background);
  const kept =
    certain(view).length <= after.objects.length &&
    matches(still, view, { style: !restyled, place: keepsPlaces }) &&
    (after.background !== before.background || view.background === before.background);
  const movesOn = changed || !showsScene(before, view, true);
  return { right: changed && kept, aspects: { "change made": changed, "rest kept": kept, "moves on": movesOn } };
}

/** Right: as many pictures as asked, each as asked, and nothing changed between them but what was to change. */
export function gradeSeries(expected: SeriesExpectation, { views, stopped }: Answer): Grade {
  const { scenes, places, varies, last } = expected;
  const number = views.length === scenes.length && stopped;
  const each = scenes.every((scene, i) => views[i] !== undefined && showsScene(scene, views[i], places));
  const [first] = views;
  const repeats = last !== null && first !== undefined && showsScene(last, first, places);
  const coherent = varies === null || (views.length > 1 && isCoherent(views, varies));
  return {
    right: number && each && coherent,
    aspects: {
      ...(scenes.length > 1 && { "number and end": number, "each picture": each, coherent }),
      // A picture that shows both (what comes next looks the same) is no repetition.
      ...(last !== null && { "moves on": first !== undefined && (!repeats || each) }),
    },
  };
}

/** Whether the grades tell the scenes apart: by looks, numbers, background, or a thing that has clearly moved. */
export function areDistinct(first: Scene, second: Scene): boolean {
  const [, gone] = split(first.objects, second.objects);
  const [staying, come] = split(second.objects, first.objects);
  return (
    gone.length + come.length > 0 ||
    first.background !== second.background ||
    staying.some((object) =>
      first.objects
        .filter((other) => looks(other) === looks(object))
        .every((other) => Math.hypot(other.x - object.x, other.y - object.y) >= LEAST_MOVE),
    )
  );
}

/** Whether the picture shows exactly the things of the scene, on its background. */
export function showsScene(scene: Scene, view: View, places: boolean): boolean {
  return (
    certain(view).length === scene.objects.length &&
    view.background === scene.background &&
    matches(scene.objects, view, { style: false, place: places })
  );
}

/** Whether all pictures have the same first thing, style and background, but for what varies. */
function isCoherent(views: readonly View[], varies: Variation): boolean {
  const same = (name: (view: View) => string | undefined) => new Set(views.map(name)).size <= 1;
  const largest = (view: View) => certain(view)[0];
  return (
    views.every((view) => largest(view) !== undefined) &&
    (varies === "style" || same((view) => largest(view)!.style)) &&
    (varies === "background" || same(({ background }) => background)) &&
    (varies === "cast" || same((view) => largest(view)!.concept)) &&
    (varies === "cast" || varies === "colour" || varies === "style" || same((view) => largest(view)!.colour))
  );
}

/** The objects that others have too, looking the same, and those that they lack. */
function split(objects: readonly SceneObject[], others: readonly SceneObject[]): [SceneObject[], SceneObject[]] {
  const left = others.map(looks);
  const [shared, own]: [SceneObject[], SceneObject[]] = [[], []];
  for (const object of objects) {
    const at = left.indexOf(looks(object));
    if (at < 0) own.push(object);
    else {
      left.splice(at, 1);
      shared.push(object);
    }
  }
  return [shared, own];
}

function looks({ concept, style, colour }: SceneObject): string {
  return JSON.stringify([concept, style, colour]);
}

function standsAt(scene: Scene, object: SceneObject): boolean {
  return scene.objects.some((other) => looks(other) === looks(object) && other.x === object.x && other.y === object.y);
}

function number(view: View, wanted: string): number {
  return certain(view).filter(({ concept }) => concept === wanted).length;
}

/** Whether there is another thing in the picture for each object. */
function matches(objects: readonly SceneObject[], view: View, strict: Strictness): boolean {
  const left = certain(view);
  // Those that are given more exactly choose first, the nearest thing.
  const exactFirst = [...objects].sort((a, b) => Number(a.colour === null) - Number(b.colour === null));
  return exactFirst.every((object) => {
    const fitting = left.filter((seen) => fits(object, seen, view, strict));
    if (fitting.length === 0) return false;
    const nearest = fitting.reduce((a, b) => (distance(object, b, view) < distance(object, a, view) ? b : a));
    left.splice(left.indexOf(nearest), 1);
    return true;
  });
}

function fits(object: SceneObject, seen: Detection, view: View, { style, place }: Strictness): boolean {
  return (
    seen.concept === object.concept &&
    (object.colour === null || seen.colour === object.colour) &&
    (!style || seen.style === object.style) &&
    (!place || distance(object, seen, view) <= PLACE_TOLERANCE)
  );
}

/** Between the centres, as a share of the picture's sides. */
function distance(object: SceneObject, { box }: Detection, { width, height }: View): number {
  return Math.hypot((box.x + box.width / 2) / width - object.x, (box.y + box.height / 2) / height - object.y);
}
