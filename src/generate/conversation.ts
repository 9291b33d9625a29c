import type { Condition } from "../model/guidance.ts";
import { CachedContext, type ContextImage, type ContextMark } from "./context.ts";
import type { Engine } from "./engine.ts";

/** Where a conversation stood. */
export interface ConversationMark {
  readonly context: ContextMark;
  readonly images: number;
}

/**
 * One sequence of text and images as the model sees it, and the contexts of guidance that belong to it (Eq. 11), which are
 * brought up to date when an image is drawn. One call at a time.
 */
export class Conversation {
  readonly #engine: Engine;
  readonly #context: CachedContext;
  #images: ContextImage[] = [];
  /** The images without the text; `open` after a `<|vision_start|>` whose image is not there yet. */
  #imagesOnly: { readonly context: CachedContext; done: number; open: boolean } | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#context = new CachedContext(engine.programs);
  }

  /** Rows of the context. */
  get length(): number {
    return this.#context.length;
  }

  get lastImage(): ContextImage | undefined {
    return this.#images.at(-1);
  }

  pushText(ids: readonly number[]): void {
    this.#context.push({ type: "text", ids });
  }

  /** An image, whose `<|vision_start|>` is there, and its `<|vision_end|>`. */
  pushImage(image: ContextImage): void {
    this.#context.push({ type: "image", image }, { type: "text", ids: [this.#engine.tokenizer.special.visionEnd] });
    this.#images.push(image);
  }

  /** Logits of the next token; see {@link CachedContext.logits}. */
  logits(): Promise<Float32Array> {
    return this.#context.logits();
  }

  /** The context under which an image is drawn now, after its `<|vision_start|>`; ready for noisy rows. */
  async condition(condition: Condition): Promise<CachedContext> {
    if (condition === "none") return this.#engine.emptyContext();
    const context = condition === "full" ? this.#context : this.#imagesBeforeNext();
    await context.settle();
    return context;
  }

  mark(): ConversationMark {
    return { context: this.#context.mark(), images: this.#images.length };
  }

  rollback(mark: ConversationMark): void {
    this.#context.rollback(mark.context);
    this.#images.length = mark.images;
    if (this.#imagesOnly && this.#imagesOnly.done > mark.images) this.#imagesOnly = undefined;
  }

  /** As training drops text (imagesOnly in conversation.ts): every image between its markers, then the next one's first. */
  #imagesBeforeNext(): CachedContext {
    const { visionStart, visionEnd } = this.#engine.tokenizer.special;
    const state = (this.#imagesOnly ??= { context: new CachedContext(this.#engine.programs), done: 0, open: false });
    const begin = () => {
      if (!state.open) state.context.push({ type: "text", ids: [visionStart] });
      state.open = true;
    };
    for (const image of this.#images.slice(state.done)) {
      begin();
      state.context.push({ type: "image", image }, { type: "text", ids: [visionEnd] });
      state.open = false;
      state.done++;
    }
    begin();
    return state.context;
  }
}
