import { expect, test } from "vitest";
import { symbol } from "./dims.ts";
import { countOperations } from "./operations.ts";
import { add, conv2d, conv2dTranspose, gemm, input, matmul, matmulNBits } from "./primitives.ts";

const n = symbol("n");
const sizes = new Map([["n", 10]]);

test("every product counts a multiplication and an addition for each term", () => {
  const x = input("x", [n, 8]);
  const square = input("w", [8, 8]);
  const twice = gemm(gemm(x, square), square, { transB: true });
  expect(countOperations([twice], sizes)).toBe(2 * 2 * 10 * 8 * 8);
  expect(countOperations([gemm(x, input("y", [n, 3]), { transA: true })], sizes)).toBe(2 * 10 * 8 * 3);
  expect(countOperations([matmul(input("a", [3, n, 2]), input("b", [3, 2, 5]))], sizes)).toBe(2 * 3 * 10 * 2 * 5);
  const codes = input("codes", [6, 2, 8], "byte");
  expect(countOperations([matmulNBits(input("z", [n, 32]), codes, input("s", [6, 2]), 4)], sizes)).toBe(
    2 * 10 * 32 * 6,
  );
});

test("a convolution counts its kernel at every place, and what is no product nothing", () => {
  const x = input("x", [1, 3, 8, 8]);
  const y = conv2d(x, input("w", [4, 3, 3, 3]), { stride: 2, pads: [0, 0, 1, 1] });
  expect(countOperations([add(y, y)], new Map())).toBe(2 * 4 * 4 * 4 * 27);
  const attributes = { stride: 2, pads: [0, 0, 1, 1], height: 8, width: 8 } as const;
  const adjoint = conv2dTranspose(input("y", [1, 4, 4, 4]), input("w", [4, 3, 3, 3]), attributes);
  expect(countOperations([adjoint], new Map())).toBe(2 * 4 * 4 * 4 * 27);
});

test("what two outputs share counts once", () => {
  const y = gemm(input("x", [n, 8]), input("w", [8, 8]));
  expect(countOperations([y, add(y, 1)], sizes)).toBe(2 * 10 * 64);
});
