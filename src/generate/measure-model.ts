/** How fast a model runs on a machine, and how near that comes to what its memory and its products allow. */
import { expectInput } from "../core/errors.ts";
import { createImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import { createVae } from "../encoders/autoencoder.ts";
import { createVit } from "../encoders/vision-transformer.ts";
import { VaeCodec } from "../encoders/vae-codec.ts";
import { vaeDownscale, vaeTokenSide, type VaeConfig } from "../encoders/vae-config.ts";
import { VitCodec, vitGraph } from "../encoders/vit-codec.ts";
import { countOperations } from "../graph/operations.ts";
import { input } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Mogao } from "../model/mogao.ts";
import { elementCount, ParameterScope, type ParameterInfo } from "../nn/parameters.ts";
import type { Runtime } from "../runtime/types.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";
import { loadModelFolder, modelParameters } from "../weights/model-folder.ts";
import { CachedContext } from "./context.ts";
import { Denoiser } from "./denoiser.ts";
import { encoderOptions } from "./engine.ts";
import { measureBandwidth, measureProducts, type ProductRates } from "./measure-machine.ts";
import { memoryUse, type MemoryUse } from "./memory-use.ts";
import { ModelPrograms } from "./model-programs.ts";
import { noisyGraph, textGraph } from "./programs.ts";

export interface MeasureOptions {
  /** Of the square picture that is seen, encoded and drawn, in pixels; default: the width of the model's drawings. */
  readonly side?: number | undefined;
  /** Text tokens that are written. */
  readonly tokens: number;
  readonly onStage?: (stage: string) => void;
  readonly signal?: AbortSignal;
}

/** Work that products take nearly all the time of. */
export interface ComputeMeasurement {
  readonly seconds: number;
  /** Floating-point operations of its products and convolutions. */
  readonly operations: number;
  /** Of the rate of the machine's products, of weights as these are stored. */
  readonly share: number;
}

export interface ModelMeasurement {
  /** Of the picture. */
  readonly side: number;
  /** Of the transformer and the ViT as they are stored. */
  readonly weightBytes: number;
  /** `bandwidth`: bytes a second that products of one row read, the best of measurements before, after and long after writing. */
  readonly machine: ProductRates & { readonly bandwidth: number };
  /** Seconds until each can run. */
  readonly open: Readonly<Record<string, number>>;
  /** A prompt read at once. */
  readonly prompt: ComputeMeasurement & { readonly tokensPerSecond: number };
  readonly decode: {
    /** By the median token. */
    readonly tokensPerSecond: number;
    /** Of weights that every token reads. */
    readonly bytesPerToken: number;
    /** Of the rate at which the machine's memory is read. */
    readonly share: number;
  };
  readonly vitEncode: ComputeMeasurement | undefined;
  readonly vaeEncode: ComputeMeasurement;
  /** A step without guidance: one evaluation. */
  readonly denoise: ComputeMeasurement;
  readonly vaeDecode: ComputeMeasurement;
  /** Once all this has run, but for the machine's rates. */
  readonly memory: MemoryUse | undefined;
}

const PROMPT_TOKENS = 256;

