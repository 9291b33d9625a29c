import { InputError } from "../../core/errors.ts";
import { elementCount, type ParameterInfo } from "../../nn/parameters.ts";
import { layOut, type FlatLayout } from "../flat-buffers.ts";

export interface OptimizerOptions {
  readonly adamw?:
    | {
        /** Defaults: 0.9, 0.95, 1e-15, no decay (the paper's, Sec. 4.1). */
        readonly beta1?: number | undefined;
        readonly beta2?: number | undefined;
        readonly epsilon?: number | undefined;
        readonly weightDecay?: number | undefined;
      }
    | undefined;
  /** Matrices that Muon updates instead of AdamW; default none. */
  readonly muon?:
    | {
        readonly select: (info: ParameterInfo) => boolean;
        /** Default 0.95. */
        readonly momentum?: number | undefined;
        readonly weightDecay?: number | undefined;
        /** Newton-Schulz iterations, default 5. */
        readonly iterations?: number | undefined;
        /**
         * Most rows orthogonalised together; default all. Smaller blocks (a head's rows) are a different, much cheaper
         * update: the work per row grows with the number of rows.
         */
        readonly blockRows?: number | undefined;
      }
    | undefined;
  /** Multiplies the learning rate of a parameter; default 1 for all. */
  readonly rate?: ((info: ParameterInfo) => number) | undefined;
  /** Whether weight decay applies; default: to parameters with two axes or more. */
  readonly decays?: ((info: ParameterInfo) => boolean) | undefined;
  /** Global norm that gradients are clipped to; default 1, Infinity for never. */
  readonly clip?: number | undefined;
  /** Decay of the moving average of weights; default 0.9999. */
  readonly emaDecay?: number | undefined;
}

/** Neighbouring elements of the flat buffers that are updated alike. */
export interface AdamWRegion {
  readonly start: number;
  readonly end: number;
  readonly rate: number;
  readonly weightDecay: number;
}

/** Neighbouring matrices, or blocks of rows of such, that have one shape. */
export interface MuonRegion extends AdamWRegion {
  readonly shape: readonly [number, number];
}

export interface OptimizerPlan {
  /** AdamW's parameters first: its second moments need only the first `adamwSize` elements. */
  readonly layout: FlatLayout;
  readonly adamwSize: number;
  readonly adamw: readonly AdamWRegion[];
  readonly muon: readonly MuonRegion[];
}

/** Sorts parameters by how they are updated and lays them out. Deterministic: the same parameters give the same plan. */
export function planOptimizer(parameters: readonly ParameterInfo[], options: OptimizerOptions): OptimizerPlan {
  const { decays = (info) => info.shape.length >= 2, rate = () => 1 } = options;
  const isMuon = options.muon?.select ?? (() => false);
  interface Group {
    readonly shape: readonly [number, number] | undefined;
    readonly rate: number;
    readonly weightDecay: number;
    readonly members: ParameterInfo[];
  }
  const groups = new Map<string, Group>();
  for (const info of parameters) {
    const muon = isMuon(info);
    if (muon && info.shape.length !== 2)
      throw new InputError(
        `optimizer.muon.select: expected matrices, but chose "${info.name}" of shape [${info.shape.join(", ")}]`,
      );
    const decay = (muon ? options.muon?.weightDecay : options.adamw?.weightDecay) ?? 0;
    const group = {
      shape: muon ? ([blockOf(info.shape[0]!, options.muon?.blockRows), info.shape[1]!] as const) : undefined,
      rate: rate(info),
      weightDecay: decays(info) ? decay : 0,
    };
    if (!(group.rate >= 0 && Number.isFinite(group.rate)))
      throw new InputError(`optimizer.rate of "${info.name}": expected a number, at least 0, found ${group.rate}`);
    const key = JSON.stringify(group);
    const members = groups.get(key)?.members ?? [];
    members.push(info);
    groups.set(key, { ...group, members });
  }
  const ordered = [...groups.values()].sort((a, b) => Number(a.shape !== undefined) - Number(b.shape !== undefined));
  const layout = layOut(ordered.map((group) => group.members));
  const offsets = new Map(layout.slots.map(({ info, offset }) => [info.name, offset]));
  if (offsets.size < parameters.length) throw new Error("planOptimizer: two parameters have the same name");
  const adamw: AdamWRegion[] = [];
  const muon: MuonRegion[] = [];
  let adamwSize = 0;
  for (const { shape, rate, weightDecay, members } of ordered) {
    const start = offsets.get(members[0]!.name)!;
    const end = start + members.reduce((sum, info) => sum + elementCount(info.shape), 0);
    if (shape) muon.push({ start, end, rate, weightDecay, shape });
    else {
      adamw.push({ start, end, rate, weightDecay });
      adamwSize = end;
    }
  }
  return { layout, adamwSize, adamw, muon };
}

/** The largest divisor of `rows` that is at most `limit`. */
function blockOf(rows: number, limit = rows): number {
  let block = Math.min(rows, limit);
  while (rows % block !== 0) block--;
  return block;
}
