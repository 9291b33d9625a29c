/** One entry per primitive: the ONNX nodes that compute it. Opset 21; portable to CPU, WebGPU and CUDA. */
import { addDims, mulDims, sameDim, sizeOf, subDims, type Dim } from "../graph/dims.ts";
import type { OperationName, Operations, Tensor } from "../graph/tensor.ts";
import { onnxElementType, type OnnxAttribute } from "./model-proto.ts";

/** What a lowering may use of the model being written. */
export interface LoweringContext {
  /** Name of a tensor's value. */
  name(tensor: Tensor): string;
  /** Adds a node and returns the name of its (only used) output. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    options?: { domain?: string; output?: string },
  ): string;
  /** A constant of the model's float type. */
  floats(values: ArrayLike<number>, shape: readonly number[]): string;
  /** A constant of 64-bit integers. */
  ints(values: readonly number[], shape?: readonly number[]): string;
  /** A vector holding these sizes, computed at run time where they are symbolic. */
  sizes(dims: readonly Dim[]): string;
  readonly floatType: number;
  elementType(dtype: Tensor["dtype"]): number;
}

type Lowering<O extends OperationName> = (
  y: Tensor,
  attributes: Operations[O],
  x: readonly string[],
  context: LoweringContext,
  output: string,
) => void;

const int = (value: number): OnnxAttribute => ({ kind: "int", value });
const ints = (value: readonly number[]): OnnxAttribute => ({ kind: "ints", value });
const float = (value: number): OnnxAttribute => ({ kind: "float", value });

/**
 * MatMulNBits' accuracy level at which rows of x are rounded to 8 bits: the only one with fast kernels for 8-bit weights on
 * CPUs (bench/README.md). Weights that are no constants of the model are converted to floats first instead.
 */
const INT8_ACTIVATIONS = 4;

/** An operation that ONNX has under the same meaning. */
const direct =
  (opType: string): Lowering<OperationName> =>
  (_y, _attributes, x, context, output) =>
    void context.node(opType, x, {}, { output });

const reduction =
  (opType: string): Lowering<"reduceSum" | "reduceMean" | "reduceMax"> =>
  (_y, { axes }, x, context, output) =>
    void context.node(opType, [x[0]!, context.ints(axes)], { keepdims: int(1) }, { output });

