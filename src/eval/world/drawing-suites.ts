import { Philox } from "../../core/random.ts";
import { backgroundPhrase } from "../../data/world/captions.ts";
import type { Concept } from "../../data/world/concepts.ts";
import { draw, type StatedRelation } from "../../data/world/draft.ts";
import { heldOutSplits } from "../../data/world/facts.ts";
import { counted, fill, OPPOSITE, RELATION_PHRASES, RELATIONS, type Relation } from "../../data/world/grammar.ts";
import { realise, type Arrangement, type Group } from "../../data/world/scene-plan.ts";
import type { Scene } from "../../data/world/scene.ts";
import { CURATED_CONCEPTS, splitOfStyle, splitOfTemplate, type Split } from "../../data/world/splits.ts";
import { pickDistinct, type TaskWorld } from "../../data/world/task-world.ts";
import { DRAW_CAPTIONS, DRAW_REQUESTS } from "../../data/world/tasks/draw-single.ts";
import type { Expectation } from "./item.ts";
import { seedOf, taskWorldOf, type ItemDraft, type SuiteWorld } from "./suite-world.ts";

/** Items a group, where there are enough. */
const COLOUR_ITEMS = 60;
const RELATION_ITEMS = 30;
const PAIR_ITEMS = 30;
const COUNT_ITEMS = 12;
const COUNTS = [2, 3, 4, 5, 6];
const WORDINGS_PER_CONCEPT = 2;
const MAX_ATTEMPTS = 20_000;

/** Every trained concept in the plainest words, and the curated ones in wordings that training never showed. */
export function singleItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const world = taskWorldOf(suiteWorld);
  const wordings = [
    ...DRAW_REQUESTS.filter((template) => splitOfTemplate("draw-request", template) !== "train"),
    ...DRAW_CAPTIONS.filter((template) => splitOfTemplate("draw-caption", template) !== "train"),
  ];
  return world.concepts.flatMap((concept, index) => {
    const expected = { type: "object", concept: concept.name } as const;
    const isCurated = CURATED_CONCEPTS.has(concept.name);
    const items = [drawItem(world, isCurated ? "curated" : "other", expected, [{ concept, colour: null, count: 1 }])];
    for (let i = 0; isCurated && i < WORDINGS_PER_CONCEPT; i++) {
      const wording = wordings[(index + i) % wordings.length];
      if (wording !== undefined)
        items.push(drawItem(world, "heldout-template", expected, [{ concept, colour: null, count: 1 }], { wording }));
    }
    return items.flatMap((item) => item ?? []);
  });
}

/** "Draw a green star.": colours that training showed on that concept, and held-out combinations. */
export function colourItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const world = taskWorldOf(suiteWorld);
  const random = new Philox(seedOf("colour"));
  const combinations = world.concepts
    .filter((concept) => concept.recolourable)
    .flatMap((concept) =>
      world.colours.filter((colour) => colour !== concept.naturalColour).map((colour) => ({ concept, colour })),
    );
  return quotas(
    random.shuffle(combinations),
    ({ concept, colour }) =>
      drawItem(world, "", { type: "colour", concept: concept.name, colour }, [{ concept, colour, count: 1 }]),
    { train: COLOUR_ITEMS, "heldout-colour": COLOUR_ITEMS },
  );
}

/** "Draw a cat and a dog.", in any places. */
export function twoItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const world = taskWorldOf(suiteWorld);
  const random = new Philox(seedOf("two"));
  return quotas(
    Array.from({ length: MAX_ATTEMPTS }, () => random.pick(RELATIONS)),
    (relation) => {
      const concepts = pickDistinct(random, world.concepts, 2);
      const facts = concepts.map(({ name }) => ({ type: "object", concept: name }) as const);
      const groups = concepts.map((concept) => ({ concept, colour: null, count: 1 }));
      return drawItem(world, "", { type: "all", facts }, groups, { arrangement: { type: "pair", relation } });
    },
    { train: PAIR_ITEMS, "heldout-pair": PAIR_ITEMS },
  );
}

/** "Draw a red cat and a green dog." */
export function bindingItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const world = taskWorldOf(suiteWorld);
  const random = new Philox(seedOf("binding"));
  const recolourable = world.concepts.filter((concept) => concept.recolourable);
  return quotas(
    Array.from({ length: MAX_ATTEMPTS }, () => random.pick(RELATIONS)),
    (relation) => {
      const concepts = pickDistinct(random, recolourable, 2);
      const colours = pickDistinct(random, world.colours, 2);
      if (concepts.some(({ naturalColour }, i) => naturalColour === colours[i])) return null;
      const groups = concepts.map((concept, i) => ({ concept, colour: colours[i]!, count: 1 }));
      const facts = groups.map(({ concept, colour }) => ({ type: "colour", concept: concept.name, colour }) as const);
      return drawItem(world, "", { type: "all", facts }, groups, { arrangement: { type: "pair", relation } });
    },
    { train: PAIR_ITEMS, "heldout-pair": PAIR_ITEMS, "heldout-colour": PAIR_ITEMS },
  );
}

