import type { Philox } from "../../core/random.ts";
import { splitOfTemplate } from "./splits.ts";

interface Halves {
  readonly train: readonly string[];
  readonly heldout: readonly string[];
}

/** Chooses among the wordings of a task: those of training, or the held-out ones where the task has any. */
export class Wordings {
  /** How many held-out wordings were picked so far. */
  heldOutPicks = 0;
  readonly half: keyof Halves;
  readonly #halves = new Map<readonly string[], Halves>();

  constructor(half: keyof Halves) {
    this.half = half;
  }

  /** `templates` is the one list of that task, never changed. */
  pick(random: Philox, task: string, templates: readonly string[]): string {
    let halves = this.#halves.get(templates);
    if (halves === undefined) {
      const isTrain = (template: string): boolean => splitOfTemplate(task, template) === "train";
      halves = { train: templates.filter(isTrain), heldout: templates.filter((template) => !isTrain(template)) };
      this.#halves.set(templates, halves);
    }
    const wanted = halves[this.half];
    if (this.half === "heldout" && wanted.length > 0) this.heldOutPicks++;
    return random.pick(wanted.length > 0 ? wanted : templates);
  }
}
