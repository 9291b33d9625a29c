/** Makes a node again from other operands, through its primitive: shape rules apply and may find it to be a no-op. */
import * as P from "./primitives.ts";
import type { OperationName, Operations, Tensor } from "./tensor.ts";

type Builder<O extends OperationName> = (x: readonly Tensor[], attributes: Operations[O], y: Tensor) => Tensor;

const unary =
  (make: (x: Tensor) => Tensor): Builder<OperationName> =>
  ([x]) =>
    make(x!);
const binary =
  (make: (a: Tensor, b: Tensor) => Tensor): Builder<OperationName> =>
  ([a, b]) =>
    make(a!, b!);
const reduction =
  (make: typeof P.reduceSum): Builder<"reduceSum" | "reduceMean" | "reduceMax"> =>
  ([x], { axes }) =>
    make(x!, axes, true);

const builders: { readonly [O in OperationName]: Builder<O> } = {
  input: (_, { name, role }, y) =>
    role === "parameter"
      ? P.parameter(name, y.shape as readonly number[], y.dtype as "float" | "byte")
      : P.input(name, y.shape, y.dtype),
  constant: (_, { values }, y) => P.constant(values, y.shape as readonly number[], y.dtype),
  neg: unary(P.neg),
  exp: unary(P.exp),
  log: unary(P.log),
  sqrt: unary(P.sqrt),
  tanh: unary(P.tanh),
  erf: unary(P.erf),
  sigmoid: unary(P.sigmoid),
  silu: unary(P.silu),
  sin: unary(P.sin),
  cos: unary(P.cos),
  abs: unary(P.abs),
  not: unary(P.not),
  cast: ([x], { dtype }) => P.cast(x!, dtype),
  detach: unary(P.detach),
  add: binary(P.add),
  sub: binary(P.sub),
  mul: binary(P.mul),
  div: binary(P.div),
  max: binary(P.max),
  min: binary(P.min),
  less: binary(P.less),
  equal: binary(P.equal),
  and: binary(P.and),
  where: ([condition, a, b]) => P.where(condition!, a!, b!),
  matmul: binary(P.matmul),
  gemm: ([a, b, c], { transA, transB }) => P.gemm(a!, b!, { transA, transB, c }),
  matmulNBits: ([x, codes, scales, c], { bits }) => P.matmulNBits(x!, codes!, scales!, bits, c),
  conv2d: ([x, weight], attributes) => P.conv2d(x!, weight!, attributes),
  conv2dTranspose: ([y, weight], attributes) => P.conv2dTranspose(y!, weight!, attributes),
  reduceSum: reduction(P.reduceSum),
  reduceMean: reduction(P.reduceMean),
  reduceMax: reduction(P.reduceMax),
  reshape: ([x], { shape }) => P.reshape(x!, shape),
  transpose: ([x], { permutation }) => P.transpose(x!, permutation),
  broadcastTo: ([x], { shape }) => P.broadcastTo(x!, shape),
  concat: (x, { axis }) => P.concat(x, axis),
  slice: ([x], { axis, start, end, step }) => P.slice(x!, axis, start, end, step),
  pad: ([x], { axis, before, after }) => P.pad(x!, axis, before, after),
  gather: binary(P.gather),
  scatterAdd: ([ids, updates], { rows }) => P.scatterAdd(ids!, updates!, rows),
  pick: binary(P.pick),
  place: ([index, values], { size }) => P.place(index!, values!, size),
  softmax: unary(P.softmax),
  rmsNorm: ([x, weight], { epsilon }) => P.rmsNorm(x!, weight!, epsilon),
  standardize: ([x], { epsilon }) => P.standardize(x!, epsilon),
  rotatePairs: ([x, cosines, sines], { heads }) => P.rotatePairs(x!, cosines!, sines!, heads),
};

/** `tensor` with other operands of the same shapes. Throws the primitive's Error where they do not fit. */
export function rebuild(tensor: Tensor, inputs: readonly Tensor[]): Tensor {
  return (builders[tensor.op] as Builder<OperationName>)(inputs, tensor.attributes, tensor);
}
