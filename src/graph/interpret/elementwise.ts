import type { OperationName } from "../tensor.ts";
import { atBroadcast, broadcast, generate, type Kernel, type Kernels, type Value } from "./value.ts";

type Unary =
  | "neg"
  | "exp"
  | "log"
  | "sqrt"
  | "tanh"
  | "erf"
  | "sigmoid"
  | "silu"
  | "sin"
  | "cos"
  | "abs"
  | "not"
  | "cast"
  | "detach";
type Binary = "add" | "sub" | "mul" | "div" | "max" | "min" | "less" | "equal" | "and";

function map(f: (x: number) => number): Kernel<OperationName> {
  return ([x]) => ({ shape: [...x!.shape], data: x!.data.map((element) => f(element)) });
}

/** Error function, to about 1e-15: 2x/√π · e^(−x²) · Σ (2x²)ⁿ / (1·3·5 … (2n + 1)), whose terms are all positive. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = 1;
  let sum = 1;
  for (let n = 1; term > 1e-17 * sum; n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return ((2 * x) / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function combine(values: readonly Value[], f: (...elements: number[]) => number): Value {
  return generate(broadcast(values.map((value) => value.shape)), (index) =>
    f(...values.map((value) => atBroadcast(value, index))),
  );
}
function zip(f: (a: number, b: number) => number): Kernel<OperationName> {
  return (x) => combine(x, f);
}

export const elementwise: Kernels<Unary | Binary | "where"> = {
  neg: map((x) => -x),
  exp: map(Math.exp),
  log: map(Math.log),
  sqrt: map(Math.sqrt),
  tanh: map(Math.tanh),
  erf: map(erf),
  sigmoid: map((x) => 1 / (1 + Math.exp(-x))),
  silu: map((x) => x / (1 + Math.exp(-x))),
  sin: map(Math.sin),
  cos: map(Math.cos),
  abs: map(Math.abs),
  not: map((x) => (x === 0 ? 1 : 0)),
  cast: (x, { dtype }, call) => {
    if (dtype === "bool") return map((element) => (element === 0 ? 0 : 1))(x, {}, call);
    return map(dtype === "int" ? Math.trunc : (element) => element)(x, {}, call);
  },
  detach: map((x) => x),
  add: zip((a, b) => a + b),
  sub: zip((a, b) => a - b),
  mul: zip((a, b) => a * b),
  div: (x, _, { dtype }) =>
    combine(x, (a, b) => {
      if (dtype !== "int") return a! / b!;
      if (b === 0) throw new Error("an integer is divided by 0");
      return Math.trunc(a! / b!);
    }),
  max: zip(Math.max),
  min: zip(Math.min),
  less: zip((a, b) => (a < b ? 1 : 0)),
  equal: zip((a, b) => (a === b ? 1 : 0)),
  and: zip((a, b) => (a !== 0 && b !== 0 ? 1 : 0)),
  where: (x) => combine(x, (condition, a, b) => (condition !== 0 ? a! : b!)),
};
