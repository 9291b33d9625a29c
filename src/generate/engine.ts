import type { RgbImage } from "../core/image.ts";
import { toGrid } from "../encoders/preprocessing.ts";
import type { Tokenizer } from "../encoders/tokenizer.ts";
import { VaeCodec } from "../encoders/vae-codec.ts";
import { VitCodec } from "../encoders/vit-codec.ts";
import type { Runtime } from "../runtime/types.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";
import type { ModelFolder } from "../weights/model-folder.ts";
import { CachedContext, type ContextImage } from "./context.ts";
import { markupOf, type Markup } from "./markup.ts";
import { ModelPrograms } from "./model-programs.ts";
import { textSeesVae } from "./programs.ts";

/** The networks of a loaded model, each opened when it is first needed, and what all its generations share. */
export class Engine {
  readonly config: ModelFolderConfig;
  readonly tokenizer: Tokenizer;
  readonly programs: ModelPrograms;
  readonly markup: Markup;
  readonly #model: ModelFolder;
  readonly #runtime: Runtime;
  #vae: Promise<VaeCodec> | undefined;
  #vit: Promise<VitCodec> | undefined;
  #empty: Promise<CachedContext> | undefined;
  #textIds: readonly number[] | undefined;

  constructor(runtime: Runtime, model: ModelFolder) {
    this.config = model.config;
    this.tokenizer = model.tokenizer;
    this.#runtime = runtime;
    this.#model = model;
    this.markup = markupOf(model.config, model.tokenizer);
    this.programs = new ModelPrograms(runtime, model.config.model, model.weights, model.stored);
  }

  /** Whether text that only talks about images is better off without their VAE tokens, which it would see (BAGEL). */
  get leavesVaeOut(): boolean {
    return this.config.vit !== undefined && textSeesVae(this.config.model);
  }

  /** Begins to open what most generations need. Whoever needs it learns of failures. */
  warm(): void {
    const opening = [this.programs.get("text"), this.programs.get("noisy"), this.vae()];
    for (const network of opening) network.catch(() => undefined);
  }

  vae(): Promise<VaeCodec> {
    return (this.#vae ??= VaeCodec.open(this.#runtime, this.config.vae, this.#model.vaeWeights));
  }

  /** ViT tokens [tokens, hidden] of a picture on the grid; none where the VAE alone represents pictures. */
  async vitTokens(image: RgbImage): Promise<Float32Array | undefined> {
    const { vit } = this.config;
    if (!vit) return undefined;
    const { tokenSide } = await this.vae();
    this.#vit ??= VitCodec.open(this.#runtime, vit, this.#model.weights, {
      tokenSide,
      stored: this.#model.stored,
    });
    return (await this.#vit).encode([image]);
  }

  /** A picture of any size as context: resized to the grid within the model's bounds, and encoded. */
  async contextImage(image: RgbImage): Promise<ContextImage> {
    const vae = await this.vae();
    const { minPixels, maxPixels } = this.config.images;
    const picture = toGrid(image, { multiple: vae.tokenSide, minPixels, maxPixels });
    let latents: Promise<Float32Array> | undefined;
    return {
      rows: picture.height / vae.tokenSide,
      columns: picture.width / vae.tokenSide,
      vitTokens: await this.vitTokens(picture),
      latents: () => (latents ??= vae.encode([picture])),
    };
  }

  /** The context of guidance without any condition: an image's opening marker at most, the same for all. */
  emptyContext(): Promise<CachedContext> {
    return (this.#empty ??= (async () => {
      const context = new CachedContext(this.programs);
      context.push({ type: "text", ids: this.markup.openImage });
      await context.settle();
      return context;
    })());
  }

  /** Ids that stand for text, ascending: none that structures a sequence, none that the tokenizer lacks. */
  textIds(): readonly number[] {
    this.#textIds ??= Array.from({ length: this.tokenizer.size }, (_, id) => id).filter((id) =>
      isText(this.tokenizer, id),
    );
    return this.#textIds;
  }

  dispose(): void {
    this.programs.dispose();
    for (const codec of [this.#vae, this.#vit])
      codec?.then(
        (opened) => opened.dispose(),
        () => undefined,
      );
  }
}

/** Special tokens decode to nothing, and an id between the tokens is an error. */
function isText(tokenizer: Tokenizer, id: number): boolean {
  try {
    return tokenizer.decode([id]) !== "";
  } catch {
    return false;
  }
}
