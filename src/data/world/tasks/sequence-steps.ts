import type { Philox } from "../../../core/random.ts";
import { arrange, band } from "../arrange.ts";
import { capitalise, counted, numberWord, one, pronoun, verb } from "../grammar.ts";
import { objectOf, realise, type Group } from "../scene-plan.ts";
import type { Scene } from "../scene.ts";
import { between, chance, pickBackground, pickDistinct, type Subject, type TaskWorld } from "../task-world.ts";
import { subjects } from "./draw-scene.ts";

/** Several pictures in order, with a sentence for each. */
export interface Course {
  /** What happens, as a clause: "a cat moves to the right". */
  readonly action: string;
  readonly steps: readonly { readonly text: string; readonly scene: Scene }[];
  /** What the last picture shows ("a cat on the right"); null where it does not follow from the ones before. */
  readonly last: string | null;
}

export type CourseMaker = (random: Philox, world: TaskWorld, count: number) => Course | null;

function scene(world: TaskWorld, background: string, objects: Scene["objects"]): Scene {
  return { width: world.imageSize, height: world.imageSize, background, objects };
}

function lone(random: Philox, world: TaskWorld): { subject: Subject; background: string; name: string } {
  const [subject] = subjects(random, world, 1, 0.3);
  const background = pickBackground(random, world, [subject!], chance(random, 0.6));
  return {
    subject: subject!,
    background,
    name: one(subject!.concept, subject!.colour ?? ""),
  };
}

/** "it moves" or "they move". */
function does(subject: Subject, singular: string, plural: string): string {
  return pronoun(subject.concept) === "it" ? `it ${singular}` : `they ${plural}`;
}

const WAYS = {
  right: { from: [0.2, 0.5], to: [0.8, 0.5], start: "on the left", words: "to the right", end: "on the right" },
  left: { from: [0.8, 0.5], to: [0.2, 0.5], start: "on the right", words: "to the left", end: "on the left" },
  up: { from: [0.5, 0.8], to: [0.5, 0.2], start: "at the bottom", words: "up", end: "at the top" },
  down: { from: [0.5, 0.2], to: [0.5, 0.8], start: "at the top", words: "down", end: "at the bottom" },
} as const;

/** A straight way across the picture in equal steps. */
export function moving(random: Philox, world: TaskWorld, count: number): Course {
  const { subject, background, name } = lone(random, world);
  const way = WAYS[random.pick(["right", "left", "up", "down"] as const)];
  const size = between(random, 0.3, 0.36);
  const steps = Array.from({ length: count }, (_, i) => {
    const done = i / (count - 1);
    const x = way.from[0] + (way.to[0] - way.from[0]) * done;
    const y = way.from[1] + (way.to[1] - way.from[1]) * done;
    const text =
      i === 0
        ? `${capitalise(name)} ${way.start}.`
        : i === count - 1
          ? `Now ${pronoun(subject.concept) === "it" ? "it is" : "they are"} ${way.end}.`
          : `${capitalise(does(subject, "moves", "move"))} ${done < 0.5 ? "nearly to" : done > 0.5 ? "past" : "to"} the middle.`;
    return { text, scene: scene(world, background, [objectOf(subject, { x, y, size })]) };
  });
  const [singular, plural] = random.pick([["moves", "move"], ["goes", "go"], ["travels", "travel"]] as const); // prettier-ignore
  const action = `${name} ${verb(subject.concept) === "is" ? singular : plural} ${way.words}`;
  return { action, steps, last: `${name} ${way.end}` };
}

/** Larger or smaller by equal factors. */
export function growing(random: Philox, world: TaskWorld, count: number): Course {
  const { subject, background, name } = lone(random, world);
  const up = chance(random, 0.6);
  const steps = Array.from({ length: count }, (_, i) => {
    const done = i / (count - 1);
    const size = 0.26 * (0.86 / 0.26) ** (up ? done : 1 - done);
    const [begin, singular, plural, end] = up
      ? ["small", "grows", "grow", "big"]
      : ["big", "shrinks", "shrink", "small"];
    const text =
      i === 0
        ? `${capitalise(one(subject.concept, [begin, subject.colour ?? ""].join(" ").trim()))}.`
        : i === count - 1
          ? `Now ${pronoun(subject.concept) === "it" ? "it is" : "they are"} ${end}.`
          : `${capitalise(does(subject, singular, plural))}.`;
    return { text, scene: scene(world, background, [objectOf(subject, { x: 0.5, y: 0.5, size })]) };
  });
  const [singular, plural] = up ? ["grows", "grow"] : ["shrinks", "shrink"];
  const last = one(subject.concept, [up ? "big" : "small", subject.colour ?? ""].join(" ").trim());
  return { action: `${name} ${verb(subject.concept) === "is" ? singular : plural}`, steps, last };
}

