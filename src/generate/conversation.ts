import type { Condition } from "../model/guidance.ts";
import { CachedContext, type ContextImage, type ContextMark } from "./context.ts";
import type { Engine } from "./engine.ts";

/** What a run of tokens belongs to. A thought leads to a picture without being a text of its own. */
export type Role = "text" | "thought" | "image";

/** What was pushed. `begins`: here a text begins, or what follows an image. `bare`: what stays of the tokens without that text. */
type Entry =
  | { readonly role: Role; readonly ids: readonly number[]; readonly bare?: readonly number[] | undefined }
  | { readonly role: "image"; readonly image: ContextImage }
  | { readonly role: Role; readonly begins: true };

/** Where a conversation stood. */
export interface ConversationMark {
  readonly context: ContextMark;
  readonly entries: number;
  readonly lastText: number;
  readonly bare: readonly number[];
}

/** A context of some of the entries, as far as they were there when it was last asked for. */
interface Selection {
  readonly context: CachedContext;
  done: number;
}

/**
 * One sequence of text and images as the model sees it, and the contexts of guidance that belong to it (guidance.ts), which
 * are brought up to date when an image is drawn. One call at a time.
 */
export class Conversation {
  readonly #engine: Engine;
  #context: CachedContext;
  #entries: Entry[] = [];
  /** Order of the token at which the last text begins, or of what follows the last image. */
  #lastText = 0;
  /** What would stand from there on, were the text not there: the markup that follows it. */
  #bare: readonly number[] = [];
  /** Whether clean VAE tokens of images are in the context. */
  #hasVae: boolean;
  readonly #selections = new Map<Role, Selection>();
  /** Of the next token, as long as nothing was pushed since. */
  #logits: Float32Array | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#context = new CachedContext(engine.programs);
    this.#hasVae = !engine.leavesVaeOut;
  }

  /** Rows of the context. */
  get length(): number {
    return this.#context.length;
  }

  get lastImage(): ContextImage | undefined {
    return this.#entries.findLast((entry) => "image" in entry)?.image;
  }

  /** `bare`: what of the tokens is there without the last text, too. */
  pushTokens(ids: readonly number[], role: Role = "text", bare: readonly number[] = []): void {
    if (ids.length > 0) this.#push({ role, ids, bare });
  }

  /** Markup around texts. */
  pushMarkup(ids: readonly number[]): void {
    this.pushTokens(ids, "text", ids);
  }

  /** A text begins with what is pushed next. */
  beginText(): void {
    this.#push({ role: "text", begins: true });
  }

  /** An image, whose opening marker is there where the family has one, and its closing marker. */
  pushImage(image: ContextImage): void {
    this.#push({ role: "image", image });
    this.pushTokens(this.#engine.markup.closeImage, "image");
    this.beginText();
  }

  /**
   * Makes sure that the VAE tokens of all images are seen by what follows, as drawing needs it. Families whose text sees them
   * leave them out as long as only text is wanted: then the context is made anew.
   */
  includeVae(): void {
    if (this.#hasVae) return;
    this.#hasVae = true;
    if (!this.lastImage) return;
    const entries = this.#entries;
    this.#entries = [];
    this.#context = new CachedContext(this.#engine.programs);
    this.#selections.clear();
    for (const entry of entries) this.#push(entry);
  }

  /** Runs what was pushed, so that a mark that is taken now keeps it; VAE tokens only where an image is to be drawn. */
  async settle(draws: boolean): Promise<void> {
    await (draws ? this.#context.settle() : this.#context.settleText());
  }

  /** Logits [vocabulary] of the next token. */
  async logits(): Promise<Float32Array> {
    return (this.#logits ??= await this.#context.logits());
  }

  /** The context under which an image is drawn now, after its opening marker; ready for noisy rows. */
  async condition(condition: Condition): Promise<CachedContext> {
    if (condition === "none") return this.#engine.emptyContext();
    await this.#context.settle();
    if (condition === "full") return this.#context;
    if (condition === "images") return this.#select("image");
    const { openImage } = this.#engine.markup;
    let context: CachedContext;
    let rest = openImage;
    if (condition === "before-text") {
      context = this.#context.copy(this.#lastText);
      if (this.#engine.config.generation.withoutText === "markup") rest = [...this.#bare, ...openImage];
    } else if (this.#entries.every((entry) => "begins" in entry || entry.role === "text")) return this.#context;
    else context = await this.#select("text").then((texts) => (openImage.length > 0 ? texts.copy() : texts));
    if (rest.length > 0) {
      context.push({ type: "text", ids: rest });
      await context.settle();
    }
    return context;
  }

  mark(): ConversationMark {
    const [context, entries] = [this.#context.mark(), this.#entries.length];
    return { context, entries, lastText: this.#lastText, bare: this.#bare };
  }

  rollback(mark: ConversationMark): void {
    this.#context.rollback(mark.context);
    this.#entries.length = mark.entries;
    this.#lastText = mark.lastText;
    this.#bare = mark.bare;
    this.#logits = undefined;
    for (const [role, { done }] of this.#selections) if (done > mark.entries) this.#selections.delete(role);
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    if ("begins" in entry) {
      this.#lastText = this.#context.next;
      this.#bare = [];
      return;
    }
    if ("bare" in entry && entry.bare) this.#bare = [...this.#bare, ...entry.bare];
    this.#logits = undefined;
    this.#pushInto(this.#context, entry);
  }

  /** The entries of one role: images between their markers, as training drops text (imagesOnly in model/conversation.ts). */
  async #select(role: Role): Promise<CachedContext> {
    let selection = this.#selections.get(role);
    if (!selection)
      this.#selections.set(role, (selection = { context: new CachedContext(this.#engine.programs), done: 0 }));
    for (const entry of this.#entries.slice(selection.done))
      if (entry.role === role && !("begins" in entry)) this.#pushInto(selection.context, entry);
    selection.done = this.#entries.length;
    await selection.context.settle();
    return selection.context;
  }

  #pushInto(context: CachedContext, entry: Exclude<Entry, { begins: true }>): void {
    if ("ids" in entry) context.push({ type: "text", ids: entry.ids });
    else if ("image" in entry) {
      const image = this.#hasVae ? entry.image : { ...entry.image, latents: undefined };
      context.push({ type: "image", image, markers: this.#engine.markup.insideImage });
    }
  }
}
