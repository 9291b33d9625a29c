/** One element at a time, with broadcasting. */
import { createTensor, type DType, type Tensor } from "../tensor.ts";
import { broadcastShapes, check } from "./checks.ts";
import { constant } from "./leaves.ts";

type FloatUnary = "neg" | "exp" | "log" | "sqrt" | "tanh" | "erf" | "sigmoid" | "silu" | "sin" | "cos" | "abs";
function unary(op: FloatUnary): (x: Tensor) => Tensor {
  return (x) => {
    check(x.dtype === "float", op, "a float operand", x);
    return createTensor(op, [x], {}, x.shape, "float");
  };
}
export const neg = unary("neg");
export const exp = unary("exp");
export const log = unary("log");
export const sqrt = unary("sqrt");
export const tanh = unary("tanh");
export const erf = unary("erf");
export const sigmoid = unary("sigmoid");
export const silu = unary("silu");
export const sin = unary("sin");
export const cos = unary("cos");
export const abs = unary("abs");

export function not(x: Tensor): Tensor {
  check(x.dtype === "bool", "not", "a bool operand", x);
  return createTensor("not", [x], {}, x.shape, "bool");
}

/** Bool to 0/1, int to float and back (towards zero), bytes to int or float. */
export function cast(x: Tensor, dtype: DType): Tensor {
  check(x.dtype === dtype || dtype !== "byte", "cast", "a kind other than byte to convert to", x);
  return x.dtype === dtype ? x : createTensor("cast", [x], { dtype }, x.shape, dtype);
}

export function detach(x: Tensor): Tensor {
  return createTensor("detach", [x], {}, x.shape, x.dtype);
}

const isNumeric = ({ dtype }: Tensor) => dtype === "float" || dtype === "int";

type Operand = Tensor | number;
function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  const dtype = typeof a === "number" ? (typeof b === "number" ? "float" : b.dtype) : a.dtype;
  const lift = (x: Operand) => (typeof x === "number" ? constant(x, [], dtype) : x);
  return [lift(a), lift(b)];
}
type Arithmetic = "add" | "sub" | "mul" | "div" | "max" | "min";
function arithmetic(op: Arithmetic): (a: Operand, b: Operand) => Tensor {
  return (a, b) => {
    const [x, y] = operands(a, b);
    check(x.dtype === y.dtype && isNumeric(x), op, "two operands of one numeric kind", x, y);
    return createTensor(op, [x, y], {}, broadcastShapes(x.shape, y.shape, op), x.dtype);
  };
}
export const add = arithmetic("add");
export const sub = arithmetic("sub");
export const mul = arithmetic("mul");
export const div = arithmetic("div");
export const max = arithmetic("max");
export const min = arithmetic("min");

function comparison(op: "less" | "equal"): (a: Operand, b: Operand) => Tensor {
  return (a, b) => {
    const [x, y] = operands(a, b);
    check(x.dtype === y.dtype && isNumeric(x), op, "two operands of one numeric kind", x, y);
    return createTensor(op, [x, y], {}, broadcastShapes(x.shape, y.shape, op), "bool");
  };
}
export const less = comparison("less");
export const equal = comparison("equal");

export function and(a: Tensor, b: Tensor): Tensor {
  check(a.dtype === "bool" && b.dtype === "bool", "and", "two bool operands", a, b);
  return createTensor("and", [a, b], {}, broadcastShapes(a.shape, b.shape, "and"), "bool");
}

export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const [x, y] = operands(a, b);
  check(
    condition.dtype === "bool" && x.dtype === y.dtype,
    "where",
    "a bool condition and two operands of one kind",
    condition,
    x,
    y,
  );
  const shape = broadcastShapes(condition.shape, broadcastShapes(x.shape, y.shape, "where"), "where");
  return createTensor("where", [condition, x, y], {}, shape, x.dtype);
}
