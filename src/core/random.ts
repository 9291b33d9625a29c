import { expectInput } from "./errors.ts";

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_32 = 2 ** 32;

/** Where a {@link Philox} stands; plain JSON. `position` counts the 32-bit words drawn so far. */
export interface PhiloxState {
  /** Decimal, below 2^64. */
  readonly seed: string;
  /** Decimal, below 2^64. */
  readonly stream: string;
  readonly position: number;
}

/**
 * One block of Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * `out` receives four 32-bit words; counter and key are taken word by word, least significant first.
 */
export function philoxBlock(
  out: Uint32Array,
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
  key0: number,
  key1: number,
): void {
  let [c0, c1, c2, c3] = [counter0 | 0, counter1 | 0, counter2 | 0, counter3 | 0];
  let [k0, k1] = [key0 | 0, key1 | 0];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * A counter-based random source: word number `position` of (`seed`, `stream`) is a pure function of the three, so that
 * streams are independent, skipping is free and the state is three numbers. Integers, uniforms and normals are the same
 * on every platform: no method calls a transcendental function of the host.
 */
export class Philox {
  readonly #seed: bigint;
  readonly #stream: bigint;
  readonly #key0: number;
  readonly #key1: number;
  readonly #stream0: number;
  readonly #stream1: number;
  readonly #block = new Uint32Array(4);
  #blockIndex = -1;
  #position = 0;

  /** Seed and stream: whole numbers in [0, 2^64). */
  constructor(seed: number | bigint, stream: number | bigint = 0) {
    this.#seed = toUint64("seed", seed);
    this.#stream = toUint64("stream", stream);
    this.#key0 = Number(this.#seed & 0xffffffffn);
    this.#key1 = Number(this.#seed >> 32n);
    this.#stream0 = Number(this.#stream & 0xffffffffn);
    this.#stream1 = Number(this.#stream >> 32n);
  }

  static from(state: PhiloxState): Philox {
    const random = new Philox(BigInt(state.seed), BigInt(state.stream));
    random.skip(state.position);
    return random;
  }

  state(): PhiloxState {
    return { seed: String(this.#seed), stream: String(this.#stream), position: this.#position };
  }

  /** Moves `words` 32-bit words ahead, in constant time. */
  skip(words: number): void {
    const position = this.#position + words;
    expectInput(
      words >= 0 && Number.isSafeInteger(position),
      `Philox.skip: expected a whole number of words, at least 0 and within 2^53, found ${words}`,
    );
    this.#position = position;
  }

  /** A whole number in [0, 2^32). Consumes one word. */
  uint32(): number {
    const lane = this.#position % 4;
    const index = (this.#position - lane) / 4;
    if (index !== this.#blockIndex) {
      const high = Math.floor(index / TWO_32);
      philoxBlock(this.#block, index, high, this.#stream0, this.#stream1, this.#key0, this.#key1);
      this.#blockIndex = index;
    }
    this.#position++;
    return this.#block[lane]!;
  }

  /** Uniform in [0, 1), a multiple of 2^-32. Consumes one word. */
  uniform(): number {
    return this.uint32() / TWO_32;
  }

  /** Standard normal (Box-Muller, |z| < 6.8). Consumes two words. */
  normal(): number {
    const radius = normalRadius(this.uint32());
    return radius * cosineOfTurn(this.uint32());
  }

  /** Fills with standard normals, two from each pair of words. */
  fillNormal(target: Float32Array): Float32Array {
    for (let i = 0; i < target.length; i += 2) {
      const radius = normalRadius(this.uint32());
      const turn = this.uint32();
      target[i] = radius * cosineOfTurn(turn);
      // A quarter turn back makes the cosine a sine; the write past an odd end is dropped.
      target[i + 1] = radius * cosineOfTurn((turn - 0x40000000) >>> 0);
    }
    return target;
  }

  /** A whole number in [0, n), without bias. n is 1 to 2^32. */
  int(n: number): number {
    expectInput(
      Number.isInteger(n) && n >= 1 && n <= TWO_32,
      `Philox.int: expected a whole number from 1 to 2^32, found ${n}`,
    );
    const limit = TWO_32 - (TWO_32 % n);
    for (;;) {
      const word = this.uint32();
      if (word < limit) return word % n;
    }
  }

  /** One item of a list that is not empty. */
  pick<T>(items: readonly T[]): T {
    expectInput(items.length > 0, "Philox.pick: expected a list with items, found an empty list");
    return items[this.int(items.length)]!;
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const held = items[i]!;
      items[i] = items[j]!;
      items[j] = held;
    }
    return items;
  }
}

function toUint64(name: string, value: number | bigint): bigint {
  const whole = typeof value === "bigint" || Number.isSafeInteger(value);
  expectInput(
    whole && value >= 0 && BigInt(value) < 1n << 64n,
    `Philox ${name}: expected a whole number in [0, 2^64) (a bigint above 2^53), found ${value}`,
  );
  return BigInt(value);
}

/** High 32 bits of the 64-bit product of two unsigned words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + (cross >>> 16)) | 0;
}

/** sqrt(-2 ln u) for u = (word + 1) / 2^32. Uses only operations that IEEE 754 rounds exactly. */
function normalRadius(word: number): number {
  const whole = word + 1;
  // whole = mantissa · 2^exponent with the mantissa in [1, 2), then in [sqrt(1/2), sqrt(2)).
  let exponent = whole === TWO_32 ? 32 : 31 - Math.clz32(whole);
  let mantissa = whole / 2 ** exponent;
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // ln m = 2 artanh((m - 1) / (m + 1))
  const s = (mantissa - 1) / (mantissa + 1);
  const s2 = s * s;
  let series = 0;
  for (let k = 21; k >= 1; k -= 2) series = series * s2 + 1 / k;
  const logarithm = 2 * s * series + (exponent - 32) * Math.LN2;
  return Math.sqrt(Math.max(0, -2 * logarithm));
}

/** cos(2π · word / 2^32), by quadrants and a Taylor polynomial. */
function cosineOfTurn(word: number): number {
  // Nearest quarter turn, and the remaining angle in [-π/4, π/4].
  const quarter = Math.floor((word + 0x20000000) / 0x40000000);
  const angle = (word - quarter * 0x40000000) * (Math.PI / 0x80000000);
  const a2 = angle * angle;
  if (quarter % 2 === 0) {
    const cosine =
      1 -
      (a2 / 2) *
        (1 - (a2 / 12) * (1 - (a2 / 30) * (1 - (a2 / 56) * (1 - (a2 / 90) * (1 - (a2 / 132) * (1 - a2 / 182))))));
    return quarter % 4 === 0 ? cosine : -cosine;
  }
  const sine =
    angle *
    (1 -
      (a2 / 6) *
        (1 - (a2 / 20) * (1 - (a2 / 42) * (1 - (a2 / 72) * (1 - (a2 / 110) * (1 - (a2 / 156) * (1 - a2 / 210)))))));
  return quarter === 1 ? -sine : sine;
}
