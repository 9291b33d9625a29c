import type { Conv2dAttributes } from "../tensor.ts";
import { at, atBroadcast, broadcast, evaluate, generate, type Kernels, type Value } from "./value.ts";

/** Sum of term(0) … term(count − 1). */
function sum(count: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
}

function expectEqual(a: number | undefined, b: number | undefined, what: string): void {
  if (a !== b) throw new Error(`${what} are ${a} and ${b}`);
}

export const products: Kernels<"matmul" | "gemm" | "matmulNBits" | "conv2d" | "conv2dTranspose"> = {
  matmul: ([a, b]) => {
    const inner = a!.shape.at(-1)!;
    expectEqual(inner, b!.shape.at(-2), "inner sizes");
    const batch = broadcast([a!.shape.slice(0, -2), b!.shape.slice(0, -2)]);
    return generate([...batch, a!.shape.at(-2)!, b!.shape.at(-1)!], (index) => {
      const lead = index.slice(0, -2);
      const [row, column] = index.slice(-2) as [number, number];
      return sum(inner, (i) => matrixAt(a!, lead, row, i) * matrixAt(b!, lead, i, column));
    });
  },
  gemm: ([a, b, c], { transA, transB }) => {
    const left = (row: number, i: number) => at(a!, transA ? [i, row] : [row, i]);
    const right = (i: number, column: number) => at(b!, transB ? [column, i] : [i, column]);
    const inner = a!.shape[transA ? 0 : 1]!;
    expectEqual(inner, b!.shape[transB ? 1 : 0], "inner sizes");
    return generate(
      [a!.shape[transA ? 1 : 0]!, b!.shape[transB ? 0 : 1]!],
      ([row, column]) =>
        sum(inner, (i) => left(row!, i) * right(i, column!)) + (c ? atBroadcast(c, [row!, column!]) : 0),
    );
  },
  matmulNBits: ([x, codes, scales, c], { bits }) => {
    const [n, blocks, bytes] = codes!.shape as [number, number, number];
    const block = (bytes * 8) / bits;
    const inner = blocks * block;
    expectEqual(x!.shape.at(-1), inner, "inner sizes");
    const weight = (output: number, i: number) => {
      const within = i % block;
      const byte = at(codes!, [output, Math.floor(i / block), Math.floor((within * bits) / 8)]);
      const code = bits === 8 ? byte : within % 2 === 0 ? byte % 16 : Math.floor(byte / 16);
      return at(scales!, [output, Math.floor(i / block)]) * (code - 2 ** (bits - 1));
    };
    return generate([...x!.shape.slice(0, -1), n], (index) => {
      const [row, output] = [index.slice(0, -1), index.at(-1)!];
      return sum(inner, (i) => at(x!, [...row, i]) * weight(output, i)) + (c ? at(c, [output]) : 0);
    });
  },
  conv2d: ([x, weight], attributes) => {
    const [n, channels, height, width] = x!.shape as [number, number, number, number];
    const [outputs, weightChannels, kernelHeight, kernelWidth] = weight!.shape as [number, number, number, number];
    expectEqual(channels, weightChannels, "channel counts");
    const { stride, pads } = attributes;
    return generate([n, outputs, ...outputSize(x!, weight!, attributes)], ([image, output, row, column]) =>
      sum(channels, (channel) =>
        sum(kernelHeight, (i) =>
          sum(kernelWidth, (j) => {
            const y = row! * stride + i - pads[0];
            const z = column! * stride + j - pads[1];
            if (y < 0 || y >= height || z < 0 || z >= width) return 0;
            return at(x!, [image!, channel, y, z]) * at(weight!, [output!, channel, i, j]);
          }),
        ),
      ),
    );
  },
  // conv2d's element (row, column) reads (row·stride + i − top, column·stride + j − left); here it writes there.
  conv2dTranspose: ([y, weight], { stride, pads, height, width }, call) => {
    const [n, outputs, rows, columns] = y!.shape as [number, number, number, number];
    const [weightOutputs, channels, kernelHeight, kernelWidth] = weight!.shape as [number, number, number, number];
    expectEqual(outputs, weightOutputs, "output channel counts");
    const x = generate([n, channels, evaluate(height, call), evaluate(width, call)], () => 0);
    const [expectedRows, expectedColumns] = outputSize(x, weight!, { stride, pads });
    expectEqual(rows, expectedRows, "height and the height of a convolution's result");
    expectEqual(columns, expectedColumns, "width and the width of a convolution's result");
    return generate(x.shape, ([image, channel, targetRow, targetColumn]) =>
      sum(outputs, (output) =>
        sum(kernelHeight, (i) =>
          sum(kernelWidth, (j) => {
            const row = (targetRow! + pads[0] - i) / stride;
            const column = (targetColumn! + pads[1] - j) / stride;
            if (!Number.isInteger(row) || !Number.isInteger(column)) return 0;
            if (row < 0 || row >= rows || column < 0 || column >= columns) return 0;
            return at(y!, [image!, output, row, column]) * at(weight!, [output, channel!, i, j]);
          }),
        ),
      ),
    );
  },
};

/** An element of the matrix of `x` that belongs to a place in the broadcast leading axes. */
function matrixAt(x: Value, lead: readonly number[], row: number, column: number): number {
  const rows = x.shape.at(-2)!;
  const columns = x.shape.at(-1)!;
  let matrix = 0;
  const missing = lead.length - (x.shape.length - 2);
  for (let axis = 0; axis < x.shape.length - 2; axis++) {
    const size = x.shape[axis]!;
    matrix = matrix * size + (size === 1 ? 0 : lead[missing + axis]!);
  }
  return x.data[(matrix * rows + row) * columns + column]!;
}

function outputSize(x: Value, weight: Value, { stride, pads }: Conv2dAttributes): [number, number] {
  const [top, left, bottom, right] = pads;
  return [
    Math.floor((x.shape[2]! + top + bottom - weight.shape[2]!) / stride) + 1,
    Math.floor((x.shape[3]! + left + right - weight.shape[3]!) / stride) + 1,
  ];
}
