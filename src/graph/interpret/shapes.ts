import { at, atBroadcast, broadcast, elementCount, evaluate, generate, withAxis, type Kernels } from "./value.ts";

export const shapes: Kernels<"reshape" | "transpose" | "broadcastTo" | "concat" | "slice" | "pad"> = {
  reshape: ([x], { shape }, call) => {
    const target = shape.map((dim) => evaluate(dim, call));
    if (elementCount(target) !== x!.data.length) throw new Error(`[${x!.shape}] does not fill [${target}]`);
    return { shape: target, data: x!.data };
  },
  transpose: ([x], { permutation }) =>
    generate(
      permutation.map((axis) => x!.shape[axis]!),
      (index) =>
        at(
          x!,
          permutation.map((_, axis) => index[permutation.indexOf(axis)]!),
        ),
    ),
  broadcastTo: ([x], { shape }, call) => {
    const target = shape.map((dim) => evaluate(dim, call));
    if (String(broadcast([x!.shape, target])) !== String(target))
      throw new Error(`[${x!.shape}] does not broadcast to [${target}]`);
    return generate(target, (index) => atBroadcast(x!, index));
  },
  concat: (parts, { axis }) => {
    const total = parts.reduce((size, part) => size + part.shape[axis]!, 0);
    for (const part of parts)
      if (String(withAxis(part.shape, axis, 0)) !== String(withAxis(parts[0]!.shape, axis, 0)))
        throw new Error(`[${parts[0]!.shape}] and [${part.shape}] differ outside axis ${axis}`);
    return generate(withAxis(parts[0]!.shape, axis, total), (index) => {
      let along = index[axis]!;
      for (const part of parts) {
        if (along < part.shape[axis]!) return at(part, withAxis(index, axis, along));
        along -= part.shape[axis]!;
      }
      throw new Error(`no part holds element ${index[axis]}`);
    });
  },
  slice: ([x], { axis, start, end, step }, call) => {
    const [first, stop, size] = [evaluate(start, call), evaluate(end, call), x!.shape[axis]!];
    const taken: number[] = [];
    for (let i = first; step > 0 ? i < stop : i > stop; i += step) {
      if (i < 0 || i >= size) throw new Error(`${first}:${stop}:${step} leaves the ${size} elements of axis ${axis}`);
      taken.push(i);
    }
    return generate(withAxis(x!.shape, axis, taken.length), (index) =>
      at(x!, withAxis(index, axis, taken[index[axis]!]!)),
    );
  },
  pad: ([x], { axis, before, after }, call) => {
    const [front, back, size] = [evaluate(before, call), evaluate(after, call), x!.shape[axis]!];
    if (front < 0 || back < 0) throw new Error(`${front} and ${back} elements cannot be added`);
    return generate(withAxis(x!.shape, axis, front + size + back), (index) => {
      const along = index[axis]! - front;
      return along < 0 || along >= size ? 0 : at(x!, withAxis(index, axis, along));
    });
  },
};
