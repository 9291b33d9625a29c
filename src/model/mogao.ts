/**
 * The omni model: token and latent embeddings, N deep-fusion blocks, a text head and a velocity head (Fig. 3).
 * All methods build graph nodes; programs made from them train (loss.ts) and generate (src/generate/).
 */
import { geluTanh, silu } from "../graph/functional.ts";
import {
  add,
  cast,
  concat,
  constant,
  cos,
  equal,
  gather,
  matmul,
  mul,
  pad,
  reshape,
  sin,
  sub,
} from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Embedding, Linear, RmsNorm } from "../nn/layers.ts";
import { normal, zeros, type ParameterScope } from "../nn/parameters.ts";
import { Block, type KeyValue, type Rows } from "./block.ts";
import { SINUSOID_SIZE, type MogaoConfig, type PositionTable } from "./config.ts";
import { Modulation, normalised, type Condition } from "./modulation.ts";
import { positionTable } from "./position-table.ts";
import { rotary } from "./positions.ts";

export interface ForwardInputs {
  /** Rows of the text branch, embedded, and their positions [batch, tokens, 1, 3]. */
  readonly text?: { readonly rows: Tensor; readonly positions: Tensor } | undefined;
  /** Rows of the visual branch, embedded, with positions and timestep condition. */
  readonly visual?: { readonly rows: Tensor; readonly positions: Tensor; readonly condition: Condition } | undefined;
  readonly bias?: Tensor | undefined;
  /** One per layer. */
  readonly past?: readonly KeyValue[] | undefined;
}

export class Mogao {
  readonly config: MogaoConfig;
  readonly embedTokens: Embedding;
  readonly latentIn: Linear;
  readonly timeIn: Linear;
  readonly timeOut: Linear;
  readonly blocks: readonly Block[];
  readonly norm: RmsNorm;
  readonly visualNorm: RmsNorm;
  readonly finalModulation: Modulation | undefined;
  readonly velocity: Linear;
  /** Absent where the head is the table of embeddings. */
  readonly textHead: Linear | undefined;
  readonly latentTable: Embedding | undefined;
  readonly vitTable: Embedding | undefined;
  readonly connector: { readonly fc1: Linear; readonly fc2: Linear } | undefined;

  constructor(scope: ParameterScope, config: MogaoConfig) {
    const { hiddenSize, conditionSize } = config;
    const images = config.imageContext === "none" ? scope.detached() : scope;
    this.config = config;
    this.embedTokens = new Embedding(scope.at("embed_tokens"), config.vocabularySize, hiddenSize);
    this.latentIn = new Linear(images.at("latent_in"), config.latentSize, hiddenSize);
    this.timeIn = new Linear(images.at("time_embedder", "mlp", 0), SINUSOID_SIZE, conditionSize, {
      initializer: normal(0.02),
    });
    this.timeOut = new Linear(images.at("time_embedder", "mlp", 2), conditionSize, conditionSize, {
      initializer: normal(0.02),
    });
    this.blocks = Array.from({ length: config.layers }, (_, i) => new Block(scope.at("layers", i), config));
    this.norm = new RmsNorm(scope.at("norm"), hiddenSize, config.rmsNormEpsilon);
    this.visualNorm =
      config.fusion === "deep"
        ? new RmsNorm(images.at("visual_norm"), hiddenSize, config.rmsNormEpsilon, {
            kind: "copy",
            of: `${scope.prefix}norm.weight`,
          })
        : this.norm;
    this.finalModulation =
      config.timeConditioning === "added"
        ? undefined
        : new Modulation(images.at("final_modulation"), conditionSize, hiddenSize, 1, false);
    this.velocity = new Linear(images.at("velocity"), hiddenSize, config.latentSize, { initializer: zeros });
    this.textHead = config.untiedHead
      ? new Linear(scope.at("lm_head"), hiddenSize, config.vocabularySize, { bias: false, initializer: normal(0.02) })
      : undefined;
    const table = (name: string, sizes: PositionTable | undefined) =>
      sizes && positionTable(scope.at(name), sizes, hiddenSize);
    this.latentTable = table("latent_positions", config.latentTable);
    this.vitTable = table("vit_positions", config.vitTable);
    const connector = scope.at("connector");
    this.connector =
      config.connectorSize === undefined
        ? undefined
        : {
            fc1: new Linear(connector.at("fc1"), config.connectorSize, hiddenSize),
            fc2: new Linear(connector.at("fc2"), hiddenSize, hiddenSize),
          };
  }

  /** Integer ids [batch, tokens] → [batch, tokens, hidden]. */
  embedText(ids: Tensor): Tensor {
    return this.embedTokens.forward(ids);
  }

