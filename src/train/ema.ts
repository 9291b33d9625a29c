/**
 * Decay of the moving average of weights at an update, `updates` of which came before: min(decay, (1+n)/(10+n)), so that
 * the average forgets the random start quickly. The average itself is taken inside the optimizers' programs, where the
 * new weights are still in cache.
 */
export function emaDecay(decay: number, updates: number): number {
  return Math.min(decay, (1 + updates) / (10 + updates));
}
