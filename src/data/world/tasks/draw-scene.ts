import type { Philox } from "../../../core/random.ts";
import { captionOf, type Caption } from "../captions.ts";
import type { Concept } from "../concepts.ts";
import { draw, reply, say, type SampleDraft } from "../draft.ts";
import { OPPOSITE, RELATIONS } from "../grammar.ts";
import { realise, type Arrangement, type Group, type ScenePlan } from "../scene-plan.ts";
import {
  chance,
  pickBackground,
  pickColour,
  pickConcepts,
  pickStyle,
  pickWeighted,
  type Subject,
  type TaskWorld,
} from "../task-world.ts";
import { drawRequest } from "./draw-single.ts";

/** Shapes of scenes and how often each occurs. */
const SHAPES = [
  ["count", 22],
  ["pair", 62],
  ["counted-pair", 7],
  ["line", 5],
  ["corners", 4],
] as const;
export type SceneShape = (typeof SHAPES)[number][0];

/** How often a drawing's request says where its objects stand. */
const STATED = 0.75;

/** How often each of a pair is recoloured: two colours are the harder half of what a pair says. */
const PAIR_COLOURED = 0.55;

/** Several objects: "Draw a red cat to the left of a dog.", "three apples". */
export function drawScene(random: Philox, world: TaskWorld): SampleDraft {
  const arrangement = chance(random, STATED);
  return drawPlan(random, world, scenePlan(random, world), arrangement);
}

/** Two things, each in a colour that is not its own: which colour is whose is all that there is to learn. */
export function drawColouredPair(random: Philox, world: TaskWorld): SampleDraft {
  const arrangement = chance(random, 0.5);
  const recolourable = { ...world, concepts: world.concepts.filter((concept) => concept.recolourable) };
  const groups = subjects(random, recolourable, 2, 1).map((item) => ({ ...item, count: 1 }));
  const background = pickBackground(random, world, groups, chance(random, 0.6));
  return drawPlan(random, world, { groups, arrangement: arrangementOf(random, "pair"), background }, arrangement);
}

/** The request for a plan and its picture; `arrangement` says whether the request tells where things stand. */
function drawPlan(random: Philox, world: TaskWorld, free: ScenePlan, arrangement: boolean): SampleDraft {
  const plan = arrangement ? free : inReadingOrder(free);
  const caption = captionOf(random, plan, {
    naturalColours: chance(random, 0.2),
    style: chance(random, 0.3),
    background: plan.background !== "white" || chance(random, 0.05),
    arrangement,
    digits: chance(random, 0.15),
  });
  const plain = plainCaption(plan, arrangement);
  const { prompt, answer } = drawRequest(random, world, caption.text, plain.text, plain.plural);
  const picture = draw(realise(random, world, plan));
  const items = answer === null ? [say(prompt), picture] : [say(prompt), reply(answer), picture];
  return { kind: "draw", task: "draw.scene", items, relations: caption.relations };
}

/** A pair side by side as it is named: where nothing is said of places, one picture answers a request, not four. */
function inReadingOrder(plan: ScenePlan): ScenePlan {
  return plan.arrangement.type === "pair" ? { ...plan, arrangement: { type: "pair", relation: "left" } } : plan;
}

/**
 * A pair named from left to right or from top to bottom, whatever the request began with: what is announced so says where each
 * thing comes, in two ways in place of four, and before anything is drawn.
 */
function inPlaceOrder(plan: ScenePlan): ScenePlan {
  const { groups, arrangement } = plan;
  if (arrangement.type !== "pair" || arrangement.relation === "left" || arrangement.relation === "above") return plan;
  return {
    ...plan,
    groups: [...groups].reverse(),
    arrangement: { type: "pair", relation: OPPOSITE[arrangement.relation] },
  };
}

/** What a picture of the plan shows, in the plainest words ("a cat above a dog"), and whether it begins with several. */
export function plainCaption(plan: ScenePlan, arrangement = true): Caption & { readonly plural: boolean } {
  const told = inPlaceOrder(plan);
  const listed = told.groups.length > 1 && !(arrangement && told.arrangement.type === "pair");
  return { ...captionOf(null, told, { arrangement }), plural: listed || told.groups[0]!.count > 1 };
}

/** Several objects of one style on one background. */
export function scenePlan(
  random: Philox,
  world: TaskWorld,
  shape: SceneShape = pickWeighted(random, SHAPES),
): ScenePlan {
  const groups = groupsOf(random, world, shape);
  const background = pickBackground(random, world, groups, chance(random, 0.6));
  return { groups, arrangement: arrangementOf(random, shape), background };
}

function groupsOf(random: Philox, world: TaskWorld, shape: SceneShape): Group[] {
  if (shape === "count") return subjects(random, world, 1).map((item) => ({ ...item, count: 2 + random.int(5) }));
  if (shape === "pair") return subjects(random, world, 2, PAIR_COLOURED).map((item) => ({ ...item, count: 1 }));
  if (shape === "counted-pair")
    return subjects(random, world, 2).map((item) => ({ ...item, count: 1 + random.int(3) }));
  return subjects(random, world, shape === "line" ? 3 : 4).map((item) => ({ ...item, count: 1 }));
}

function arrangementOf(random: Philox, shape: SceneShape): Arrangement {
  if (shape === "count") return { type: "alone" };
  if (shape === "line") return { type: "line", axis: random.pick(["row", "column"] as const) };
  if (shape === "corners") return { type: "corners" };
  return { type: "pair", relation: random.pick(RELATIONS) };
}

/** Distinct concepts in one style, some recoloured, no two to the same colour. */
export function subjects(random: Philox, world: TaskWorld, count: number, colourShare = 0.4): Subject[] {
  const concepts: Concept[] = pickConcepts(random, world, count);
  const style = pickStyle(random, world, concepts);
  const used: (string | null)[] = [];
  return concepts.map((concept) => {
    const colour = pickColour(random, world, concept, colourShare, used);
    used.push(colour);
    return { concept, style, colour };
  });
}
