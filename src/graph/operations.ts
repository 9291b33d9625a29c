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
  const inner = innerSize(node, sizes);
  return inner === 0 ? 0 : inner * evaluateShape(node.shape, sizes).reduce((a, b) => a * b, 1);
}

/** Products to an element of the result; 0 for what is no product. */
function innerSize(node: Tensor, sizes: ReadonlyMap<string, number>): number {
  const shape = (operand: number) => evaluateShape(node.inputs[operand]!.shape, sizes);
  if (isOperation(node, "matmul") || isOperation(node, "matmulNBits")) return shape(0).at(-1)!;
  if (isOperation(node, "gemm")) return shape(0)[node.attributes.transA ? 0 : 1]!;
  if (isOperation(node, "conv2d"))
    return shape(1)
      .slice(1)
      .reduce((a, b) => a * b, 1);
  return 0;
}
