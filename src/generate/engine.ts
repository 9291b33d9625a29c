import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import { toGrid } from "../encoders/preprocessing.ts";
import { resizeImage } from "../encoders/resize.ts";
import { sizeWithinSides } from "../encoders/side-bounds.ts";
import type { Tokenizer } from "../encoders/tokenizer.ts";
import { VaeCodec } from "../encoders/vae-codec.ts";
import { VitCodec } from "../encoders/vit-codec.ts";
import { attentionOf } from "../model/attends.ts";
import type { Runtime } from "../runtime/types.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";
import type { ModelFolder } from "../weights/model-folder.ts";
import { CachedContext, type ContextImage } from "./context.ts";
import { markupOf, type Markup } from "./markup.ts";
import { ModelPrograms } from "./model-programs.ts";

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
    return this.config.vit !== undefined && attentionOf(this.config.model).textSeesVae;
  }

  /** Begins to open what most generations need. Whoever needs it learns of failures. */
  warm(): void {
    const opening = [this.programs.get("text"), ...(this.config.vae ? [this.programs.get("noisy"), this.vae()] : [])];
    for (const network of opening) network.catch(() => undefined);
  }

  /** Throws InputError where the model is a language model. */
  async vae(): Promise<VaeCodec> {
    const { vae, name } = this.config;
    if (!vae) throw new InputError(`${name}: expected text alone, as this is a language model, found a picture`);
    return (this.#vae ??= VaeCodec.open(this.#runtime, vae, this.#model.vaeWeights, encoderOptions(this.config)));
  }

  /** What the ViT sees in a picture, once that is asked for; nothing where the VAE alone represents pictures. */
  async seen(picture: RgbImage): Promise<Pick<ContextImage, "vitTokens" | "vitGrid">> {
    const { vit, model, images, vitImages = images } = this.config;
    if (!vit) return {};
    const sharesGrid = (model.imageLayout?.groups ?? "shared") === "shared";
    const tokenSide = sharesGrid ? (await this.vae()).tokenSide : vit.patch * vit.merge;
    const tokensOf = (own: RgbImage) =>
      once(async () => {
        this.#vit ??= VitCodec.open(this.#runtime, vit, this.#model.weights, {
          tokenSide,
          stored: this.#model.stored,
          ...encoderOptions(this.config),
        });
        return (await this.#vit).encode([own]);
      });
    if (sharesGrid) return { vitTokens: tokensOf(picture) };
    const own = fitPicture(picture, tokenSide, vitImages);
    const vitGrid = { rows: own.height / tokenSide, columns: own.width / tokenSide };
    return { vitTokens: tokensOf(own), vitGrid };
  }

  /** A picture of any size as context: resized to the grid within the model's bounds, and encoded. */
  async contextImage(image: RgbImage): Promise<ContextImage> {
    const vae = await this.vae();
    const picture = fitPicture(image, vae.tokenSide, this.config.images);
    return {
      rows: picture.height / vae.tokenSide,
      columns: picture.width / vae.tokenSide,
      ...(await this.seen(picture)),
      latents: once(() => vae.encode([picture])),
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

/** The work is done when its result is first asked for. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}

function fitPicture(image: RgbImage, multiple: number, bounds: ModelFolderConfig["images"]): RgbImage {
  const { minSide, maxSide } = bounds;
  if (minSide === undefined || maxSide === undefined) return toGrid(image, { multiple, ...bounds });
  const { width, height } = sizeWithinSides(image, { multiple, minSide, maxSide, maxPixels: bounds.maxPixels });
  return resizeImage(image, width, height);
}

/** Pixels of pictures whose encoders need gigabytes while they run, which they do once a picture. */
const LARGE_PICTURE = 512 ** 2;

/** How the networks that encode and decode pictures are opened. */
export function encoderOptions({ images }: ModelFolderConfig): { readonly releaseMemory: boolean } {
  return { releaseMemory: images.maxPixels >= LARGE_PICTURE };
}

/** Special tokens decode to nothing, and an id between the tokens is an error. */
function isText(tokenizer: Tokenizer, id: number): boolean {
  try {
    return tokenizer.decode([id]) !== "";
  } catch {
    return false;
  }
}
