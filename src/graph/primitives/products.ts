/** Matrix products and convolutions. */
import { addDims, divDims, sameDim, sameShape, showShape, type Dim } from "../dims.ts";
import { createTensor, type CodeBits, type Conv2dAttributes, type Tensor } from "../tensor.ts";
import { broadcastShapes, check } from "./checks.ts";

export function matmul(a: Tensor, b: Tensor): Tensor {
  check(
    a.shape.length >= 2 && b.shape.length >= 2 && a.dtype === "float" && b.dtype === "float",
    "matmul",
    "two float operands of rank 2 or more",
    a,
    b,
  );
  check(sameDim(a.shape.at(-1)!, b.shape.at(-2)!), "matmul", "a's last axis to equal b's last but one", a, b);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), "matmul");
  return createTensor("matmul", [a, b], {}, [...batch, a.shape.at(-2)!, b.shape.at(-1)!], "float");
}

export function gemm(
  a: Tensor,
  b: Tensor,
  options: { transA?: boolean; transB?: boolean; c?: Tensor | undefined } = {},
): Tensor {
  const { transA = false, transB = false, c } = options;
  check(
    a.shape.length === 2 && b.shape.length === 2 && a.dtype === "float" && b.dtype === "float",
    "gemm",
    "two float matrices",
    a,
    b,
  );
  const [m, k] = transA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [k2, n] = transB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  check(sameDim(k, k2), "gemm", `equal inner sizes (transA ${transA}, transB ${transB})`, a, b);
  if (c)
    check(
      c.shape.length === 1 && sameDim(c.shape[0]!, n) && c.dtype === "float",
      "gemm",
      `a float row vector of size ${n}`,
      c,
    );
  return createTensor("gemm", c ? [a, b, c] : [a, b], { transA, transB }, [m, n], "float");
}

/**
 * x [..., k] times the transpose of a quantised matrix: codes [n, k / block, block · bits / 8], scales [n, k / block], and
 * optionally a row vector c [n] → [..., n].
 */
export function matmulNBits(x: Tensor, codes: Tensor, scales: Tensor, bits: CodeBits, c?: Tensor): Tensor {
  const known = codes.shape.length === 3 && codes.shape.every((dim) => typeof dim === "number");
  check(x.dtype === "float" && x.shape.length >= 2, "matmulNBits", "float x of rank 2 or more", x);
  check(codes.dtype === "byte" && known, "matmulNBits", "byte codes [n, blocks, bytes] of known sizes", codes);
  const [n, blocks, bytes] = codes.shape as [number, number, number];
  check(
    scales.dtype === "float" && sameShape(scales.shape, [n, blocks]),
    "matmulNBits",
    `float scales [${n}, ${blocks}], one for each block`,
    scales,
  );
  const inner = (blocks * bytes * 8) / bits;
  check(x.shape.at(-1) === inner, "matmulNBits", `x of ${inner} columns for ${bits}-bit codes`, x, codes);
  if (c) check(c.dtype === "float" && sameShape(c.shape, [n]), "matmulNBits", `a float row vector of size ${n}`, c);
  const operands = c ? [x, codes, scales, c] : [x, codes, scales];
  return createTensor("matmulNBits", operands, { bits }, [...x.shape.slice(0, -1), n], "float");
}

function convolvedSize(size: Dim, kernel: number, before: number, after: number, stride: number): Dim {
  const span = addDims(size, before + after - kernel);
  if (typeof span === "number") {
    if (span < 0)
      throw new Error(`conv2d: a kernel of ${kernel} does not fit a size of ${size} padded by ${before + after}`);
    return Math.floor(span / stride) + 1;
  }
  const steps = divDims(span, stride) ?? divDims(addDims(span, 1 - stride), stride);
  if (steps === undefined) throw new Error(`conv2d: size ${size} is not known to fit stride ${stride}`);
  return addDims(steps, 1);
}

function checkConvolution(op: "conv2d" | "conv2dTranspose", x: Tensor, weight: Tensor, expected: string): void {
  const kernelKnown = weight.shape.slice(2).every((dim) => typeof dim === "number");
  const isFloat = x.dtype === "float" && weight.dtype === "float";
  check(x.shape.length === 4 && weight.shape.length === 4 && kernelKnown && isFloat, op, expected, x, weight);
}

function convolvedShape(x: readonly Dim[], weight: readonly Dim[], { stride, pads }: Conv2dAttributes): Dim[] {
  const [n, , height, width] = x as [Dim, Dim, Dim, Dim];
  const [o, , kernelHeight, kernelWidth] = weight as [Dim, Dim, number, number];
  const [top, left, bottom, right] = pads;
  return [
    n,
    o,
    convolvedSize(height, kernelHeight, top, bottom, stride),
    convolvedSize(width, kernelWidth, left, right, stride),
  ];
}

/** x [n, c, h, w], weight [o, c, kh, kw] → [n, o, h', w']. */
export function conv2d(x: Tensor, weight: Tensor, { stride, pads }: Conv2dAttributes): Tensor {
  checkConvolution("conv2d", x, weight, "float x [n, c, h, w] and weight [o, c, kh, kw] with a known kernel");
  check(sameDim(x.shape[1]!, weight.shape[1]!), "conv2d", "equal channel counts", x, weight);
  const shape = convolvedShape(x.shape, weight.shape, { stride, pads });
  return createTensor("conv2d", [x, weight], { stride, pads }, shape, "float");
}

/** The adjoint of conv2d in x; `height` and `width` are those of x. */
export function conv2dTranspose(
  y: Tensor,
  weight: Tensor,
  attributes: Conv2dAttributes & { height: Dim; width: Dim },
): Tensor {
  const { stride, pads, height, width } = attributes;
  checkConvolution("conv2dTranspose", y, weight, "float y [n, o, h, w] and weight [o, c, kh, kw] with a known kernel");
  const shape = [y.shape[0]!, weight.shape[1]!, height, width];
  const convolved = convolvedShape(shape, weight.shape, { stride, pads });
  check(
    sameShape(y.shape, convolved),
    "conv2dTranspose",
    `y of the shape ${showShape(convolved)} that x ${showShape(shape)} is convolved to`,
    y,
    weight,
  );
  return createTensor("conv2dTranspose", [y, weight], { stride, pads, height, width }, shape, "float");
}
