/** A matrix of weights, whichever way the scope says that it is stored. */
import { dequantized, linear } from "../graph/functional.ts";
import { gather, matmulNBits } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Initializer, ParameterScope } from "./parameters.ts";
import { codesName, codesShape, scalesName, scalesShape, type Quantization } from "./quantization.ts";

interface QuantizedMatrix extends Quantization {
  readonly codes: Tensor;
  readonly scales: Tensor;
}

export class Matrix {
  readonly #weight: Tensor | QuantizedMatrix;

  /** [outSize, inSize] under the scope's `name`, or what stands for it when it is quantised. */
  constructor(scope: ParameterScope, name: string, outSize: number, inSize: number, initializer: Initializer) {
    const quantization = scope.storageOf(name, [outSize, inSize]);
    if (quantization === undefined) {
      this.#weight = scope.parameter(name, [outSize, inSize], initializer);
      return;
    }
    const shape = [outSize, inSize] as const;
    const part = (partName: string, partShape: readonly number[]) =>
      scope.quantizedParameter(partName, partShape, { ...quantization, of: scope.prefix + name, shape });
    this.#weight = {
      ...quantization,
      codes: part(codesName(name), codesShape(shape, quantization)),
      scales: part(scalesName(name), scalesShape(shape, quantization)),
    };
  }

  /** [..., inSize] → [..., outSize] */
  apply(x: Tensor, bias?: Tensor): Tensor {
    const weight = this.#weight;
    if (!("codes" in weight)) return linear(x, weight, bias);
    return matmulNBits(x, weight.codes, weight.scales, weight.bits, bias);
  }

  /** Rows of the matrix by integer ids of any shape: [ids…, inSize]. */
  rows(ids: Tensor): Tensor {
    const weight = this.#weight;
    if (!("codes" in weight)) return gather(weight, ids);
    return dequantized(gather(weight.codes, ids), gather(weight.scales, ids), weight.bits);
  }
}
