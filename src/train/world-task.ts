/** The omni model on Emoji World: sample streams, tokenizer and encoders behind a training task. */
import { loadVaeCodec } from "../weights/vae-files.ts";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RgbImage } from "../core/image.ts";
import type { Sample } from "../data/sample.ts";
import { writePng } from "../data/png.ts";
import { SpriteBank } from "../data/world/sprite-bank.ts";
import type { WorldConfig } from "../data/world/world-config.ts";
import { WorldPool } from "../data/world/world-pool.ts";
import { loadTokenizer } from "../encoders/tokenizer-file.ts";
import { VaeCodec } from "../encoders/vae-codec.ts";
import { VitCodec } from "../encoders/vit-codec.ts";
import type { QwenVitConfig } from "../encoders/vit-config.ts";
import { Vit } from "../encoders/vit.ts";
import type { AlignmentOptions } from "../model/alignment.ts";
import type { MogaoConfig } from "../model/config.ts";
import { Mogao } from "../model/mogao.ts";
import { ParameterScope, type ParameterValues } from "../nn/parameters.ts";
import { initializeFrom } from "./init-from.ts";
import { contactSheet } from "./contact-sheet.ts";
import { TOKEN_SIDE } from "./mogao-samples.ts";
import { MOGAO_SCOPE, VIT_SCOPE } from "../weights/model-folder.ts";
import { mogaoTask, type MogaoTaskOptions, type SampleSource } from "./mogao-task.ts";
import { Preview } from "./preview.ts";
import type { TaskContext } from "./config.ts";
import type { TrainingTask } from "./task.ts";

export interface WorldTaskSettings extends Pick<
  MogaoTaskOptions,
  "objective" | "lambda" | "timeShift" | "copies" | "drop" | "vitMode" | "imageSide" | "targets"
> {
  readonly model: MogaoConfig;
  readonly vit: QwenVitConfig & { readonly mean: number; readonly deviation: number };
  /** Holds the tokenizer, and the VAE where flow is trained. */
  readonly folder: string;
  /** Run, checkpoint or file with the weights of a frozen ViT; "" where it is trained. */
  readonly vitFrom: string;
  /** Draws visual rows towards the features of a trained ViT: `vitFrom` is its run, checkpoint or file of weights. */
  readonly alignment?: (AlignmentOptions & { readonly vitFrom: string }) | undefined;
  readonly sources: readonly (Omit<SampleSource, "sample"> & { readonly world: WorldConfig })[];
  readonly preview: PreviewSettings;
}

export interface PreviewSettings {
  readonly prompts: readonly string[];
  readonly columns: number;
  readonly steps: number;
  readonly shift: number;
  readonly guidance: number;
}

export async function worldTask(settings: WorldTaskSettings, context: TaskContext): Promise<TrainingTask> {
  const { runtime, seed } = context;
  await SpriteBank.open(); // drawn and stored once, before each worker opens it
  const tokenizer = await loadTokenizer(settings.folder);
  const withFlow = settings.objective === "text+flow";
  const withVit = settings.model.imageContext === "vit+vae";
  const vae = withFlow ? await loadVaeCodec(runtime, settings.folder) : undefined;
  const openVit = async (from: string) =>
    VitCodec.open(runtime, settings.vit, await vitWeights(settings.vit, from), { tokenSide: TOKEN_SIDE });
  const vit = withVit && settings.vitMode === "frozen" ? await openVit(settings.vitFrom) : undefined;
  const teacher = settings.alignment && (await openVit(settings.alignment.vitFrom));
  const encode = (text: string) => tokenizer.encode(text);
  const cached = new Map<string, readonly number[]>();
  const tokenize = (text: string): readonly number[] => {
    let ids = cached.get(text);
    if (!ids) {
      if (cached.size > 100_000) cached.clear();
      cached.set(text, (ids = encode(text)));
    }
    return ids;
  };
  const pools = settings.sources.map(
    ({ world, samplesPerStep }) =>
      new OrderedSamples({ imageSize: settings.imageSide, seed, ...world }, 2 * samplesPerStep),
  );
  const drawsPreviews = withFlow && settings.preview.prompts.length > 0;
  return mogaoTask({
    ...settings,
    seed,
    context: { vit: withVit, vae: withFlow },
    tokenize,
    special: tokenizer.special,
    sources: settings.sources.map(({ name, weight, samplesPerStep, capacity, closeLastImage }, i) => ({
      name,
      weight,
      samplesPerStep,
      capacity,
      closeLastImage,
      sample: (index) => pools[i]!.at(index),
    })),
    encoders: { vae, vit, teacher },
    ...(drawsPreviews && {
      report: async (step, weights, folder) => {
        const images = await drawPreviews(settings, context, vae!, weights, settings.preview.prompts.map(tokenize));
        const { columns } = settings.preview;
        const rows = Array.from({ length: Math.ceil(images.length / columns) }, (_, i) =>
          images.slice(i * columns, (i + 1) * columns),
        );
        await mkdir(folder, { recursive: true });
        await writePng(join(folder, `drawn-${String(step).padStart(7, "0")}.png`), contactSheet(rows));
      },
    }),
    close: async () => {
      await Promise.all(pools.map((pool) => pool.close()));
      vae?.dispose();
      vit?.dispose();
      teacher?.dispose();
    },
  });

  async function drawPreviews(
    { model: config, preview, imageSide }: WorldTaskSettings,
    { runtime, seed }: TaskContext,
    codec: VaeCodec,
    weights: ParameterValues,
    prompts: readonly (readonly number[])[],
  ): Promise<RgbImage[]> {
    const scope = new ParameterScope();
    const drawer = await Preview.open(runtime, new Mogao(scope.at(MOGAO_SCOPE), config), scope);
    const side = imageSide / TOKEN_SIDE;
    const latents = await drawer.draw(weights, {
      ...preview,
      prompts,
      rows: side,
      columns: side,
      seed,
      special: tokenizer.special,
    });
    drawer.dispose();
    const size = latents.length / prompts.length;
    const images: RgbImage[] = [];
    for (let i = 0; i < prompts.length; i++)
      images.push(await codec.decode(latents.subarray(i * size, (i + 1) * size), imageSide, imageSide));
    return images;
  }
}

async function vitWeights(vit: WorldTaskSettings["vit"], from: string): Promise<ParameterValues> {
  const scope = new ParameterScope();
  new Vit(scope.at(VIT_SCOPE), vit);
  const values: ParameterValues = new Map(
    scope.all.map(({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]),
  );
  const { fresh, path } = await initializeFrom(from, scope.all, values);
  if (fresh.length > 0) throw new Error(`${path}: lacks weights of the ViT: ${fresh.slice(0, 3).join(", ")}`);
  return values;
}

/** Samples rendered ahead by a worker thread, asked for in order; a resumed run starts anywhere. */
class OrderedSamples {
  readonly #config: WorldConfig;
  readonly #ahead: number;
  #pool: WorldPool | undefined;
  #next = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(config: WorldConfig, ahead: number) {
    this.#config = config;
    this.#ahead = ahead;
  }

  at(index: number): Promise<Sample> {
    const taken = this.#queue.then(async () => {
      if (!this.#pool || this.#next !== index) {
        await this.#pool?.close();
        this.#pool = new WorldPool(this.#config, { ahead: this.#ahead, start: index });
      }
      this.#next = index + 1;
      return this.#pool.next();
    });
    this.#queue = taken.catch(() => {});
    return taken;
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }
}
