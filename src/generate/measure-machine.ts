/** What the machine reaches alone: the speed at which weights can be read, and that of products. */
import { add, constant, gemm, input, matmulNBits } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { codesShape, scalesShape, type MatrixShape, type Quantization } from "../nn/quantization.ts";
import { compileModel } from "../onnx/emit.ts";
import type { HostTensor, Runtime } from "../runtime/types.ts";

export interface ProductRates {
  /** Floating-point operations a second of a product of many rows, with weights in float32 … */
  readonly floatProducts: number;
  /** … and quantised as the visual branch's are, if they are. */
  readonly quantizedProducts: number | undefined;
}

/** Enough for a product to run at its full rate. */
const ROWS = 512;
const MATRIX: MatrixShape = [4096, 4096];
/** Of 8 bits, 134 MB: beyond most caches. */
const MATRICES = 8;
const BYTES_QUANTIZATION: Quantization = { bits: 8, block: 128 };
const REPEATS = 4;

/**
 * Bytes a second that the fastest product of one row reads of matrices that no cache holds. Takes about a second and 0.2 GB. Neighbours
 * can halve it: measure it around what it is compared with, and take the best.
 */
export async function measureBandwidth(runtime: Runtime): Promise<number> {
  const [outputs, inputs] = MATRIX;
  const one = input("x", [1, inputs]);
  const read = Array.from({ length: MATRICES }, (_, i) => quantizedProduct(one, BYTES_QUANTIZATION, i));
  const bytes = MATRICES * outputs * (inputs + (4 * inputs) / BYTES_QUANTIZATION.block);
  const bytesRead = bytes / (await bestSeconds(runtime, sum(read), rowsOf(1)));
  const floats = gemm(one, input("w", MATRIX), { transB: true });
  const floatBytes = 4 * outputs * inputs;
  return Math.max(bytesRead, floatBytes / (await bestSeconds(runtime, floats, { ...rowsOf(1), w: filled(MATRIX) })));
}

/** Takes about a second and 0.5 GB. */
export async function measureProducts(runtime: Runtime, branch: Quantization | undefined): Promise<ProductRates> {
  const [outputs, inputs] = MATRIX;
  const many = input("x", [ROWS, inputs]);
  const operations = 2 * ROWS * outputs * inputs;
  const product = gemm(many, input("w", MATRIX), { transB: true });
  return {
    floatProducts: operations / (await bestSeconds(runtime, product, { ...rowsOf(ROWS), w: filled(MATRIX) })),
    quantizedProducts:
      branch && operations / (await bestSeconds(runtime, quantizedProduct(many, branch, 0), rowsOf(ROWS))),
  };
}

const rowsOf = (rows: number) => ({ x: filled([rows, MATRIX[1]]) });

function quantizedProduct(x: Tensor, quantization: Quantization, seed: number): Tensor {
  const shape = codesShape(MATRIX, quantization);
  const codes = new Uint8Array(shape[0] * shape[1] * shape[2]).fill(0x77);
  // ONNX Runtime keeps equal matrices once.
  codes[0] = seed;
  const scales = new Float32Array(outputsOf(scalesShape(MATRIX, quantization))).fill(1e-3);
  return matmulNBits(
    x,
    constant(codes, shape, "byte"),
    constant(scales, scalesShape(MATRIX, quantization)),
    quantization.bits,
  );
}

const outputsOf = ([rows, blocks]: readonly [number, number]) => rows * blocks;
const sum = (tensors: readonly Tensor[]) => tensors.reduce((a, b) => add(a, b));

function filled(shape: readonly number[]): HostTensor {
  const data = new Float32Array(new ArrayBuffer(4 * shape.reduce((a, b) => a * b, 1))).fill(0.5);
  return { type: "float32", shape, data };
}

async function bestSeconds(runtime: Runtime, y: Tensor, feeds: Readonly<Record<string, HostTensor>>): Promise<number> {
  const program = await runtime.load(compileModel({ y }).bytes);
  try {
    let best = Infinity;
    for (let i = 0; i <= REPEATS; i++) {
      const start = performance.now();
      await program.run(feeds);
      // The first run allocates.
      if (i > 0) best = Math.min(best, (performance.now() - start) / 1000);
    }
    return best;
  } finally {
    program.dispose();
  }
}