/** "Draw a cat to the left of a dog.", with pairs and relations that training kept back apart. */
export function relationItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const world = taskWorldOf(suiteWorld);
  const random = new Philox(seedOf("relation"));
  const attempts = Array.from({ length: MAX_ATTEMPTS }, () => random.pick(RELATIONS));
  return quotas(
    attempts,
    (relation) => {
      const [first, second] = pickDistinct(random, world.concepts, 2) as [Concept, Concept];
      const expected = { type: "relation", concept: first.name, relation, other: second.name } as const;
      const groups = [first, second].map((concept) => ({ concept, colour: null, count: 1 }));
      return drawItem(world, "", expected, groups, {
        arrangement: { type: "pair", relation },
        phrase: random.pick(RELATION_PHRASES[relation]),
      });
    },
    { train: RELATION_ITEMS, "heldout-pair": RELATION_ITEMS, "heldout-relation": RELATION_ITEMS },
  );
}

/** "Draw three apples." */
export function countingItems(suiteWorld: SuiteWorld): ItemDraft[] {
  const world = taskWorldOf(suiteWorld);
  return COUNTS.flatMap((count) => {
    const concepts = new Philox(seedOf("counting", String(count))).shuffle([...world.concepts]);
    return concepts
      .flatMap((concept) => {
        const expected = { type: "count", concept: concept.name, count } as const;
        return drawItem(world, String(count), expected, [{ concept, colour: null, count }]) ?? [];
      })
      .slice(0, COUNT_ITEMS);
  });
}

const PLAIN_REQUEST = "Draw {x}.";

type Wanted = Pick<Group, "concept" | "colour" | "count">;

interface Layout {
  readonly wording?: string;
  /** Between two groups. */
  readonly phrase?: string;
  readonly arrangement?: Arrangement;
}

/**
 * A request for the groups and a picture that fulfils it, on white or, where they would not be seen there, on another
 * background that the request names. `group` "" stands for the split of the combination. Null where no style will do.
 */
function drawItem(
  world: TaskWorld,
  group: string,
  expected: Expectation,
  wanted: readonly Wanted[],
  { wording = PLAIN_REQUEST, phrase = "and", arrangement = { type: "alone" } }: Layout = {},
): ItemDraft | null {
  const random = new Philox(seedOf("truth", JSON.stringify(expected), wording));
  const cell = visibleCell(random, world, wanted);
  if (!cell) return null;
  const truth = realise(random, world, {
    groups: wanted.map((item) => ({ ...item, style: cell.style })),
    arrangement,
    background: cell.background,
  });
  const split = splitOf(truth, expected.type === "relation" ? statedRelations(wanted, expected.relation) : []);
  if (split === null || (group !== "" && split !== "train")) return null;
  const phrases = wanted.map(({ concept, colour, count }) => counted(count, concept, colour ?? ""));
  const objects = phrases.length === 1 ? phrases[0]! : `${phrases[0]} ${phrase} ${phrases[1]}`;
  const caption = cell.background === "white" ? objects : `${objects} ${backgroundPhrase(null, cell.background)}`;
  const text = fill(wording, { x: caption });
  return { group: group || split, pair: null, prompt: [{ type: "text", text }], expected, truth: [truth] };
}

/** A background, white if possible, and a train style on it that shows all groups. */
function visibleCell(random: Philox, world: TaskWorld, wanted: readonly Wanted[]) {
  for (const background of world.backgrounds) {
    const styles = world.styles.filter((style) =>
      wanted.every(
        ({ concept, colour }) =>
          world.hasSprite(concept, style) &&
          splitOfStyle(concept.name, style.name) === "train" &&
          // Of a white thing on white only the outline is to be seen.
          colour !== background &&
          world.stands(concept.name, style.name, colour, background),
      ),
    );
    if (styles.length > 0) return { background, style: random.pick(styles) };
  }
  return null;
}

function statedRelations([first, second]: readonly Wanted[], relation: Relation): StatedRelation[] {
  return [
    { concept: first!.concept.name, relation },
    { concept: second!.concept.name, relation: OPPOSITE[relation] },
  ];
}

/** The one split that a picture and what is said of it belong to; null where there are several. */
function splitOf(scene: Scene, relations: readonly StatedRelation[]): Split | null {
  const splits = [...heldOutSplits({ kind: "draw", task: "", items: [draw(scene)], relations })];
  return splits.length > 1 ? null : (splits[0] ?? "train");
}

/** Items of the candidates, in order, until every group has its share; combinations of other splits are left out. */
function quotas<T>(
  candidates: readonly T[],
  make: (candidate: T) => ItemDraft | null,
  shares: Readonly<Record<string, number>>,
): ItemDraft[] {
  const left = new Map(Object.entries(shares));
  const items = new Map<string, ItemDraft>();
  for (const candidate of candidates) {
    if ([...left.values()].every((count) => count === 0)) break;
    const item = make(candidate);
    const key = JSON.stringify(item?.expected);
    const count = (item && left.get(item.group)) ?? 0;
    if (!item || count === 0 || items.has(key)) continue;
    left.set(item.group, count - 1);
    items.set(key, item);
  }
  return [...items.values()];
}
