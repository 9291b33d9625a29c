/** What a graph costs: the operations of its products, which nearly all of a network's time goes to. */
import { evaluateShape } from "./dims.ts";
import { isOperation, topologicalOrder, type Tensor } from "./tensor.ts";

/** Multiplications and additions of all products and convolutions that `outputs` depend on, for these values of the named sizes. */
export function countOperations(outputs: readonly Tensor[], sizes: ReadonlyMap<string, number>): number {
  let count = 0;
  for (const node of topologicalOrder(outputs)) count += 2 * multiplications(node, sizes);
  return count;
}

function multiplications(node: Tensor, sizes: ReadonlyMap<string, number>): number {
  const shape = (operand: number) => evaluateShape(node.inputs[operand]!.shape, sizes);
  const results = () => elementCount(evaluateShape(node.shape, sizes));
  if (isOperation(node, "matmul") || isOperation(node, "matmulNBits")) return results() * shape(0).at(-1)!;
  if (isOperation(node, "gemm")) return results() * shape(0)[node.attributes.transA ? 0 : 1]!;
  if (isOperation(node, "conv2d")) return results() * elementCount(shape(1).slice(1));
  // Its adjoint visits the same pairs, from the other side.
  if (isOperation(node, "conv2dTranspose")) return elementCount(shape(0)) * elementCount(shape(1).slice(1));
  return 0;
}

const elementCount = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
