import { elementCount, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";

/** Elements that each run of parameters starts at a multiple of: 64 bytes, one cache line. */
const alignment = 16;

/** Where one parameter lies in every flat buffer; in elements. */
export interface ParameterSlot {
  readonly info: ParameterInfo;
  readonly offset: number;
  readonly length: number;
}

/** Places of parameters in flat buffers: weights, gradients, moments and averages share one layout. */
export interface FlatLayout {
  readonly slots: readonly ParameterSlot[];
  /** Elements, padding included. Padding holds zeros and stays zero under every optimizer. */
  readonly size: number;
}

/**
 * Lays out groups of parameters one behind the other. Parameters of a group touch (so that equal shapes can be seen as
 * one batch); each group starts at a cache line.
 */
export function layOut(groups: readonly (readonly ParameterInfo[])[]): FlatLayout {
  const slots: ParameterSlot[] = [];
  let size = 0;
  for (const group of groups) {
    for (const info of group) {
      const length = elementCount(info.shape);
      slots.push({ info, offset: size, length });
      size += length;
    }
    size = Math.ceil(size / alignment) * alignment;
  }
  return { slots, size };
}

/** A flat buffer of zeros. In an ArrayBuffer of its own: native code holds its address. */
export function allocateFlat(size: number): Float32Array {
  return new Float32Array(new ArrayBuffer(4 * size));
}

/** Each parameter's part of a flat buffer, by name: views, no copies. */
export function flatViews(layout: FlatLayout, buffer: Float32Array): ParameterValues {
  return new Map(layout.slots.map(({ info, offset, length }) => [info.name, buffer.subarray(offset, offset + length)]));
}
