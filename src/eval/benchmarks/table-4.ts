/** The columns of the paper's Table 4 that enter its average: MME-P in points, the others as percentages. */
export type Table4 = Readonly<Record<"POPE" | "MME-P" | "MMB" | "SEED" | "GQA" | "MMMU", number>>;

/** What MME's perception counts at most. */
const MOST_POINTS = 2000;

/** "Avg" of Table 4, which reproduces all its rows: MME-P enters as a fraction from 0 to 1 beside five percentages. */
export function table4Average(row: Table4): number {
  const { POPE: pope, MMB: mmb, SEED: seed, GQA: gqa, MMMU: mmmu } = row;
  return (pope + mmb + seed + gqa + mmmu + row["MME-P"] / MOST_POINTS) / 6;
}
