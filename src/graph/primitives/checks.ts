/** What primitives demand of their operands. */
import { sameDim, showShape, type Dim } from "../dims.ts";
import { describe, type OperationName, type Tensor } from "../tensor.ts";

export function check(condition: boolean, op: OperationName, expected: string, ...operands: readonly Tensor[]): void {
  if (!condition) throw new Error(`${op}: expected ${expected}, found ${operands.map(describe).join(" and ")}`);
}

/** A negative axis counts from the last. */
export function resolveAxis(axis: number, rank: number, op: string): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(resolved) || resolved < 0 || resolved >= rank)
    throw new Error(`${op}: axis ${axis} is outside a tensor of rank ${rank}`);
  return resolved;
}

/** Shape that two operands broadcast to; a symbolic size broadcasts only with itself or 1. */
export function broadcastShapes(a: readonly Dim[], b: readonly Dim[], op: string): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const da = a[i - rank + a.length] ?? 1;
    const db = b[i - rank + b.length] ?? 1;
    if (sameDim(da, db) || db === 1) return da;
    if (da === 1) return db;
    throw new Error(`${op}: ${showShape(a)} and ${showShape(b)} do not broadcast (axis ${i - rank})`);
  });
}