export const lowerings: { readonly [O in OperationName]: Lowering<O> } = {
  input: () => {},
  constant: () => {},
  neg: direct("Neg"),
  exp: direct("Exp"),
  log: direct("Log"),
  sqrt: direct("Sqrt"),
  tanh: direct("Tanh"),
  erf: direct("Erf"),
  sigmoid: direct("Sigmoid"),
  silu: (_y, _attributes, x, context, output) => {
    if (context.floatType === onnxElementType.double)
      context.node("Mul", [x[0]!, context.node("Sigmoid", x)], {}, { output });
    else context.node("QuickGelu", x, { alpha: float(1) }, { output, domain: "com.microsoft" });
  },
  sin: direct("Sin"),
  cos: direct("Cos"),
  abs: direct("Abs"),
  not: direct("Not"),
  cast: (_y, { dtype }, x, context, output) =>
    void context.node("Cast", x, { to: int(context.elementType(dtype)) }, { output }),
  detach: direct("Identity"),
  add: direct("Add"),
  sub: direct("Sub"),
  mul: direct("Mul"),
  div: direct("Div"),
  max: direct("Max"),
  min: direct("Min"),
  less: direct("Less"),
  equal: direct("Equal"),
  and: direct("And"),
  where: direct("Where"),
  matmul: direct("MatMul"),
  gemm: (_y, { transA, transB }, x, context, output) =>
    void context.node("Gemm", x, { transA: int(transA ? 1 : 0), transB: int(transB ? 1 : 0) }, { output }),
  matmulNBits: (y, { bits }, [x, codes, scales, c], context, output) => {
    const [n, blocks, bytes] = y.inputs[1]!.shape as [number, number, number];
    const block = (bytes * 8) / bits;
    const sizes = { N: int(n), K: int(blocks * block), bits: int(bits), block_size: int(block) };
    context.node(
      "MatMulNBits",
      [x!, codes!, scales!, ...(c === undefined ? [] : ["", "", c])],
      { ...sizes, accuracy_level: int(INT8_ACTIVATIONS) },
      { output, domain: "com.microsoft" },
    );
  },
  conv2d: (y, { stride, pads }, x, context, output) =>
    void context.node(
      "Conv",
      x,
      { strides: ints([stride, stride]), pads: ints(pads), kernel_shape: ints(kernelOf(y)) },
      { output },
    ),
  conv2dTranspose: (y, { stride, pads, height, width }, x, context, output) => {
    const [kernelHeight, kernelWidth] = kernelOf(y) as [number, number];
    const [top, left, bottom, right] = pads;
    if (stride === 1) {
      // A convolution with the kernel turned around is 2-4 times as fast as ConvTranspose on CPU.
      const flipped = context.node("Slice", [
        x[1]!,
        context.ints([-1, -1]),
        context.ints([-kernelHeight - 1, -kernelWidth - 1]),
        context.ints([2, 3]),
        context.ints([-1, -1]),
      ]);
      const swapped = context.node("Transpose", [flipped], { perm: ints([1, 0, 2, 3]) });
      const around = [
        kernelHeight - 1 - top,
        kernelWidth - 1 - left,
        kernelHeight - 1 - bottom,
        kernelWidth - 1 - right,
      ];
      context.node(
        "Conv",
        [x[0]!, swapped],
        { strides: ints([1, 1]), pads: ints(around), kernel_shape: ints([kernelHeight, kernelWidth]) },
        { output },
      );
      return;
    }
    const [, , outHeight, outWidth] = y.inputs[0]!.shape as [Dim, Dim, Dim, Dim];
    // Known even where the sizes are symbolic: 2·h − 2·h + …
    const missing = (size: Dim, out: Dim, kernel: number, padding: number) =>
      subDims(size, addDims(mulDims(out, stride), kernel - padding - stride)) as number;
    context.node(
      "ConvTranspose",
      x,
      {
        strides: ints([stride, stride]),
        pads: ints(pads),
        kernel_shape: ints([kernelHeight, kernelWidth]),
        output_padding: ints([
          missing(height, outHeight, kernelHeight, top + bottom),
          missing(width, outWidth, kernelWidth, left + right),
        ]),
      },
      { output },
    );
  },
  reduceSum: reduction("ReduceSum"),
  reduceMean: reduction("ReduceMean"),
  reduceMax: reduction("ReduceMax"),
  reshape: (y, { shape }, x, context, output) => {
    const from = y.inputs[0]!.shape;
    const kept = (dim: Dim, i: number) => i < from.length && sameDim(dim, from[i]!);
    const isNumber = (dim: Dim): dim is number => typeof dim === "number";
    // ONNX's 0 keeps the operand's size, its −1 stands for what is left over, which is unknown beside a size of 0.
    if (shape.every((dim, i) => (isNumber(dim) ? dim !== 0 : kept(dim, i)))) {
      context.node("Reshape", [x[0]!, context.ints(shape.map((dim) => (isNumber(dim) ? dim : 0)))], {}, { output });
    } else if (shape.filter((dim) => !isNumber(dim)).length === 1 && !shape.includes(0)) {
      context.node("Reshape", [x[0]!, context.ints(shape.map((dim) => (isNumber(dim) ? dim : -1)))], {}, { output });
    } else {
      context.node("Reshape", [x[0]!, context.sizes(shape)], { allowzero: int(1) }, { output });
    }
  },
  transpose: (_y, { permutation }, x, context, output) =>
    void context.node("Transpose", x, { perm: ints(permutation) }, { output }),
  broadcastTo: (_y, { shape }, x, context, output) =>
    void context.node("Expand", [x[0]!, context.sizes(shape)], {}, { output }),
  concat: (_y, { axis }, x, context, output) => void context.node("Concat", x, { axis: int(axis) }, { output }),
  slice: (y, { axis, start, end, step }, x, context, output) => {
    const size = y.inputs[0]!.shape[axis]!;
    const taken = (from: string, first: Dim, last: Dim, by: number, name?: string) =>
      context.node(
        "Slice",
        [from, context.sizes([first]), context.sizes([last]), context.ints([axis]), context.ints([by])],
        {},
        name === undefined ? {} : { output: name },
      );
    if (step > 0) {
      taken(x[0]!, start, sameDim(end, size) ? Number.MAX_SAFE_INTEGER : end, step, output);
      return;
    }
    // Backwards from the last element: ONNX Runtime's WebGPU kernel starts there whatever it is told.
    const isWhole = sameDim(start, subDims(size, 1)) && sameDim(end, -1);
    const part = isWhole ? x[0]! : taken(x[0]!, addDims(end, 1), addDims(start, 1), 1);
    taken(part, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, step, output);
  },
  pad: (y, { axis, before, after }, x, context, output) => {
    const zero =
      y.dtype === "float"
        ? context.floats([0], [])
        : y.dtype === "int"
          ? context.ints([0], [])
          : context.node("Cast", [context.ints([0], [])], { to: int(context.elementType("bool")) });
    context.node("Pad", [x[0]!, context.sizes([before, after]), zero, context.ints([axis])], {}, { output });
  },
  gather: direct("Gather"),
  scatterAdd: (y, { rows }, x, context, output) => {
    // ScatterND over one flat axis of ids; "add" makes repeated ids sum.
    const [ids] = y.inputs as [Tensor, Tensor];
    const rest = y.shape.slice(1);
    const flatIds = context.node("Reshape", [x[0]!, context.ints([-1, 1])]);
    const flatUpdates =
      ids.shape.length === 1
        ? x[1]!
        : context.node("Reshape", [x[1]!, context.sizes([sizeOf(ids.shape), ...rest])], { allowzero: int(1) });
    const zeros = context.node("Expand", [context.floats([0], []), context.sizes([rows, ...rest])]);
    context.node(
      "ScatterND",
      [zeros, flatIds, flatUpdates],
      { reduction: { kind: "string", value: "add" } },
      { output },
    );
  },
  pick: (y, _attributes, x, context, output) =>
    void context.node("GatherElements", x, { axis: int(y.shape.length - 1) }, { output }),
  place: (y, _attributes, x, context, output) => {
    const zeros = context.node("Expand", [context.floats([0], []), context.sizes(y.shape)]);
    context.node("ScatterElements", [zeros, x[0]!, x[1]!], { axis: int(y.shape.length - 1) }, { output });
  },
  softmax: (y, _attributes, x, context, output) =>
    void context.node("Softmax", x, { axis: int(y.shape.length - 1) }, { output }),
  rmsNorm: (_y, { epsilon }, x, context, output) =>
    void context.node(
      "SimplifiedLayerNormalization",
      x,
      { axis: int(-1), epsilon: float(epsilon), stash_type: int(context.floatType) },
      { output },
    ),
  standardize: (y, { epsilon }, x, context, output) => {
    const width = y.shape.at(-1)!;
    const ones =
      typeof width === "number"
        ? context.floats(new Float64Array(width).fill(1), [width])
        : context.node("Expand", [context.floats([1], [1]), context.sizes([width])]);
    context.node(
      "LayerNormalization",
      [x[0]!, ones],
      { axis: int(-1), epsilon: float(epsilon), stash_type: int(context.floatType) },
      { output },
    );
  },
  rotatePairs: (y, { heads }, x, context, output) => {
    if (context.floatType === onnxElementType.double) return rotatePairsInDouble(y, heads, x, context, output);
    context.node(
      "RotaryEmbedding",
      [x[0]!, context.ints([0], [1]), x[1]!, x[2]!],
      { num_heads: int(heads) },
      { domain: "com.microsoft", output },
    );
  },
};

