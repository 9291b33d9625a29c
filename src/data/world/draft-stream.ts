import { InputError } from "../../core/errors.ts";
import { Philox } from "../../core/random.ts";
import type { SampleDraft } from "./draft.ts";
import { heldOutSplits } from "./facts.ts";
import { FAMILIES, mixtureEntries, type Family } from "./mixture.ts";
import type { Palette } from "./palette.ts";
import type { Split } from "./splits.ts";
import { pickWeighted, type TaskWorld } from "./task-world.ts";
import { conceptsOf, mixtureOf, stylesOf, type WorldConfig } from "./world-config.ts";
import { Wordings } from "./wordings.ts";

const MAX_ATTEMPTS = 5000;

/** An endless stream of drafts: number `index` is a pure function of the configuration and the index. */
export class DraftStream {
  readonly world: TaskWorld;
  readonly #entries: readonly (readonly [Family, number])[];
  readonly #seed: number;
  readonly #split: Split;

  constructor(config: WorldConfig, palette: Palette) {
    this.#seed = config.seed ?? 0;
    this.#split = config.split ?? "train";
    this.#entries = mixtureEntries(mixtureOf(config));
    const imageSize = config.imageSize ?? 96;
    if (!Number.isInteger(imageSize) || imageSize < 16 || imageSize > 1024) {
      throw new InputError(`image size: expected a whole number of pixels from 16 to 1024, found ${imageSize}`);
    }
    const grid = config.grid ?? 1;
    if (!Number.isInteger(grid) || grid < 1 || grid > imageSize / 4) {
      throw new InputError(`grid: expected a whole number of pixels from 1 to a quarter of the side, found ${grid}`);
    }
    const styles = stylesOf(config);
    const concepts = conceptsOf(config).filter((concept) => styles.some((style) => palette.hasSprite(concept, style)));
    const wordings = new Wordings(this.#split === "heldout-template" ? "heldout" : "train");
    // Which sprites can be recoloured was measured on the train styles only.
    const colours = this.#split === "heldout-style" ? [] : palette.colours;
    this.world = { ...palette, colours, concepts, styles, imageSize, grid, wordings };
  }

  /** The draft at `index` (a whole number from 0). The family is drawn once, then drafts until one fits the split. */
  draft(index: number): SampleDraft {
    if (!Number.isSafeInteger(index) || index < 0) {
      throw new InputError(`sample index: expected a whole number of at least 0, found ${index}`);
    }
    const random = new Philox(this.#seed, index);
    const family = pickWeighted(random, this.#entries);
    return this.#fitting(random, FAMILIES[family], family);
  }

  /** As {@link draft}, made by a task of the caller's own; null from it is another attempt. */
  made<T extends SampleDraft>(index: number, task: (random: Philox, world: TaskWorld) => T | null): T {
    return this.#fitting(new Philox(this.#seed, index), task, "made");
  }

  #fitting<T extends SampleDraft>(
    random: Philox,
    task: (random: Philox, world: TaskWorld) => T | null,
    name: string,
  ): T {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      this.world.wordings.heldOutPicks = 0;
      const draft = task(random, this.world);
      if (draft !== null && this.#accepts(heldOutSplits(draft))) return draft;
    }
    throw new InputError(`world: no "${name}" sample of split "${this.#split}" in ${MAX_ATTEMPTS} attempts`);
  }

  #accepts(splits: ReadonlySet<Split>): boolean {
    if (this.#split === "train") return splits.size === 0;
    if (this.#split === "heldout-template") return splits.size === 0 && this.world.wordings.heldOutPicks > 0;
    return splits.size === 1 && splits.has(this.#split);
  }
}
