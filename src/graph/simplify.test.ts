import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { valuesOf, type Case } from "../../tests/cases/case.ts";
import { compositionCases } from "../../tests/cases/compositions.ts";
import { primitiveCases } from "../../tests/cases/primitives.ts";
import { mulDims, symbol, type Dim } from "./dims.ts";
import { linear } from "./functional.ts";
import { gradients } from "./gradients.ts";
import { interpret, type Feed } from "./interpret.ts";
import * as P from "./primitives.ts";
import { simplify } from "./simplify.ts";
import { topologicalOrder, type Tensor } from "./tensor.ts";
import { closeTo, inputsOf, projected } from "./testing.ts";
import { verify } from "./verify.ts";

const n = symbol("n");
const x = P.input("x", [n, 4]);
const simple = (tensor: Tensor) => simplify([tensor])[0]!;
const count = (...outputs: Tensor[]) => topologicalOrder(outputs).length;

function expectSame(outputs: readonly Tensor[], feeds: Readonly<Record<string, Feed>>): void {
  const simplified = simplify(outputs);
  expect(simplify(simplified)).toEqual(simplified);
  verify(simplified);
  const expected = interpret(outputs, feeds);
  interpret(simplified, feeds).forEach((value, i) => {
    expect(simplified[i]!.dtype).toBe(outputs[i]!.dtype);
    closeTo(value, expected[i]!, { relative: 1e-12, absolute: 1e-12 });
  });
}

describe("simplify", () => {
  const y = P.exp(x);
  const same: [string, Tensor, Tensor][] = [
    ["x + 0", P.add(y, 0), y],
    ["0 + x", P.add(P.constant([0], [1, 1]), y), y],
    ["x − 0", P.sub(y, 0), y],
    ["1 · x", P.mul(1, y), y],
    ["x / 1", P.div(y, 1), y],
    ["x · ones", P.mul(y, P.broadcastTo(P.constant(1), [n, 4])), y],
    ["−−x", P.neg(P.neg(y)), y],
    ["a detached tensor", P.detach(y), y],
    ["a transposition and back", P.transpose(P.transpose(y, [1, 0]), [1, 0]), y],
    ["a shape and back", P.reshape(P.reshape(y, [n, 2, 2]), [n, 4]), y],
  ];
  it.each(same)("makes %s the operand", (_, tensor, expected) => expect(simple(tensor)).toBe(expected));

  it("shares a sigmoid that silu's gradient needs", () => {
    const loss = P.reduceSum(P.silu(x), [0, 1]);
    const [, dx] = simplify([loss, gradients(loss, [x])[0]!]);
    const order = topologicalOrder(simplify([loss, dx!]));
    expect(order.filter(({ op }) => op === "sigmoid")).toHaveLength(1);
    expect(order.some(({ op }) => op === "silu")).toBe(false);
    expect(topologicalOrder(simplify([loss])).some(({ op }) => op === "silu")).toBe(true);
  });

  it("keeps what only looks neutral", () => {
    for (const tensor of [P.sub(0, y), P.div(1, y), P.add(P.reduceSum(y), P.broadcastTo(P.constant(0), [n, 4]))])
      expect(simple(tensor).op).not.toBe("exp");
    expect(simple(P.mul(P.reduceSum(y), P.broadcastTo(P.constant(1), [n, 4]))).shape).toEqual([n, 4]);
  });

  it("merges equal expressions, also with operands the other way round", () => {
    const outputs = [
      P.add(P.exp(x), P.sin(x)),
      P.add(P.sin(x), P.exp(x)),
      P.sub(P.exp(x), P.sin(x)),
      P.sub(P.sin(x), P.exp(x)),
    ];
    const [a, b, c, d] = simplify(outputs);
    expect(a).toBe(b);
    expect(c).not.toBe(d);
    expect(count(a!, b!, c!, d!)).toBe(6);
  });

  it("does not merge what differs in an attribute, a kind or the sign of zero", () => {
    const pairs: [Tensor, Tensor][] = [
      [P.slice(x, 1, 0, 2), P.slice(x, 1, 1, 3)],
      [P.reshape(x, [mulDims(n, 4)]), P.reshape(x, [mulDims(n, 2), 2])],
      [P.cast(x, "int"), P.cast(x, "bool")],
      [P.constant(0), P.constant(-0)],
      [P.constant([1, 2], [2, 1]), P.constant([1, 2], [1, 2])],
      [P.constant(1), P.constant(1, [], "int")],
      [P.input("a", [2]), P.input("b", [2])],
    ];
    for (const pair of pairs) {
      const [a, b] = simplify(pair);
      expect(a).not.toBe(b);
    }
  });

  it("computes what is constant", () => {
    const tensor = P.mul(y, P.sqrt(P.add(P.broadcastTo(P.constant(3), [n, 4]), 1)));
    const found = simple(tensor);
    expect(found.inputs[1]).toMatchObject({ op: "constant", shape: [], attributes: { values: [2] } });
    expect(count(found)).toBe(4);
    expect(simple(P.log(P.constant(-1))).op).toBe("log");
  });

  it("lets operations repeat their operands themselves", () => {
    const row = P.input("row", [4]);
    expect(simple(P.add(y, P.broadcastTo(row, [n, 4]))).inputs[1]).toBe(row);
    expect(simple(P.add(P.reduceSum(y), P.broadcastTo(row, [3, 4]))).inputs[1]!.op).toBe("broadcastTo");
  });

  it("turns chains of one kind into one", () => {
    const four = P.reshape(x, [n, 2, 2, 1]);
    const permuted = simple(P.transpose(P.transpose(four, [3, 0, 2, 1]), [1, 0, 3, 2]));
    expect(permuted).toMatchObject({ op: "transpose", attributes: { permutation: [0, 3, 1, 2] } });
    expect(permuted.inputs[0]!.op).toBe("reshape");
    expect(count(simple(P.reshape(P.reshape(x, [mulDims(n, 4)]), [mulDims(n, 2), 2])))).toBe(2);
    const row = P.input("row", [1, 4]);
    expect(count(simple(P.broadcastTo(P.broadcastTo(row, [3, 4]), [2, 3, 4])))).toBe(2);
  });
});

