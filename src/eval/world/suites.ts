import { InputError } from "../../core/errors.ts";
import { Philox } from "../../core/random.ts";
import { bindingItems, colourItems, countingItems, relationItems, singleItems, twoItems } from "./drawing-suites.ts";
import { SUITES, type EvaluationItem, type Suite } from "./item.ts";
import { choiceItems, mmeItems, popeItems, vqaItems } from "./question-suites.ts";
import { editItems, groupItems, nextItems, storyItems } from "./series-suites.ts";
import { seedOf, type ItemDraft, type SuiteWorld } from "./suite-world.ts";
import { drawsItems, namingItems, questionedItems, stopsItems } from "./talking-suites.ts";

const makers: Readonly<Record<Suite, (world: SuiteWorld) => ItemDraft[]>> = {
  single: singleItems,
  two: twoItems,
  counting: countingItems,
  colour: colourItems,
  relation: relationItems,
  binding: bindingItems,
  naming: namingItems,
  pope: popeItems,
  mme: mmeItems,
  choice: choiceItems,
  vqa: vqaItems,
  edit: editItems,
  next: nextItems,
  group: groupItems,
  story: storyItems,
  "draws-when-asked": drawsItems,
  "stops-after-drawing": stopsItems,
  "does-not-draw-when-questioned": questionedItems,
};

/**
 * A suite's items: the same for the same vocabulary, whatever was trained. Groups are mixed, so that the first items are
 * a fair sample of all; pairs stay together.
 */
export function itemsOf(suite: Suite, world: SuiteWorld, limit = Infinity): EvaluationItem[] {
  const random = new Philox(seedOf("order", suite));
  const drafts = makers[suite](world);
  const units = Map.groupBy(drafts, (draft) => draft.pair ?? draft);
  const ordered = random.shuffle([...units.values()]).flat();
  return ordered.slice(0, limit).map((draft, index) => {
    const id = `${suite}-${String(index).padStart(3, "0")}`;
    return { id, suite, seed: seedOf("noise", id), ...draft };
  });
}

/** The suites of a comma-separated list, each once; throws an InputError that lists the names. */
export function parseSuites(list: string): Suite[] {
  const names = list.split(",").map((name) => name.trim());
  for (const name of names)
    if (!SUITES.some((suite) => suite === name))
      throw new InputError(`--suite: expected names among ${SUITES.join(", ")}, found ${JSON.stringify(name)}`);
  return SUITES.filter((suite) => names.includes(suite));
}