  /**
   * Text rows of which some are ViT tokens: `vitIndex` (of the shape of `ids`) is 1 + the row of `vitTokens` [n, vitSize] that
   * stands there, or 0 for ordinary text, which is taken from `ids`. `vitPlaces` [n]: rows of the ViT's position table, where the
   * model has one.
   */
  embedTextAndVit(ids: Tensor, vitTokens: Tensor, vitIndex: Tensor, vitPlaces?: Tensor): Tensor {
    const isText = reshape(cast(equal(vitIndex, 0), "float"), [...vitIndex.shape, 1]);
    const tokens = placed(this.#connected(vitTokens), this.vitTable, vitPlaces);
    return add(mul(this.embedText(ids), isText), gather(pad(tokens, 0, 1, 0), vitIndex));
  }

  /**
   * Latent tokens [batch, tokens, latentSize] → [batch, tokens, hidden]; with their timestep, where it is added, and with positions
   * from the table's rows `places` [batch, tokens], where the model has one.
   */
  embedLatents(x: Tensor, { embedding, assignment }: Condition, places?: Tensor): Tensor {
    const rows = placed(this.latentIn.forward(x), this.latentTable, places);
    return this.config.timeConditioning === "added" ? add(rows, matmul(assignment, embedding)) : rows;
  }

  /** From the ViT's width to the model's. */
  #connected(vitTokens: Tensor): Tensor {
    return this.connector ? this.connector.fc2.forward(geluTanh(this.connector.fc1.forward(vitTokens))) : vitTokens;
  }

  /** Times [batch, slots] in [0, 1], 1 is data → timestep embedding [batch, slots, conditionSize]. */
  embedTime(t: Tensor): Tensor {
    const half = SINUSOID_SIZE / 2;
    const frequencies = Float64Array.from({ length: half }, (_, i) => this.config.timeScale * 10000 ** (-i / half));
    const ownTime = this.#countsFromNoise ? t : sub(1, t);
    const angles = mul(reshape(ownTime, [...t.shape, 1]), constant(frequencies));
    const sinusoids = concat([cos(angles), sin(angles)], t.shape.length);
    return this.timeOut.forward(silu(this.timeIn.forward(sinusoids)));
  }

  /**
   * All blocks. The returned text rows are normalised for the text head; visual rows are the predicted velocity, and as they leave
   * each block; queries, keys and values are those of each block.
   */
  forward(inputs: ForwardInputs): {
    text?: Tensor;
    velocity?: Tensor;
    visualRows: Tensor[];
    caches: KeyValue[];
    queries: Tensor[];
  } {
    const { text, visual } = inputs;
    const positions = [text, visual].flatMap((part) => (part ? [part.positions] : []));
    const context = {
      rotary: rotary(concat(positions, 1), this.config),
      bias: inputs.bias,
      condition: visual?.condition,
    };
    let rows: Rows = { text: text?.rows, visual: visual?.rows };
    const caches: KeyValue[] = [];
    const visualRows: Tensor[] = [];
    const queries: Tensor[] = [];
    this.blocks.forEach((block, i) => {
      const result = block.forward(rows, { ...context, past: inputs.past?.[i] });
      rows = result.rows;
      caches.push(result.cache);
      queries.push(result.queries);
      if (rows.visual) visualRows.push(rows.visual);
    });
    return {
      ...(rows.text && { text: this.norm.forward(rows.text) }),
      ...(rows.visual && { velocity: this.velocityOf(rows.visual, visual!.condition) }),
      visualRows,
      caches,
      queries,
    };
  }

  /** Velocity head: visual rows of the last block [batch, tokens, hidden] → [batch, tokens, latentSize], with the paper's sign. */
  velocityOf(rows: Tensor, condition: Condition): Tensor {
    const [modulated] = this.finalModulation?.forward(condition) ?? [];
    const predicted = this.velocity.forward(normalised(this.visualNorm, rows, modulated));
    return this.#countsFromNoise ? predicted : mul(-1, predicted);
  }

  /** Text head: normalised rows [n, hidden] → logits [n, vocabulary]. */
  logits(rows: Tensor): Tensor {
    return this.textHead ? this.textHead.forward(rows) : this.embedTokens.logits(rows);
  }

  /** Whether the network's own time is the paper's, 0 at noise; else it is 1 − t, and dx/dt changes its sign. */
  get #countsFromNoise(): boolean {
    return this.config.dataAtTime !== 0;
  }
}

function placed(rows: Tensor, table: Embedding | undefined, places: Tensor | undefined): Tensor {
  if ((table === undefined) !== (places === undefined))
    throw new Error("Mogao: places are given exactly where the model has a position table");
  return table ? add(rows, table.forward(places!)) : rows;
}
