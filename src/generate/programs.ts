/** The inference graphs: one for each kind of rows, over cached keys and values of what came before. */
import { addDims, symbol, type Dim } from "../graph/dims.ts";
import { broadcastTo, concat, constant, gather, input, reshape } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { attentionOf } from "../model/attends.ts";
import type { KeyValue } from "../model/block.ts";
import type { Condition } from "../model/modulation.ts";
import { vitTokenSize, type MogaoConfig } from "../model/config.ts";
import type { Mogao } from "../model/mogao.ts";
import { cacheNames, NEW_ROWS } from "./key-value-cache.ts";

/**
 * Text and ViT rows. Inputs (t rows, p cached text and ViT rows, n ViT tokens, m rows whose logits are wanted):
 *   ids, vit_index [1, t] int · vit_tokens [n, vitSize] · text_positions [1, t, 1, 3] · bias [1, 1, t, p + t] ·
 *   text_keys_i, text_values_i [1, p, kvHeads, headSize] · logit_rows [m] int;
 *   where text sees VAE tokens also the c cached clean ones, which come second among the bias's p + c + t keys; and where the
 *   model has a table of them, vit_places [n] int.
 * Outputs: logits [m, vocabulary] · new_rows [2 · layers, t, kvHeads, headSize], keys and values in turn, layer by layer.
 */
export function textGraph(model: Mogao): Record<string, Tensor> {
  const [t, vit] = [symbol("tokens"), symbol("vit")];
  const textPast = cacheInputs(model.config, "text", symbol("past"));
  const past = attentionOf(model.config).textSeesVae
    ? joined(textPast, cacheInputs(model.config, "clean", symbol("clean")))
    : textPast;
  const result = model.forward({
    text: {
      // Rows that get their batch axis last need no reshape between products.
      rows: reshape(
        model.embedTextAndVit(
          reshape(input("ids", [1, t], "int"), [t]),
          input("vit_tokens", [vit, vitTokenSize(model.config)]),
          reshape(input("vit_index", [1, t], "int"), [t]),
          model.vitTable && input("vit_places", [vit], "int"),
        ),
        [1, t, model.config.hiddenSize],
      ),
      positions: input("text_positions", [1, t, 1, 3]),
    },
    bias: input("bias", [1, 1, t, addDims(past[0]!.keys.shape[1]!, t)]),
    past,
  });
  const rows = reshape(result.text!, [t, model.config.hiddenSize]);
  return {
    logits: model.logits(gather(rows, input("logit_rows", [symbol("wanted")], "int"))),
    [NEW_ROWS]: newRows(result.caches),
  };
}

/**
 * Clean VAE rows of an image (t = 1). Inputs (v rows, p cached text and ViT rows, c cached clean rows):
 *   latents [1, v, latentSize] · visual_positions [1, v, 1, 3] · bias [1, 1, v, p + c + v] ·
 *   text_keys_i, text_values_i [1, p, kvHeads, headSize] · clean_keys_i, clean_values_i [1, c, kvHeads, headSize];
 *   where the model has a table of them, latent_places [1, v] int; and where m markers stand inside the group, in front of the
 *   latents in bias and outputs, marker_ids [1, m] int · marker_positions [1, m, 1, 3].
 * Output: new_rows [2 · layers, m + v, kvHeads, headSize].
 */
export function cleanGraph(model: Mogao): Record<string, Tensor> {
  const v = symbol("tokens");
  const past = joined(
    cacheInputs(model.config, "text", symbol("past")),
    cacheInputs(model.config, "clean", symbol("clean")),
  );
  const condition = sharedTime(model, constant(1, [1, 1]));
  const markers = markerRows(model, 1);
  const rows = addDims(markers?.count ?? 0, v);
  const result = model.forward({
    text: markers,
    visual: { rows: latentRows(model, 1, v, condition), positions: input("visual_positions", [1, v, 1, 3]), condition },
    bias: input("bias", [1, 1, rows, addDims(past[0]!.keys.shape[1]!, rows)]),
    past,
  });
  return { [NEW_ROWS]: newRows(result.caches) };
}

/**
 * Noisy rows of n images of one size, in b branches: each an image under a condition. Inputs (v rows, p rows of the longest context):
 *   latents [n, v, latentSize], x_t · image_index [b] int, whose x_t a branch has · times [1, 1] · visual_positions [b, v, 1, 3] ·
 *   bias [b, 1, 1, p + v] · past_keys_i, past_values_i [b, p, kvHeads, headSize]; and as for clean rows latent_places,
 *   marker_ids, and marker_positions [b, m, 1, 3].
 * Output: velocity [b, v, latentSize].
 */
export function noisyGraph(model: Mogao): Record<string, Tensor> {
  const [n, b, v] = [symbol("images"), symbol("branches"), symbol("tokens")];
  const past = cacheInputs(model.config, "past", symbol("past"), b);
  const condition = sharedTime(model, input("times", [1, 1]));
  const markers = markerRows(model, b);
  const result = model.forward({
    text: markers,
    visual: {
      rows: gather(latentRows(model, n, v, condition), input("image_index", [b], "int")),
      positions: input("visual_positions", [b, v, 1, 3]),
      condition,
    },
    bias: input("bias", [b, 1, 1, addDims(past[0]!.keys.shape[1]!, addDims(markers?.count ?? 0, v))]),
    past,
  });
  return { velocity: result.velocity! };
}

function latentRows(model: Mogao, n: Dim, v: Dim, condition: Condition): Tensor {
  const places = model.latentTable && input("latent_places", [1, v], "int");
  return model.embedLatents(input("latents", [n, v, model.config.latentSize]), condition, places);
}

/** The markers inside a group of latents, which keep the weights of text. */
function markerRows(model: Mogao, batch: Dim): { rows: Tensor; positions: Tensor; count: Dim } | undefined {
  if (model.config.imageLayout?.markers !== "inside") return undefined;
  const count = symbol("markers");
  return {
    rows: broadcastTo(model.embedText(input("marker_ids", [1, count], "int")), [batch, count, model.config.hiddenSize]),
    positions: input("marker_positions", [batch, count, 1, 3]),
    count,
  };
}

/** One time for all rows: an assignment that broadcasts. */
function sharedTime(model: Mogao, t: Tensor): Condition {
  return { embedding: model.embedTime(t), assignment: constant(1, [1, 1, 1]) };
}

function cacheInputs(
  { layers, kvHeads, headSize }: MogaoConfig,
  prefix: string,
  rows: Dim,
  batch: Dim = 1,
): KeyValue[] {
  return Array.from({ length: layers }, (_, layer) => {
    const [keys, values] = cacheNames(prefix, layer).map((name) => input(name, [batch, rows, kvHeads, headSize]));
    return { keys: keys!, values: values! };
  });
}

function joined(first: readonly KeyValue[], second: readonly KeyValue[]): KeyValue[] {
  return first.map(({ keys, values }, i) => ({
    keys: concat([keys, second[i]!.keys], 1),
    values: concat([values, second[i]!.values], 1),
  }));
}

/** In one output: a value for each layer's would cost a small model more than the copy into the cache does. */
function newRows(caches: readonly KeyValue[]): Tensor {
  return concat(
    caches.flatMap(({ keys, values }) => [keys, values]),
    0,
  );
}
