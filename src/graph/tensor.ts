import { showShape, type Dim } from "./dims.ts";

/**
 * Element kinds of graph tensors. `float` has no width here: the same graph runs in float64 (interpreter, gradient
 * checks), float32 or float16; the width is chosen when it is lowered. `int` is 64-bit. `byte` holds the codes of quantised
 * weights, which are looked up, converted and multiplied, but not computed with.
 */
export type DType = "float" | "int" | "bool" | "byte";

/** Attributes of every primitive operation; the table of all operations there are. */
export interface Operations {
  /** A value fed at run time. Parameters are inputs that training updates; their names are checkpoint keys. */
  input: { readonly name: string; readonly role: "input" | "parameter" };
  constant: { readonly values: ArrayLike<number> };
  // element-wise, one operand
  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  tanh: None;
  erf: None;
  sigmoid: None;
  /** x · sigmoid(x) */
  silu: None;
  sin: None;
  cos: None;
  abs: None;
  not: None;
  cast: { readonly dtype: DType };
  /** The operand itself, but no gradient flows through it. */
  detach: None;
  // element-wise, two operands, NumPy broadcasting
  add: None;
  sub: None;
  mul: None;
  div: None;
  max: None;
  min: None;
  less: None;
  equal: None;
  and: None;
  /** condition ? a : b, broadcasting. */
  where: None;
  // products
  /** [..., m, k] × [..., k, n]; leading axes broadcast. */
  matmul: None;
  /** op(a)·op(b) (+ c): two matrices, optionally transposed, and an optional row vector. */
  gemm: { readonly transA: boolean; readonly transB: boolean };
  /**
   * x·Wᵀ: [..., k] × codes of W [n, blocks, bytes] and a scale for each block [n, blocks] → [..., n]. A weight is its scale
   * times (its code − 2^(bits−1)); of two codes in a byte, the low half comes first.
   */
  matmulNBits: { readonly bits: CodeBits };
  /** [n, c, h, w] ⋆ [o, c, kh, kw], zero padding. */
  conv2d: Conv2dAttributes;
  /** The adjoint of conv2d in its first argument: [n, o, oh, ow] × [o, c, kh, kw] → [n, c, height, width]. */
  conv2dTranspose: Conv2dAttributes & { readonly height: Dim; readonly width: Dim };
  // reductions over `axes`, which stay as axes of size 1
  reduceSum: { readonly axes: readonly number[] };
  reduceMean: { readonly axes: readonly number[] };
  reduceMax: { readonly axes: readonly number[] };
  // shape
  reshape: { readonly shape: readonly Dim[] };
  transpose: { readonly permutation: readonly number[] };
  broadcastTo: { readonly shape: readonly Dim[] };
  concat: { readonly axis: number };
  /** Elements start, start + step, … before `end` (with a negative step: after `end`; −1 is before the first). */
  slice: { readonly axis: number; readonly start: Dim; readonly end: Dim; readonly step: number };
  /** Zeros before and after along one axis. */
  pad: { readonly axis: number; readonly before: Dim; readonly after: Dim };
  // look-ups
  /** Rows of a table [n, …] by integer ids of any shape. */
  gather: None;
  /** Adjoint of gather: sums updates [ids…, …] into `rows` rows of zeros. */
  scatterAdd: { readonly rows: Dim };
  /** One element of each row: [..., n] and integer [..., 1] → [..., 1]. */
  pick: None;
  /** Adjoint of pick: [..., 1] values placed in rows of `size` zeros. */
  place: { readonly size: Dim };
  // fused, because every runtime has a fast kernel
  /** Over the last axis. */
  softmax: None;
  /** x / rms(x) · weight over the last axis. */
  rmsNorm: { readonly epsilon: number };
  /** (x − mean) / sqrt(variance + epsilon) over the last axis. */
  standardize: { readonly epsilon: number };
  /**
   * Rotates the channel pairs (i, i + d/2) of each head of x [batch, tokens, heads · d] by angles given as cosines and sines
   * [tokens, d/2].
   */
  rotatePairs: { readonly heads: number };
}
/** Bits to a quantised weight. */
export type CodeBits = 4 | 8;
type None = Readonly<Record<never, never>>;
export interface Conv2dAttributes {
  readonly stride: number;
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
}

export type OperationName = keyof Operations;

/** A node of the graph: one operation, its operands, and the shape and kind of its one result. Immutable. */
export interface Tensor<O extends OperationName = OperationName> {
  readonly id: number;
  readonly op: O;
  readonly inputs: readonly Tensor[];
  readonly attributes: Operations[O];
  readonly shape: readonly Dim[];
  readonly dtype: DType;
}

let nextId = 0;

/** Makes a node; only primitives.ts calls this. */
export function createTensor<O extends OperationName>(
  op: O,
  inputs: readonly Tensor[],
  attributes: Operations[O],
  shape: readonly Dim[],
  dtype: DType,
): Tensor {
  return { id: nextId++, op, inputs, attributes, shape, dtype } as Tensor;
}

/** Whether `tensor` is the result of `op`; narrows the type of its attributes. */
export function isOperation<O extends OperationName>(tensor: Tensor, op: O): tensor is Tensor<O> {
  return tensor.op === op;
}

export function describe(tensor: Tensor): string {
  return `${tensor.op} ${tensor.dtype}${showShape(tensor.shape)}`;
}

/** All nodes that `outputs` depend on, operands before their users. */
export function topologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const done = new Set<Tensor>();
  const stack: { tensor: Tensor; next: number }[] = [];
  for (const output of outputs) {
    if (done.has(output)) continue;
    stack.push({ tensor: output, next: 0 });
    done.add(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const input = top.tensor.inputs[top.next++];
      if (input === undefined) {
        order.push(top.tensor);
        stack.pop();
      } else if (!done.has(input)) {
        done.add(input);
        stack.push({ tensor: input, next: 0 });
      }
    }
  }
  return order;
}
