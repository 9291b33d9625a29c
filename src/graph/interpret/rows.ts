import {
  at,
  elementCount,
  evaluate,
  generate,
  offsetOf,
  withAxis,
  type Kernel,
  type Kernels,
  type Value,
} from "./value.ts";

function reduce(f: (elements: readonly number[]) => number): Kernel<"reduceSum" | "reduceMean" | "reduceMax"> {
  return ([x], { axes }) => {
    const groups = generate(
      x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
      () => 0,
    );
    const elements: number[][] = Array.from(groups.data, () => []);
    generate(x!.shape, (index) => {
      const place = index.map((entry, axis) => (axes.includes(axis) ? 0 : entry));
      elements[offsetOf(groups.shape, place)]!.push(at(x!, index));
      return 0;
    });
    return { shape: groups.shape, data: Float64Array.from(elements, f) };
  };
}

const sum = (elements: ArrayLike<number>) => Array.from(elements).reduce((total, element) => total + element, 0);
const mean = (elements: ArrayLike<number>) => sum(elements) / elements.length;

/** Applies `f` to each row of the last axis. */
function mapRows(x: Value, f: (row: Float64Array) => Float64Array): Value {
  const width = x.shape.at(-1)!;
  const data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start += width) data.set(f(x.data.subarray(start, start + width)), start);
  return { shape: [...x.shape], data };
}

/** An id as an index of `count` entries. */
function expectId(id: number, count: number): number {
  if (!Number.isInteger(id) || id < 0 || id >= count) throw new Error(`id ${id} is outside 0 … ${count - 1}`);
  return id;
}

type Row =
  | "reduceSum"
  | "reduceMean"
  | "reduceMax"
  | "gather"
  | "scatterAdd"
  | "pick"
  | "place"
  | "softmax"
  | "rmsNorm"
  | "standardize"
  | "rotatePairs";

export const rows: Kernels<Row> = {
  reduceSum: reduce(sum),
  reduceMean: reduce(mean),
  reduceMax: reduce((elements) => elements.reduce((a, b) => Math.max(a, b), -Infinity)),
  gather: ([table, ids]) =>
    generate([...ids!.shape, ...table!.shape.slice(1)], (index) => {
      const rank = ids!.shape.length;
      const id = expectId(at(ids!, index.slice(0, rank)), table!.shape[0]!);
      return at(table!, [id, ...index.slice(rank)]);
    }),
  scatterAdd: ([ids, updates], { rows: count }, call) => {
    const rank = ids!.shape.length;
    const table = generate([evaluate(count, call), ...updates!.shape.slice(rank)], () => 0);
    generate(updates!.shape, (index) => {
      const id = expectId(at(ids!, index.slice(0, rank)), table.shape[0]!);
      return (table.data[offsetOf(table.shape, [id, ...index.slice(rank)])]! += at(updates!, index));
    });
    return table;
  },
  pick: ([x, index]) =>
    generate(index!.shape, (place) => {
      const id = expectId(at(index!, place), x!.shape.at(-1)!);
      return at(x!, withAxis(place, place.length - 1, id));
    }),
  place: ([index, values], { size }, call) => {
    const width = evaluate(size, call);
    for (const id of index!.data) expectId(id, width);
    return generate([...values!.shape.slice(0, -1), width], (place) => {
      const source = withAxis(place, place.length - 1, 0);
      return at(index!, source) === place.at(-1) ? at(values!, source) : 0;
    });
  },
  softmax: ([x]) =>
    mapRows(x!, (row) => {
      const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
      const powers = row.map((element) => Math.exp(element - largest));
      const total = sum(powers);
      return powers.map((power) => power / total);
    }),
  rmsNorm: ([x, weight], { epsilon }) => {
    if (elementCount(weight!.shape) !== x!.shape.at(-1)) throw new Error("the weight is not as wide as x");
    return mapRows(x!, (row) => {
      const rms = Math.sqrt(mean(row.map((element) => element ** 2)) + epsilon);
      return row.map((element, i) => (element / rms) * weight!.data[i]!);
    });
  },
  rotatePairs: ([x, cosines, sines], { heads }) => {
    const d = x!.shape[2]! / heads;
    return generate(x!.shape, (index) => {
      const [, token, column] = index as [number, number, number];
      const channel = column % d;
      const angle = [token, channel % (d / 2)];
      const other = at(x!, withAxis(index, 2, column - channel + ((channel + d / 2) % d)));
      const turned = channel < d / 2 ? -other : other;
      return at(x!, index) * at(cosines!, angle) + turned * at(sines!, angle);
    });
  },
  standardize: ([x], { epsilon }) =>
    mapRows(x!, (row) => {
      const centre = mean(row);
      const variance = mean(row.map((element) => (element - centre) ** 2));
      return row.map((element) => (element - centre) / Math.sqrt(variance + epsilon));
    }),
};
