import { drawLatents, type DrawLatents, type PictureToDraw } from "./draw-latents.ts";
import type { Engine } from "./engine.ts";

/**
 * Noisy tokens, over all pictures and branches of guidance, of one evaluation: beyond, processors are busy anyway and a batch only
 * takes memory (bench/README.md, `batch`). A picture that has more is drawn alone.
 */
const MOST_TOKENS = 2048;

interface Waiting {
  readonly picture: PictureToDraw;
  readonly drawn: PromiseWithResolvers<Float32Array>;
}

/**
 * Generations that draw together: each goes its own way until it wants a picture, then waits until all others want one too or have ended.
 * Who is drawn with whom follows from that alone, so that it is the same in every run.
 */
export class DrawingGroup {
  readonly #engine: Engine;
  #members: number;
  #waiting: Waiting[] = [];

  /** Each of the members must {@link leave} when it has ended. */
  constructor(engine: Engine, members: number) {
    this.#engine = engine;
    this.#members = members;
  }

  /** For a member. Rejects as soon as the picture's signal is aborted. */
  draw: DrawLatents = async (picture) => {
    const waiting: Waiting = { picture, drawn: Promise.withResolvers() };
    const { signal } = picture;
    const abort = () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      waiting.drawn.reject(signal.reason);
    };
    signal.throwIfAborted();
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.push(waiting);
    this.#drawIfAllWait();
    try {
      return await waiting.drawn.promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  };

  leave(): void {
    this.#members--;
    this.#drawIfAllWait();
  }

  #drawIfAllWait(): void {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#members) return;
    const all = this.#waiting;
    this.#waiting = [];
    void this.#draw(all);
  }

  async #draw(all: readonly Waiting[]): Promise<void> {
    for (const batch of batches(all))
      await drawLatents(
        this.#engine,
        batch.map(({ picture }) => picture),
      ).then(
        (latents) => latents.forEach((one, i) => batch[i]!.drawn.resolve(one)),
        (error: unknown) => batch.forEach(({ drawn }) => drawn.reject(error)),
      );
  }
}

/** Pictures of equal grids and settings, as many as fit into one evaluation. */
function batches(all: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const groups = new Map<string, { tokens: number; batch: Waiting[] }[]>();
  for (const waiting of all) {
    const { grid, settings, branches } = waiting.picture;
    const tokens = grid.rows * grid.columns * branches.length;
    const key = JSON.stringify([grid, settings]);
    const list = groups.get(key) ?? [];
    groups.set(key, list);
    const last = list.at(-1);
    if (last && last.tokens + tokens <= MOST_TOKENS) {
      last.batch.push(waiting);
      last.tokens += tokens;
    } else list.push({ tokens, batch: [waiting] });
  }
  return [...groups.values()].flatMap((list) => list.map(({ batch }) => batch));
}