/** Quarter turns to the right. */
export function turning(random: Philox, world: TaskWorld, count: number): Course {
  const { subject, background, name } = lone(random, world);
  const size = between(random, 0.5, 0.6);
  const steps = Array.from({ length: count }, (_, i) => {
    const object = objectOf(subject, { x: 0.5, y: 0.5, size });
    const text = i === 0 ? `${capitalise(name)}.` : `${capitalise(does(subject, "turns", "turn"))}.`;
    const rotation = (i % 4) * 90;
    return { text, scene: scene(world, background, [rotation === 0 ? object : { ...object, rotation }]) };
  });
  const turned = ["upright", "turned to the right", "upside down", "turned to the left"][(count - 1) % 4]!;
  const action = `${name} ${verb(subject.concept) === "is" ? "turns" : "turn"} around`;
  return { action, steps, last: `${name} ${turned}` };
}

/** One, two, three …, or downwards. */
export function counting(random: Philox, world: TaskWorld, count: number): Course {
  const { subject, background } = lone(random, world);
  const up = chance(random, 0.7);
  const first = up ? 1 + random.int(7 - count) : count + random.int(7 - count);
  const steps = Array.from({ length: count }, (_, i) => {
    const number = up ? first + i : first - i;
    const groups: Group[] = [{ ...subject, count: number }];
    const picture = realise(random, world, { groups, arrangement: { type: "alone" }, background });
    return { text: `${capitalise(counted(number, subject.concept, subject.colour ?? ""))}.`, scene: picture };
  });
  const final = up ? first + count - 1 : first - count + 1;
  const things = counted(2, subject.concept, subject.colour ?? "").replace("two ", "");
  const action = `counting ${things} from ${numberWord(first)} to ${numberWord(final)}`;
  return {
    action,
    steps,
    last: counted(final, subject.concept, subject.colour ?? ""),
  };
}

/** One more kind of object in every picture. */
export function joining(random: Philox, world: TaskWorld, count: number): Course {
  const friends = subjects(random, world, count, 0.2);
  const background = pickBackground(random, world, friends, chance(random, 0.6));
  const axis = random.pick(["row", "column"] as const);
  const objects = friends.map((friend, index) => objectOf(friend, arrange(random, 1, band(index, count, axis))[0]!));
  const names = friends.map((friend) => one(friend.concept, friend.colour ?? ""));
  const steps = friends.map((friend, i) => {
    const comes = verb(friend.concept) === "is" ? "joins" : "join";
    const text = i === 0 ? `${capitalise(names[0]!)}.` : `${capitalise(names[i]!)} ${comes}.`;
    return { text, scene: scene(world, background, objects.slice(0, i + 1)) };
  });
  return { action: `${names[0]} meets ${names.slice(1).join(" and then ")}`, steps, last: null };
}

/** Two objects on their way to each other. */
export function meeting(random: Philox, world: TaskWorld, count: number): Course {
  const pair = subjects(random, world, 2, 0.2);
  const background = pickBackground(random, world, pair, chance(random, 0.6));
  const size = between(random, 0.28, 0.32);
  const [first, second] = pair.map((subject) => one(subject.concept, subject.colour ?? ""));
  const steps = Array.from({ length: count }, (_, i) => {
    const gap = 0.32 - (0.32 - 0.17) * (i / (count - 1));
    const text =
      i === 0 ? `${capitalise(first!)} and ${second}.` : i === count - 1 ? "They meet." : "They come closer.";
    const objects = [
      objectOf(pair[0]!, { x: 0.5 - gap, y: 0.5, size }),
      objectOf(pair[1]!, { x: 0.5 + gap, y: 0.5, size }),
    ];
    return { text, scene: scene(world, background, objects) };
  });
  return { action: `${first} and ${second} come closer`, steps, last: `${first} and ${second} close together` };
}

/** The same object in one colour after another. */
export function changing(random: Philox, world: TaskWorld, count: number): Course | null {
  const { subject, background } = lone(random, world);
  const { concept, style } = subject;
  const colours = world.colours.filter(
    (colour) => colour !== concept.naturalColour && world.stands(concept.name, style.name, colour, background),
  );
  if (!concept.recolourable || colours.length < count) return null;
  const chosen = pickDistinct(random, colours, count);
  const place = { x: 0.5, y: 0.5, size: between(random, 0.5, 0.62) };
  const steps = chosen.map((colour, i) => {
    const text = i === 0 ? one(concept, colour) : `${does(subject, "turns", "turn")} ${colour}`;
    return { text: `${capitalise(text)}.`, scene: scene(world, background, [objectOf({ ...subject, colour }, place)]) };
  });
  const action = `${one(concept, chosen[0])} ${verb(concept) === "is" ? "turns" : "turn"} ${chosen.slice(1).join(", then ")}`;
  return { action, steps, last: null };
}
