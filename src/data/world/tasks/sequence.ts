import type { Philox } from "../../../core/random.ts";
import { draw, reply, say, show, type DraftItem, type SampleDraft } from "../draft.ts";
import { fill, here, numberWord } from "../grammar.ts";
import { onGrid } from "../scene-plan.ts";
import type { Scene } from "../scene.ts";
import { chance, pickTemplate, pickWeighted, typed, type TaskWorld } from "../task-world.ts";
import {
  changing,
  counting,
  growing,
  joining,
  meeting,
  moving,
  turning,
  type Course,
  type CourseMaker,
} from "./sequence-steps.ts";

/** {action} is a clause: "a cat moves to the right". */
const STORY = [
  "Tell a story in {n} pictures: {action}.",
  "Draw a story in {n} pictures: {action}.",
  "Draw {n} pictures: {action}.",
  "Show in {n} pictures: {action}.",
  "Show in {n} steps: {action}.",
  "Illustrate in {n} pictures: {action}.",
  "Make a comic with {n} pictures: {action}.",
  "Please draw a story: {action}, in {n} pictures.",
  "Draw this step by step in {n} pictures: {action}.",
  "A story in {n} pictures: {action}",
  "{action}, in {n} pictures",
  "Can you draw a story in {n} pictures? {Action}.",
  "Tell and draw in {n} steps: {action}.",
  "Write a picture story with {n} pictures: {action}.",
  "Animate in {n} frames: {action}.",
] as const;

/** After two or three frames: one more. */
const NEXT = [
  "Draw the next picture.",
  "Draw the next frame.",
  "Draw what comes next.",
  "Show what comes next.",
  "Show the next frame.",
  "Continue the sequence.",
  "Continue.",
  "Next frame, please.",
  "Predict the next frame.",
  "Draw how it goes on.",
  "Please continue with one more picture.",
  "One more frame.",
  "Can you draw the next frame?",
  "The next picture, please.",
  "Complete the series.",
] as const;

/**
 * Frames that are shown move by equal steps; one that the model draws comes next to where it belongs, on the grid of all that it
 * draws. Counted things stand on it in all frames: their layouts have no steps.
 */
function drawn({ grid }: TaskWorld, scene: Scene): DraftItem {
  return draw(onGrid(scene, grid));
}

const COURSES: readonly (readonly [readonly [task: string, make: CourseMaker], number])[] = [
  [["move", moving], 26],
  [["grow", growing], 14],
  [["turn", turning], 8],
  [["count", counting], 16],
  [["join", joining], 16],
  [["meet", meeting], 10],
  [["change", changing], 10],
];

interface PredictableCourse extends Course {
  readonly task: string;
  readonly last: string;
}

/** Three or four frames of which the last follows from the others. */
export function predictableCourse(random: Philox, world: TaskWorld): PredictableCourse {
  for (;;) {
    const [task, make] = pickWeighted(random, COURSES);
    const course = make(random, world, 3 + random.int(2));
    if (course !== null && course.last !== null) return { ...course, task, last: course.last };
  }
}

/** Stories of three to five pictures with a sentence before each, and the next frame of a shown beginning. */
export function sequence(random: Philox, world: TaskWorld): SampleDraft {
  return chance(random, 0.35) ? nextFrame(random, world) : story(random, world);
}

function nextFrame(random: Philox, world: TaskWorld): SampleDraft {
  const { task, steps, last } = predictableCourse(random, world);
  const frames = steps.slice(0, -1).map(({ scene }) => show(scene));
  const { scene } = steps.at(-1)!;
  const prompt = typed(random, pickTemplate(random, world, "sequence-next", NEXT));
  const words = here(last, scene.objects.length > 1);
  return {
    kind: "sequence",
    task: `next.${task}`,
    items: [...frames, say(prompt), reply(words), drawn(world, scene)],
    relations: [],
  };
}

function story(random: Philox, world: TaskWorld): SampleDraft {
  for (;;) {
    const [task, make] = pickWeighted(random, COURSES);
    const count = 3 + pickWeighted(random, [[0, 50], [1, 35], [2, 15]] as const); // prettier-ignore
    const course = make(random, world, count);
    if (course === null) continue;
    const words = { n: numberWord(count), action: course.action };
    const prompt = typed(random, fill(pickTemplate(random, world, "sequence-story", STORY), words));
    const items = course.steps.flatMap((step) => [reply(step.text), drawn(world, step.scene)]);
    return { kind: "sequence", task: `story.${task}`, items: [say(prompt), ...items], relations: [] };
  }
}
