import { Philox } from "../../core/random.ts";
import { krippendorffAlpha } from "./agreement.ts";
import type { Rating } from "./rating.ts";

/** An estimate with the bounds of its 95% interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface MeanRow extends Estimate {
  readonly model: string;
  /** "overall": all dimensions. */
  readonly dimension: string;
  readonly ratings: number;
  readonly items: number;
}

/** How much better the first model was rated than the second, over the items that both have. */
export interface DifferenceRow extends Estimate {
  readonly models: readonly [string, string];
  readonly dimension: string;
}

export interface AgreementRow {
  readonly dimension: string;
  /** Krippendorff's alpha for ordinal values; null where no two raters rated the same, or all said the same. */
  readonly alpha: number | null;
  /** Pictures that two raters or more rated. */
  readonly units: number;
}

export interface HumanReport {
  readonly ratings: number;
  readonly items: number;
  readonly raters: readonly string[];
  readonly interval: string;
  readonly means: readonly MeanRow[];
  readonly differences: readonly DifferenceRow[];
  readonly agreement: readonly AgreementRow[];
}

export const OVERALL = "overall";
const RESAMPLES = 10_000;
/** Bounds of the 95% interval. */
const [LOW, HIGH] = [0.025, 0.975];

/**
 * Arithmetic means (Sec. 4.3) with percentile bootstrap intervals: whole items are drawn again, because the ratings of one
 * item depend on each other, the same items for all models. The same ratings always give the same report.
 */
export function humanReport(ratings: readonly Rating[]): HumanReport {
  const items = distinct(ratings.map(({ item }) => item));
  const models = distinct(ratings.map(({ model }) => model));
  const dimensions = distinct(ratings.map(({ dimension }) => dimension));
  const named = dimensions.length > 1 ? [...dimensions, OVERALL] : dimensions;
  const rows = models.flatMap((model) =>
    named.map((dimension) => {
      const own = ratings.filter(
        (rating) => rating.model === model && (dimension === OVERALL || rating.dimension === dimension),
      );
      return { model, dimension, own, byItem: sumsByItem(own, items) };
    }),
  );
  const counts = resampledItems(items.length);
  const means = rows
    .filter(({ own }) => own.length > 0)
    .map(({ model, dimension, own, byItem }) => ({
      model,
      dimension,
      ...estimate(byItem, counts),
      ratings: own.length,
      items: byItem.number.filter((number) => number > 0).length,
    }));
  const differences = models.flatMap((first, i) =>
    models.slice(i + 1).flatMap((second) =>
      named.flatMap((dimension) => {
        const [a, b] = [first, second].map(
          (model) => rows.find((row) => row.model === model && row.dimension === dimension)!.byItem,
        );
        const difference = differenceEstimate(a!, b!, counts);
        return difference ? [{ models: [first, second] as const, dimension, ...difference }] : [];
      }),
    ),
  );
  return {
    ratings: ratings.length,
    items: items.length,
    raters: distinct(ratings.map(({ rater }) => rater)),
    interval: `95%, percentile bootstrap over items, ${RESAMPLES} resamples`,
    means,
    differences,
    agreement: dimensions.map((dimension) => agreementOf(ratings, dimension)),
  };
}

/** Sum and number of scores by item. */
interface ItemSums {
  readonly sum: Float64Array;
  readonly number: Float64Array;
}

function sumsByItem(ratings: readonly Rating[], items: readonly string[]): ItemSums {
  const index = new Map(items.map((item, i) => [item, i]));
  const [sum, number] = [new Float64Array(items.length), new Float64Array(items.length)];
  for (const { item, score } of ratings) {
    sum[index.get(item)!]! += score;
    number[index.get(item)!]!++;
  }
  return { sum, number };
}

/** How often each item is drawn, resample by resample. */
function resampledItems(items: number): Uint16Array[] {
  const random = new Philox(0);
  return Array.from({ length: RESAMPLES }, () => {
    const counts = new Uint16Array(items);
    for (let i = 0; i < items; i++) counts[random.int(items)]!++;
    return counts;
  });
}

function estimate(sums: ItemSums, counts: readonly Uint16Array[]): Estimate {
  return intervalOf(
    meanOf(sums),
    counts.map((drawn) => meanOf(sums, drawn)),
  );
}

/** Null where no item has ratings of both. */
function differenceEstimate(a: ItemSums, b: ItemSums, counts: readonly Uint16Array[]): Estimate | null {
  const both = a.number.map((number, i) => (number > 0 && b.number[i]! > 0 ? 1 : 0));
  if (!both.includes(1)) return null;
  const difference = (drawn: ArrayLike<number>) => {
    const shared = both.map((has, i) => has * drawn[i]!);
    return meanOf(a, shared) - meanOf(b, shared);
  };
  return intervalOf(difference(both), counts.map(difference));
}

/** NaN where no rating is drawn. */
function meanOf({ sum, number }: ItemSums, drawn?: ArrayLike<number>): number {
  let [total, count] = [0, 0];
  for (let i = 0; i < sum.length; i++) {
    const times = drawn ? drawn[i]! : 1;
    total += times * sum[i]!;
    count += times * number[i]!;
  }
  return total / count;
}

function intervalOf(mean: number, resampled: readonly number[]): Estimate {
  const sorted = resampled.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return { mean: rounded(mean), low: rounded(at(LOW)), high: rounded(at(HIGH)) };
}

function agreementOf(ratings: readonly Rating[], dimension: string): AgreementRow {
  const own = ratings.filter((rating) => rating.dimension === dimension);
  const units = [...Map.groupBy(own, ({ item, model }) => JSON.stringify([item, model])).values()].map((unit) =>
    unit.map(({ score }) => score),
  );
  const alpha = krippendorffAlpha(units, "ordinal");
  return {
    dimension,
    alpha: alpha === null ? null : rounded(alpha),
    units: units.filter((unit) => unit.length > 1).length,
  };
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
