/** Writes a graph as an ONNX model in a chosen float width. */
import type { Dim } from "../graph/dims.ts";
import { simplify } from "../graph/simplify.ts";
import { isOperation, topologicalOrder, type DType, type OperationName, type Tensor } from "../graph/tensor.ts";
import { verify } from "../graph/verify.ts";
import { lowerings, type LoweringContext } from "./lowering.ts";
import { encodeModel, onnxElementType, type OnnxNode, type OnnxTensor, type OnnxValue } from "./model-proto.ts";

export type Precision = "float32" | "float64";

export interface GraphInput {
  readonly name: string;
  readonly role: "input" | "parameter";
  readonly shape: readonly Dim[];
  readonly dtype: DType;
}

/** Where a tensor's bytes lie: a file, by its name in the folder that the program is loaded with. */
export interface TensorPlace {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

export interface CompileOptions {
  readonly precision?: Precision;
  readonly name?: string;
  /**
   * Parameters that are constants read from a file, not inputs: ONNX Runtime maps them, and arranges those of `matmulNBits` for
   * its kernels, which it cannot do with inputs.
   */
  readonly stored?: (name: string) => TensorPlace | undefined;
}

export interface CompiledModel {
  readonly bytes: Uint8Array;
  /** What the model must be fed, in order of first use: no stored parameters. */
  readonly inputs: readonly GraphInput[];
  readonly precision: Precision;
}

/** Lowers everything that the named outputs depend on, checked (verify.ts) and simplified. */
export function compileModel(named: Readonly<Record<string, Tensor>>, options: CompileOptions = {}): CompiledModel {
  const { precision = "float32", name: modelName = "mogao", stored = () => undefined } = options;
  const floatType = precision === "float32" ? onnxElementType.float : onnxElementType.double;
  const elementType = (dtype: DType) => (dtype === "float" ? floatType : elementTypes[dtype]);

  const nodes: OnnxNode[] = [];
  const initializers: (OnnxTensor & { name: string })[] = [];
  const graphInputs: GraphInput[] = [];
  const names = new Map<Tensor, string>();
  const cache = new Map<string, string>();
  let counter = 0;
  const fresh = (prefix: string) => `${prefix}_${counter++}`;

  const memo = (key: string, make: () => string): string => {
    let value = cache.get(key);
    if (value === undefined) cache.set(key, (value = make()));
    return value;
  };
  const initializer = (elementTypeCode: number, dims: readonly number[], raw: Uint8Array): string => {
    const name = fresh("constant");
    initializers.push({ name, elementType: elementTypeCode, dims, raw });
    return name;
  };
  const bytesOf = (array: Float32Array | Float64Array | BigInt64Array | Uint8Array): Uint8Array =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const int64s = (values: ArrayLike<number>) =>
    bytesOf(BigInt64Array.from(values, (value) => BigInt(Math.trunc(value))));
  const floatBytes = (values: ArrayLike<number>) =>
    bytesOf(precision === "float32" ? Float32Array.from(values) : Float64Array.from(values));

  const context: LoweringContext = {
    floatType,
    elementType,
    name: (tensor) => names.get(tensor)!,
    node(opType, inputs, attributes = {}, { domain = "", output = fresh(opType) } = {}) {
      nodes.push({ opType, domain, inputs, outputs: [output], attributes });
      return output;
    },
    floats: (values, shape) =>
      values.length <= 16
        ? memo(`f:${shape}:${Array.from(values)}`, () => initializer(floatType, shape, floatBytes(values)))
        : initializer(floatType, shape, floatBytes(values)),
    ints: (values, shape = [values.length]) =>
      memo(`i:${shape}:${values}`, () => initializer(onnxElementType.int64, shape, int64s(values))),
    sizes(dims) {
      if (dims.every((dim) => typeof dim === "number")) return context.ints(dims);
      return memo(`s:${dims.join(",")}`, () => {
        const parts = dims.map((dim) => sizeVector(dim));
        return parts.length === 1 ? parts[0]! : context.node("Concat", parts, { axis: { kind: "int", value: 0 } });
      });
    },
  };

  /** A one-element vector holding a size: read off an input that has it, or computed from such. */
  function sizeVector(dim: Dim): string {
    if (typeof dim === "number") return context.ints([dim]);
    return memo(`d:${dim.key}`, () => {
      let sum: string | undefined;
      for (const [monomial, coefficient] of dim.terms) {
        const factors = (monomial ? monomial.split("·") : []).map(namedSize);
        if (coefficient !== 1 || factors.length === 0) factors.push(context.ints([coefficient]));
        const product = factors.reduce((a, b) => context.node("Mul", [a, b]));
        sum = sum === undefined ? product : context.node("Add", [sum, product]);
      }
      return sum!;
    });
  }
  function namedSize(symbolName: string): string {
    return memo(`n:${symbolName}`, () => {
      for (const { name, shape } of graphInputs) {
        const axis = shape.findIndex((dim) => typeof dim !== "number" && dim.key === symbolName);
        if (axis < 0) continue;
        return context.node("Shape", [name], {
          start: { kind: "int", value: axis },
          end: { kind: "int", value: axis + 1 },
        });
      }
      throw new Error(`compileModel: no input has the size "${symbolName}" as an axis of its own`);
    });
  }

  verify(Object.values(named));
  const simple = simplify(Object.values(named));
  const outputs = Object.fromEntries(Object.keys(named).map((name, i) => [name, simple[i]!]));
  const order = topologicalOrder(simple);
  for (const tensor of order) {
    if (!isOperation(tensor, "input")) continue;
    const { name, role } = tensor.attributes;
    names.set(tensor, name);
    const place = role === "parameter" ? stored(name) : undefined;
    if (place) {
      const { file, ...range } = place;
      const dims = tensor.shape as readonly number[];
      const external = { location: file, ...range };
      initializers.push({ name, elementType: elementType(tensor.dtype), dims, raw: noBytes, external });
      continue;
    }
    graphInputs.push({ name, role, shape: tensor.shape, dtype: tensor.dtype });
  }

  const wanted = new Map<Tensor, string>();
  for (const [name, tensor] of Object.entries(outputs)) if (!wanted.has(tensor)) wanted.set(tensor, name);
  for (const tensor of order) {
    if (isOperation(tensor, "input")) continue;
    if (isOperation(tensor, "constant")) {
      const values = tensor.attributes.values;
      const dims = tensor.shape as readonly number[];
      const name =
        tensor.dtype === "float"
          ? context.floats(values, dims)
          : initializer(
              elementType(tensor.dtype),
              dims,
              tensor.dtype === "int" ? int64s(values) : Uint8Array.from(values),
            );
      names.set(tensor, name);
      continue;
    }
    if (isOperation(tensor, "detach") && !wanted.has(tensor)) {
      names.set(tensor, names.get(tensor.inputs[0]!)!);
      continue;
    }
    const output = wanted.get(tensor) ?? `${tensor.op}_${counter++}`;
    names.set(tensor, output);
    const lower = lowerings[tensor.op] as (typeof lowerings)[OperationName] as (
      y: Tensor,
      attributes: unknown,
      x: readonly string[],
      context: LoweringContext,
      output: string,
    ) => void;
    lower(
      tensor,
      tensor.attributes,
      tensor.inputs.map((x) => names.get(x)!),
      context,
      output,
    );
  }

  // Outputs that are inputs, constants or repeats of another output need a node of their own.
  const values: OnnxValue[] = [];
  for (const [name, tensor] of Object.entries(outputs)) {
    if (names.get(tensor) !== name) context.node("Identity", [names.get(tensor)!], {}, { output: name });
    values.push({ name, elementType: elementType(tensor.dtype), shape: tensor.shape.map(onnxDim) });
  }
  return {
    bytes: encodeModel({
      name: modelName,
      nodes,
      inputs: graphInputs.map(({ name, shape, dtype }) => ({
        name,
        elementType: elementType(dtype),
        shape: shape.map(onnxDim),
      })),
      outputs: values,
      initializers,
    }),
    inputs: graphInputs,
    precision,
  };
}

const noBytes = new Uint8Array(0);

const elementTypes = {
  int: onnxElementType.int64,
  bool: onnxElementType.bool,
  byte: onnxElementType.uint8,
} as const;

/** Symbolic sizes keep their formula as their name. */
function onnxDim(dim: Dim): number | string {
  return typeof dim === "number" ? dim : dim.key;
}
