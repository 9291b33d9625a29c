/** Rows looked up in tables, and operations on the last axis that have a kernel of their own. */
import { sameShape, type Dim } from "../dims.ts";
import { createTensor, type Tensor } from "../tensor.ts";
import { check } from "./checks.ts";

/** table [n, …], ids of any shape → [ids…, …]. */
export function gather(table: Tensor, ids: Tensor): Tensor {
  check(ids.dtype === "int" && table.shape.length >= 1, "gather", "a table and integer ids", table, ids);
  return createTensor("gather", [table, ids], {}, [...ids.shape, ...table.shape.slice(1)], table.dtype);
}

export function scatterAdd(ids: Tensor, updates: Tensor, rows: Dim): Tensor {
  check(
    ids.dtype === "int" && updates.dtype === "float" && sameShape(updates.shape.slice(0, ids.shape.length), ids.shape),
    "scatterAdd",
    "integer ids and float updates that begin with the shape of ids",
    ids,
    updates,
  );
  return createTensor(
    "scatterAdd",
    [ids, updates],
    { rows },
    [rows, ...updates.shape.slice(ids.shape.length)],
    "float",
  );
}

/** x [..., n], index [..., 1] → [..., 1]. */
export function pick(x: Tensor, index: Tensor): Tensor {
  check(
    index.dtype === "int" && x.shape.length >= 1 && sameShape(index.shape, [...x.shape.slice(0, -1), 1]),
    "pick",
    "an integer index with a last axis of 1",
    x,
    index,
  );
  return createTensor("pick", [x, index], {}, index.shape, x.dtype);
}

export function place(index: Tensor, values: Tensor, size: Dim): Tensor {
  check(
    index.dtype === "int" &&
      values.dtype === "float" &&
      sameShape(index.shape, values.shape) &&
      values.shape.at(-1) === 1,
    "place",
    "an integer index and float values, both [..., 1]",
    index,
    values,
  );
  return createTensor("place", [index, values], { size }, [...values.shape.slice(0, -1), size], "float");
}

export function softmax(x: Tensor): Tensor {
  check(x.dtype === "float" && x.shape.length >= 1, "softmax", "a float operand", x);
  return createTensor("softmax", [x], {}, x.shape, "float");
}

/** x [..., d], weight [d]. */
export function rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
  check(
    x.dtype === "float" &&
      weight.dtype === "float" &&
      x.shape.length >= 1 &&
      sameShape(weight.shape, x.shape.slice(-1)),
    "rmsNorm",
    "float operands, the weight as wide as x",
    x,
    weight,
  );
  return createTensor("rmsNorm", [x, weight], { epsilon }, x.shape, "float");
}

export function standardize(x: Tensor, epsilon: number): Tensor {
  check(x.dtype === "float" && x.shape.length >= 1, "standardize", "a float operand", x);
  return createTensor("standardize", [x], { epsilon }, x.shape, "float");
}

/**
 * Rotates the channel pairs (i, i + d/2) of each head of x [batch, tokens, heads · d], the half-split convention of Qwen and LLaMA;
 * cosines and sines [tokens, d/2].
 */
export function rotatePairs(x: Tensor, cosines: Tensor, sines: Tensor, heads: number): Tensor {
  const [, tokens, width] = x.shape;
  const [, half] = cosines.shape;
  const fits =
    x.shape.length === 3 &&
    typeof half === "number" &&
    width === heads * half * 2 &&
    sameShape(cosines.shape, [tokens!, half]);
  check(
    fits && sameShape(sines.shape, cosines.shape) && [x, cosines, sines].every(({ dtype }) => dtype === "float"),
    "rotatePairs",
    `x [batch, tokens, ${heads} · d], cosines and sines [tokens, d/2]`,
    x,
    cosines,
    sines,
  );
  return createTensor("rotatePairs", [x, cosines, sines], { heads }, x.shape, "float");
}
