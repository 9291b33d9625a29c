/** Sizes of tensors: plain numbers, or polynomials with integer coefficients in named sizes ("batch·tokens + 1"). */
export type Dim = number | SymbolicDim;

/** A size known only when a program runs. Immutable; equal sizes have equal keys. */
export class SymbolicDim {
  /** Monomial (names sorted and joined by "·"; "" is the constant) → coefficient, never 0. */
  readonly terms: ReadonlyMap<string, number>;
  readonly key: string;
  constructor(terms: ReadonlyMap<string, number>) {
    this.terms = terms;
    this.key = [...terms]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([monomial, coefficient]) =>
        monomial === "" ? `${coefficient}` : coefficient === 1 ? monomial : `${coefficient}·${monomial}`,
      )
      .join("+");
  }
  toString(): string {
    return this.key;
  }
}

/** A named size. */
export function symbol(name: string): Dim {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Error(`symbol: "${name}" is not an identifier`);
  return new SymbolicDim(new Map([[name, 1]]));
}

function termsOf(dim: Dim): ReadonlyMap<string, number> {
  return typeof dim === "number" ? new Map(dim === 0 ? [] : [["", dim]]) : dim.terms;
}

function fromTerms(terms: Map<string, number>): Dim {
  for (const [monomial, coefficient] of terms) if (coefficient === 0) terms.delete(monomial);
  if (terms.size === 0) return 0;
  if (terms.size === 1 && terms.has("")) return terms.get("")!;
  return new SymbolicDim(terms);
}

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const terms = new Map(termsOf(a));
  for (const [monomial, coefficient] of termsOf(b)) terms.set(monomial, (terms.get(monomial) ?? 0) + coefficient);
  return fromTerms(terms);
}

export function subDims(a: Dim, b: Dim): Dim {
  return addDims(a, mulDims(b, -1));
}

export function mulDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a * b;
  const terms = new Map<string, number>();
  for (const [ma, ca] of termsOf(a))
    for (const [mb, cb] of termsOf(b)) {
      const names = [...(ma ? ma.split("·") : []), ...(mb ? mb.split("·") : [])].sort();
      const monomial = names.join("·");
      terms.set(monomial, (terms.get(monomial) ?? 0) + ca * cb);
    }
  return fromTerms(terms);
}

/** Exact division by a number or a single monomial; undefined where it leaves a remainder. */
export function divDims(a: Dim, b: Dim): Dim | undefined {
  if (sameDim(a, b)) return 1;
  const divisor = [...termsOf(b)];
  if (divisor.length !== 1) return undefined;
  const [monomial, coefficient] = divisor[0]!;
  const terms = new Map<string, number>();
  for (const [ma, ca] of termsOf(a)) {
    const names = ma ? ma.split("·") : [];
    for (const name of monomial ? monomial.split("·") : []) {
      const at = names.indexOf(name);
      if (at < 0) return undefined;
      names.splice(at, 1);
    }
    if (!Number.isInteger(ca / coefficient)) return undefined;
    terms.set(names.join("·"), ca / coefficient);
  }
  return fromTerms(terms);
}

export function sameDim(a: Dim, b: Dim): boolean {
  return typeof a === "number" || typeof b === "number" ? a === b : a.key === b.key;
}

export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, i) => sameDim(dim, b[i]!));
}

/** Number of elements. */
export function sizeOf(shape: readonly Dim[]): Dim {
  return shape.reduce(mulDims, 1);
}

export function showShape(shape: readonly Dim[]): string {
  return `[${shape.join(", ")}]`;
}

/** Value of a size where the named sizes have these values. */
export function evaluateDim(dim: Dim, sizes: ReadonlyMap<string, number>): number {
  if (typeof dim === "number") return dim;
  let total = 0;
  for (const [monomial, coefficient] of dim.terms) {
    let product = coefficient;
    for (const name of monomial ? monomial.split("·") : []) {
      const value = sizes.get(name);
      if (value === undefined) throw new Error(`size "${name}" of ${dim.key} is not bound`);
      product *= value;
    }
    total += product;
  }
  return total;
}

export function evaluateShape(shape: readonly Dim[], sizes: ReadonlyMap<string, number>): number[] {
  return shape.map((dim) => evaluateDim(dim, sizes));
}

function isBound(dim: Dim, sizes: ReadonlyMap<string, number>): boolean {
  if (typeof dim === "number") return true;
  return [...dim.terms.keys()].every((monomial) => !monomial || monomial.split("·").every((name) => sizes.has(name)));
}

/**
 * Learns the values of named sizes from an actual shape; a plain symbol is bound, anything else is checked as far as
 * its names are bound. Throws an Error naming `what` where ranks or sizes disagree.
 */
export function bindShape(
  shape: readonly Dim[],
  actual: readonly number[],
  sizes: Map<string, number>,
  what: string,
): void {
  const mismatch = () => new Error(`${what}: expected shape ${showShape(shape)}, found [${actual.join(", ")}]`);
  if (shape.length !== actual.length) throw mismatch();
  shape.forEach((dim, i) => {
    const found = actual[i]!;
    if (typeof dim !== "number" && /^[A-Za-z_]\w*$/.test(dim.key)) {
      const bound = sizes.get(dim.key);
      if (bound === undefined) sizes.set(dim.key, found);
      else if (bound !== found)
        throw new Error(`${what}: size "${dim.key}" is ${bound} elsewhere but ${found} here (axis ${i})`);
    }
  });
  shape.forEach((dim, i) => {
    if (isBound(dim, sizes) && evaluateDim(dim, sizes) !== actual[i]) throw mismatch();
  });
}