/** Opens the model as generation does and runs each of its programs. Throws as {@link loadModelFolder}. */
export async function measureModel(
  runtime: Runtime,
  folder: string,
  options: MeasureOptions,
): Promise<ModelMeasurement> {
  const { tokens, onStage, signal } = options;
  const timed = async <T>(stage: string, work: () => Promise<T>): Promise<{ result: T; seconds: number }> => {
    signal?.throwIfAborted();
    onStage?.(stage);
    const start = performance.now();
    const result = await work();
    return { result, seconds: (performance.now() - start) / 1000 };
  };
  const model = await timed("opening the folder", () => loadModelFolder(folder));
  const { config, weights, stored, vaeWeights } = model.result;
  const vaeConfig = config.vae;
  expectInput(vaeConfig, `${folder}: expected a model that draws, found a language model`);
  const tokenSide = vaeTokenSide(vaeConfig);
  const { side = config.generation.width } = options;
  expectInput(
    side % tokenSide === 0,
    `picture: expected a side that is a multiple of ${tokenSide} pixels, found ${side}`,
  );
  const programs = new ModelPrograms(runtime, config.model, weights, stored);
  const opened: { dispose(): void }[] = [programs];
  try {
    const text = await timed("opening the text branch", () => programs.get("text"));
    const visual = await timed("opening the visual branch", () => programs.get("noisy"));
    const vae = await timed("opening the VAE", () =>
      VaeCodec.open(runtime, vaeConfig, vaeWeights, encoderOptions(config)),
    );
    opened.push(vae.result);
    const vitConfig = config.vit;
    const vit =
      vitConfig &&
      (await timed("opening the ViT", () =>
        VitCodec.open(runtime, vitConfig, weights, { tokenSide, stored, ...encoderOptions(config) }),
      ));
    if (vit) opened.push(vit.result);

    const random = new Philox(1);
    const context = new CachedContext(programs);
    const ids = Array.from({ length: PROMPT_TOKENS }, () => random.int(config.model.vocabularySize));
    context.push({ type: "text", ids });
    const prompt = await timed(`reading ${PROMPT_TOKENS} tokens`, () => context.logits());
    const readingRate = () => timed("the memory's rate", () => measureBandwidth(runtime));
    const bandwidths = [await readingRate()];
    const written = await timed(`writing ${tokens} tokens`, () => write(context, prompt.result, tokens, signal));
    bandwidths.push(await readingRate());
    const secondsPerToken = median(written.result);

    const image = createImage(side, side);
    for (let i = 0; i < image.data.length; i++) image.data[i] = random.int(256);
    const seen = vit && (await timed("the ViT", () => vit.result.encode([image])));
    const encoded = await timed("the VAE's encoder", () => vae.result.encode([image]));
    const grid = { rows: side / tokenSide, columns: side / tokenSide };
    const denoiser = await Denoiser.open(programs, [{ condition: "full", context }], {
      ...grid,
      rule: { form: "paper", text: 1, image: 1 },
      interval: [0, 1],
    });
    const velocity = new Float32Array(denoiser.size);
    const step = (t: number) => timed("a denoising step", () => denoiser.velocity(encoded.result, t, velocity));
    const steps = [await step(0), await step(0.5)];
    const decoded = await timed("the VAE's decoder", () => vae.result.decode(velocity, side, side));
    const memory = await memoryUse();

    const { visual: visualBits } = config.quantization ?? {};
    bandwidths.push(await readingRate());
    const products = (await timed("the products' rates", () => measureProducts(runtime, visualBits))).result;
    const { floatProducts, quantizedProducts = floatProducts } = products;
    const machine = { bandwidth: Math.max(...bandwidths.map(({ result }) => result)), ...products };
    const sizes = { tokens: grid.rows * grid.columns, past: context.length, images: 1, branches: 1 };
    const graphs = graphsOf(config, vaeConfig, side);
    const compute = (seconds: number, outputs: readonly Tensor[], rate: number, named = {}): ComputeMeasurement => {
      const operations = countOperations(outputs, new Map(Object.entries(named)));
      return { seconds, operations, share: operations / seconds / rate };
    };
    const patches = sizes.tokens * (vitConfig?.merge ?? 1) ** 2;
    const promptSizes = { tokens: PROMPT_TOKENS, past: 0, vit: 1, wanted: 1, clean: 0 };
    const bytesPerToken = storedBytes(modelParameters(config).filter((info) => isReadByToken(info, config)));
    return {
      side,
      weightBytes: storedBytes(modelParameters(config)),
      machine,
      open: {
        folder: model.seconds,
        text: text.seconds,
        visual: visual.seconds,
        vae: vae.seconds,
        ...(vit && { vit: vit.seconds }),
      },
      prompt: {
        ...compute(
          prompt.seconds,
          graphs.text,
          config.quantization?.text ? quantizedProducts : floatProducts,
          promptSizes,
        ),
        tokensPerSecond: PROMPT_TOKENS / prompt.seconds,
      },
      decode: {
        tokensPerSecond: 1 / secondsPerToken,
        bytesPerToken,
        share: bytesPerToken / secondsPerToken / machine.bandwidth,
      },
      vitEncode:
        seen &&
        graphs.vit &&
        compute(seen.seconds, graphs.vit, config.quantization?.vit ? quantizedProducts : floatProducts, {
          images: 1,
          groups: patches / graphs.vitGroup,
        }),
      vaeEncode: compute(encoded.seconds, graphs.vaeEncoder, floatProducts),
      denoise: compute(
        Math.min(...steps.map(({ seconds }) => seconds)),
        graphs.visual,
        visualBits ? quantizedProducts : floatProducts,
        sizes,
      ),
      vaeDecode: compute(decoded.seconds, graphs.vaeDecoder, floatProducts),
      memory,
    };
  } finally {
    for (const one of opened) one.dispose();
  }
}

/** Writes tokens greedily, as generation does at temperature 0; returns the seconds that each took. */
async function write(
  context: CachedContext,
  first: Float32Array,
  tokens: number,
  signal?: AbortSignal,
): Promise<number[]> {
  let logits = first;
  const seconds: number[] = [];
  for (let i = 0; i < tokens; i++) {
    signal?.throwIfAborted();
    const start = performance.now();
    let best = 0;
    for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
    context.push({ type: "text", ids: [best] });
    logits = await context.logits();
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** What the programs compute, to count it. */
function graphsOf(config: ModelFolderConfig, vaeConfig: VaeConfig, side: number) {
  const mogao = new Mogao(new ParameterScope(), config.model);
  const vae = createVae(vaeConfig);
  const vit = config.vit && createVit(new ParameterScope(), config.vit);
  const downscale = vaeDownscale(vaeConfig);
  const latents = input("z", [1, vaeConfig.latentChannels, side / downscale, side / downscale]);
  return {
    text: Object.values(textGraph(mogao)),
    visual: Object.values(noisyGraph(mogao)),
    vit: vit && [vitGraph(vit)],
    vitGroup: vit?.group ?? 1,
    vaeEncoder: [vae.encode(input("x", [1, 3, side, side])).mean],
    vaeDecoder: [vae.decode(latents)],
  };
}

function storedBytes(parameters: readonly ParameterInfo[]): number {
  return parameters.reduce(
    (sum, { shape, tensor }) =>
      sum + elementCount(shape) * (tensor.dtype === "byte" ? 1 : Float32Array.BYTES_PER_ELEMENT),
    0,
  );
}

/** The text branch, or the one that all share, and the head, which is the table of embeddings where it is tied. */
function isReadByToken({ name }: ParameterInfo, { model }: ModelFolderConfig): boolean {
  const head = model.untiedHead ? "lm_head" : "embed_tokens";
  return (
    /^mogao\.layers\.\d+\.text\./.test(name) || name.startsWith("mogao.norm.") || name.startsWith(`mogao.${head}.`)
  );
}
