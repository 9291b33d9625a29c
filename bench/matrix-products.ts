/** The matrix products that a graph is made of, and each of them alone. */
import { bindShape, evaluateShape } from "../src/graph/dims.ts";
import { gemm, input, matmul } from "../src/graph/primitives.ts";
import { isOperation, topologicalOrder, type Tensor } from "../src/graph/tensor.ts";
import { compileModel } from "../src/onnx/emit.ts";
import type { HostTensor, Runtime } from "../src/runtime/types.ts";

export interface MatrixProduct {
  /** Shapes of the operands; a transposed one is marked. */
  readonly name: string;
  readonly flops: number;
  /** How often the graph has it. */
  readonly count: number;
  readonly node: Tensor;
  readonly shapes: readonly (readonly number[])[];
}

/** Equal products are counted together; those that make up the last hundredth of all operations are left out. */
export function matrixProducts(
  outputs: readonly Tensor[],
  feeds: Readonly<Record<string, HostTensor>>,
): MatrixProduct[] {
  const order = topologicalOrder(outputs);
  const sizes = new Map<string, number>();
  for (const tensor of order)
    if (isOperation(tensor, "input") && feeds[tensor.attributes.name])
      bindShape(tensor.shape, feeds[tensor.attributes.name]!.shape, sizes, tensor.attributes.name);
  const found = new Map<string, MatrixProduct>();
  for (const node of order) {
    const isGemm = isOperation(node, "gemm");
    if (!isGemm && !isOperation(node, "matmul")) continue;
    const shapes = node.inputs.map((x) => evaluateShape(x.shape, sizes));
    const turned = isGemm ? [node.attributes.transA, node.attributes.transB] : [];
    const name = shapes.map((shape, i) => `[${shape}]${turned[i] ? "ᵀ" : ""}`).join(" ");
    const inner = shapes[0]!.at(turned[0] ? -2 : -1)!;
    const flops = 2 * inner * evaluateShape(node.shape, sizes).reduce((a, b) => a * b, 1);
    const count = (found.get(name)?.count ?? 0) + 1;
    found.set(name, { name, flops, count, node, shapes });
  }
  const sorted = [...found.values()].sort((a, b) => b.flops * b.count - a.flops * a.count);
  const all = totalFlops(sorted);
  let sum = 0;
  return sorted.filter(({ flops, count }) => {
    const before = sum;
    sum += flops * count;
    return before < 0.99 * all;
  });
}

export function totalFlops(products: readonly MatrixProduct[]): number {
  return products.reduce((sum, { flops, count }) => sum + flops * count, 0);
}

/** The product as a program of its own, which writes over the same result again and again. */
export async function alone(runtime: Runtime, { node, shapes }: MatrixProduct): Promise<() => Promise<unknown>> {
  const [a, b, c] = shapes.map((shape, i) => input(`x${i}`, shape)) as [Tensor, Tensor, Tensor | undefined];
  const y = isOperation(node, "gemm") ? gemm(a, b, { ...node.attributes, c }) : matmul(a, b);
  const program = await runtime.load(compileModel({ y }).bytes);
  const feeds = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, noise(shape)]));
  const into = { y: noise(y.shape as readonly number[]) };
  return () => program.run(feeds, into);
}

function noise(shape: readonly number[]): HostTensor {
  const length = shape.reduce((a, b) => a * b, 1);
  const data = new Float32Array(new ArrayBuffer(4 * length));
  for (let i = 0; i < length; i++) data[i] = Math.sin(i * 1.7);
  return { type: "float32", shape, data };
}
