import { describe, expect, it } from "vitest";
import { valuesOf, type Case } from "../../tests/cases/case.ts";
import { compositionCases } from "../../tests/cases/compositions.ts";
import { primitiveCases } from "../../tests/cases/primitives.ts";
import { mulDims, symbol } from "./dims.ts";
import { gradients } from "./gradients.ts";
import { add, broadcastTo, constant, exp, input, mul, parameter, reduceSum, reshape } from "./primitives.ts";
import { createTensor, type Tensor } from "./tensor.ts";
import { inputsOf, projected } from "./testing.ts";
import { verify } from "./verify.ts";

const n = symbol("n");
const x = input("x", [n, 4]);
const w = input("w", [2, 4, 3, 3]);
const pixels = input("pixels", [1, 4, 8, 8]);
const convolution = (stride: number, ...pads: [number, number, number, number]) =>
  createTensor("conv2d", [pixels, w], { stride, pads }, [1, 2, 6, 6], "float");

describe("verify accepts", () => {
  const cases: Case[] = [...Object.values<readonly Case[]>(primitiveCases).flat(), ...compositionCases];
  it("every case and its gradients", () => {
    for (const one of cases) {
      const inputs = inputsOf(valuesOf(one, one.sizes[0]!));
      const loss = projected(one.build(inputs));
      const floats = Object.values(inputs).filter(({ dtype }) => dtype === "float");
      verify([loss, ...gradients(loss, floats)]);
    }
  });
});

describe("verify names the node", () => {
  it.each<[string, () => Tensor, string | RegExp]>([
    [
      "of a wrong shape",
      () => exp(createTensor("mul", [x, x], {}, [n, 5], "float")),
      /^verify: #\d+ mul float\[n, 5\] of #\d+, #\d+: the rule of mul gives float\[n, 4\]$/,
    ],
    ["of a wrong kind", () => createTensor("less", [x, x], {}, [n, 4], "float"), "the rule of less gives bool[n, 4]"],
    [
      "whose operands do not fit",
      () => createTensor("matmul", [x, x], {}, [n, 4], "float"),
      /matmul float\[n, 4\] of #\d+, #\d+: matmul: expected a's last axis to equal b's last but one/,
    ],
    [
      "without an operand",
      () => createTensor("add", [x], {}, [n, 4], "float"),
      /^verify: #\d+ add float\[n, 4\] of #\d+: /,
    ],
    [
      "that is an input of a name in use",
      () => add(x, input("x", [n, 4])),
      /the input "x" is also node #\d+ input float\[n, 4\]/,
    ],
    [
      "that is an input of a name and another shape",
      () => mul(reduceSum(x), input("x", [3])),
      'the input "x" is also node',
    ],
    ["that is an input without a name", () => input("", [2]), "an input needs a name"],
    [
      "whose size is not known from any input",
      () => mul(broadcastTo(constant(0), [symbol("k")]), 2),
      'no input has the size "k" of k as an axis of its own',
    ],
    [
      "that is an input of a formula alone",
      () => reshape(input("y", [mulDims(symbol("k"), 2)]), [symbol("k"), 2]),
      'no input has the size "k" of 2·k as an axis of its own',
    ],
    ["of a negative size", () => input("y", [-1]), "-1 is no size"],
    ["of half a size", () => input("y", [2.5]), "2.5 is no size"],
    ["with NaN in it", () => constant([1, NaN]), "value 1, NaN, is no float"],
    ["with a fraction for an int", () => constant([1, 1.5], [2], "int"), "value 1, 1.5, is no int"],
    ["with a 2 for a bool", () => constant([2], [1], "bool"), "value 0, 2, is no bool"],
    [
      "that is an int parameter",
      () => createTensor("input", [], { name: "p", role: "parameter" }, [2], "int"),
      "a parameter is float or byte and of a known shape",
    ],
    [
      "that is a parameter of unknown size",
      () => createTensor("input", [], { name: "p", role: "parameter" }, [n], "float"),
      "a parameter is float or byte and of a known shape",
    ],
    ["of stride 0", () => convolution(0, 0, 0, 0, 0), "expected a stride of 1 or more, found 0"],
    ["of a padding below 0", () => convolution(1, -1, 0, 1, 0), "expected four paddings of 0 or more, found -1,0,1,0"],
    [
      "of a padding as large as the kernel",
      () => createTensor("conv2d", [pixels, w], { stride: 1, pads: [3, 0, 0, 0] }, [1, 2, 9, 6], "float"),
      "expected paddings (3,0,0,0) below the kernel's sizes (3,3)",
    ],
    [
      "of an epsilon of 0",
      () => createTensor("standardize", [x], { epsilon: 0 }, [n, 4], "float"),
      "expected a positive epsilon, found 0",
    ],
  ])("%s", (_, build, message) => expect(() => verify([build()])).toThrow(message));

  it("and lets a parameter be used twice", () => {
    const p = parameter("p", [4]);
    expect(() => verify([mul(add(x, p), p)])).not.toThrow();
  });
});