it("leaves rows between products as they are", () => {
  const w = P.parameter("w", [4, 4]);
  const product = (rows: Tensor) => linear(rows, w);
  const norm = (rows: Tensor, name: string) => P.rmsNorm(rows, P.parameter(name, [4]), 1e-6);
  const start = P.reshape(x, [1, n, 4]);
  const attended = P.add(start, product(norm(start, "first")));
  const output = P.add(attended, product(P.silu(norm(attended, "second"))));
  const reshapes = (tensor: Tensor) => topologicalOrder([tensor]).filter(({ op }) => op === "reshape").length;
  expect(reshapes(output)).toBe(5);
  expect(reshapes(simple(output))).toBe(1);
  expect(simple(output)).toMatchObject({ op: "reshape", shape: [1, n, 4] });
  // Where only one operand would gain, nothing is done.
  const mixed = P.add(start, P.input("other", [1, n, 4]));
  expect(simple(mixed)).toBe(mixed);
});

it("makes the gradients of attention smaller", () => {
  const one = compositionCases.find(({ name }) => name === "attention")!;
  const inputs = inputsOf(valuesOf(one, one.sizes[0]!));
  const outputs = gradients(projected(one.build(inputs)), Object.values(inputs));
  expect(count(...simplify(outputs))).toBeLessThan(count(...outputs) - 3);
});

describe("simplify keeps the values", () => {
  const cases: Case[] = [...Object.values<readonly Case[]>(primitiveCases).flat(), ...compositionCases];
  it("of every case and its gradients", () => {
    for (const one of cases) {
      const values = valuesOf(one, one.sizes[0]!);
      const inputs = inputsOf(values);
      const result = one.build(inputs);
      const loss = projected(result);
      const floats = Object.values(inputs).filter(({ dtype }) => dtype === "float");
      const { shape, data } = interpret([result], values)[0]!;
      const projection = { shape, data: data.map((_, i) => Math.cos(i)) };
      expectSame([loss, ...gradients(loss, floats)], { ...values, projection });
    }
  });

  it("of random graphs", () => {
    const step = fc.record({
      build: fc.constantFrom<((a: Tensor, b: Tensor) => Tensor)[]>(
        (a, b) => P.add(a, b),
        (a, b) => P.sub(a, b),
        (a, b) => P.max(a, b),
        (a, b) => P.tanh(P.mul(a, b)),
        (a, b) => P.where(P.less(a, b), a, 0.5),
        (a) => P.add(a, 0),
        (a) => P.mul(1, a),
        (a) => P.sub(0, a),
        (a) => P.neg(a),
        (a) => P.sin(a),
        (a) => P.detach(a),
        (a) => P.reshape(a, [-1]),
        (a) => P.reshape(a, [-1, 2]),
        (a) => P.reshape(a, [1, -1, 4]),
        (a) =>
          P.transpose(
            a,
            a.shape.map((_, i) => (i + 1) % a.shape.length),
          ),
        (a) => P.transpose(a, a.shape.map((_, i) => i).toReversed()),
        (a, b) => P.broadcastTo(a, b.shape),
        (a) => P.broadcastTo(a, [2, ...a.shape]),
        (a) => P.reduceSum(P.mul(a, 0.1), [-1], true),
        (a) => P.reduceMean(a),
        (a) => P.slice(a, 0, 0, 1),
        (a) => P.pad(a, -1, 0, 2),
        (a, b) => P.concat([a, b], 0),
        (a, b) => P.matmul(P.tanh(a), P.mul(0.1, b)),
      ),
      first: fc.nat(),
      second: fc.nat(),
    });
    const leaves: readonly Dim[][] = [[n, 4], [4], [1, 4], [4, 2]];
    fc.assert(
      fc.property(fc.array(step, { minLength: 3, maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (steps, size) => {
        const pool = [...leaves.map((shape, i) => P.input(`x${i}`, shape)), P.constant(2), P.constant(1, [1, 1])];
        for (const { build, first, second } of steps) {
          // Later tensors more often, so that graphs become deep.
          const chosen = (nat: number) => pool[pool.length - 1 - (nat % Math.min(pool.length, 9))]!;
          try {
            pool.push(build(chosen(first), chosen(second)));
          } catch {
            continue; // operands that do not fit
          }
        }
        const feeds = Object.fromEntries(
          leaves.map((shape, i) => {
            const actual = shape.map((dim) => (typeof dim === "number" ? dim : size));
            const data = Float64Array.from({ length: actual.reduce((a, b) => a * b, 1) }, (_, j) =>
              Math.sin(7 * i + j),
            );
            return [`x${i}`, { shape: actual, data }];
          }),
        );
        // All leaves are outputs, so that sizes are known.
        expectSame([...pool.slice(0, leaves.length), ...pool.slice(-6)], feeds);
      }),
      { numRuns: 300 },
    );
  });
});
