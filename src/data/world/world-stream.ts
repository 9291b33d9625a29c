import type { Sample } from "../sample.ts";
import type { SampleDraft } from "./draft.ts";
import { DraftStream } from "./draft-stream.ts";
import { bankPalette } from "./palette.ts";
import { renderScene } from "./render.ts";
import { SpriteBank } from "./sprite-bank.ts";
import type { WorldConfig } from "./world-config.ts";

/**
 * Endless samples of Emoji World: number `index` is a pure function of the configuration and the index, so that streams
 * resume anywhere and workers need not talk to each other.
 */
export class WorldStream {
  readonly #drafts: DraftStream;
  readonly #bank: SpriteBank;

  constructor(config: WorldConfig, bank: SpriteBank) {
    this.#bank = bank;
    this.#drafts = new DraftStream(config, bankPalette(bank));
  }

  /** Opens the sprite bank first; `folder` is where it keeps its cache. */
  static async open(config: WorldConfig, folder?: string): Promise<WorldStream> {
    return new WorldStream(config, await SpriteBank.open(folder));
  }

  /** Texts and scenes, without pixels. */
  sampleDraft(index: number): SampleDraft {
    return this.#drafts.draft(index);
  }

  sample(index: number): Sample {
    return this.render(this.sampleDraft(index));
  }

  /** A draft with its pictures; a scene that occurs twice is drawn once for each item. */
  render(draft: SampleDraft): Sample {
    return {
      kind: draft.kind,
      items: draft.items.map((item) =>
        item.type === "text" ? item : { type: "image", image: renderScene(item.scene, this.#bank), loss: item.loss },
      ),
    };
  }
}