/** RotaryEmbedding has no double kernel. */
function rotatePairsInDouble(
  y: Tensor,
  heads: number,
  [x, ...angles]: readonly string[],
  context: LoweringContext,
  output: string,
): void {
  const [batch, tokens] = y.shape as [Dim, Dim];
  const half = y.inputs[1]!.shape[1] as number;
  const reshaped = (name: string, shape: readonly Dim[], options = {}) =>
    context.node("Reshape", [name, context.sizes(shape)], { allowzero: int(1) }, options);
  const split = reshaped(x!, [batch, tokens, heads, 2 * half]);
  const [cosines, sines] = angles.map((name) => reshaped(name, [tokens, 1, half])) as [string, string];
  const part = (start: number, end: number) =>
    context.node("Slice", [split, context.ints([start]), context.ints([end]), context.ints([3])]);
  const [first, second] = [part(0, half), part(half, 2 * half)];
  const product = (a: string, b: string) => context.node("Mul", [a, b]);
  const turned = [
    context.node("Sub", [product(first, cosines), product(second, sines)]),
    context.node("Add", [product(second, cosines), product(first, sines)]),
  ];
  reshaped(context.node("Concat", turned, { axis: int(3) }), y.shape, { output });
}

function kernelOf(y: Tensor): readonly number[] {
  return y.inputs[1]!.shape.slice(2) as number[];
}
