import type { Philox } from "../../../core/random.ts";
import { draw, reply, say, show, type DraftItem, type SampleDraft } from "../draft.ts";
import { fill, numberWord } from "../grammar.ts";
import { onGrid } from "../scene-plan.ts";
import type { Scene } from "../scene.ts";
import { chance, pickTemplate, pickWeighted, typed, type TaskWorld } from "../task-world.ts";
import { changing, counting, growing, joining, meeting, moving, turning } from "./sequence-steps.ts";

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

/** Frames that are shown move by equal steps; those that the model draws come next to them, on the grid of all that it draws. */
function drawn({ grid }: TaskWorld, scene: Scene): DraftItem {
  return draw(onGrid(scene, grid));
}

/** Stories of three to five pictures with a sentence before each, and the next frame of a shown beginning. */
export function sequence(random: Philox, world: TaskWorld): SampleDraft {
  for (;;) {
    const next = chance(random, 0.35);
    const [task, make] = pickWeighted(random, [
      [["move", moving], 26],
      [["grow", growing], 14],
      [["turn", turning], 8],
      [["count", counting], 16],
      [["join", joining], 16],
      [["meet", meeting], 10],
      [["change", changing], 10],
    ] as const);
    const count = 3 + (next ? random.int(2) : pickWeighted(random, [[0, 50], [1, 35], [2, 15]] as const)); // prettier-ignore
    const course = make(random, world, count);
    if (course === null || (next && course.last === null)) continue;
    if (next) {
      const frames = course.steps.slice(0, -1).map((step) => show(step.scene));
      const prompt = pickTemplate(random, world, "sequence-next", NEXT);
      const items = [...frames, say(typed(random, prompt)), reply(course.last!), drawn(world, course.steps.at(-1)!.scene)]; // prettier-ignore
      return { kind: "sequence", task: `next.${task}`, items, relations: [] };
    }
    const words = { n: numberWord(count), action: course.action };
    const prompt = fill(pickTemplate(random, world, "sequence-story", STORY), words);
    const items = course.steps.flatMap((step) => [reply(step.text), drawn(world, step.scene)]);
    return { kind: "sequence", task: `story.${task}`, items: [say(typed(random, prompt)), ...items], relations: [] };
  }
}
