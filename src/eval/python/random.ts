const SIZE = 624;
const SHIFT = 397;
const UPPER = 0x80000000;
const LOWER = 0x7fffffff;
const TWIST = 0x9908b0df;

/**
 * CPython's `random.Random(seed)`: the Mersenne Twister MT19937, seeded by `init_by_array([seed])`.
 * (M. Matsumoto, T. Nishimura 1998; the constants are the paper's.)
 */
export class PythonRandom {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  /** @param seed whole number from 0 to 2³²−1 */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = 19650218;
    for (let i = 1; i < SIZE; i++) state[i] = Math.imul(1812433253, mixed(state[i - 1]!)) + i;
    let i = 1;
    for (let k = 0; k < SIZE; k++) {
      state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1664525)) + seed;
      i = this.#following(i);
    }
    for (let k = 1; k < SIZE; k++) {
      state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1566083941)) - i;
      i = this.#following(i);
    }
    state[0] = UPPER;
  }

  /** `getrandbits(bits)`, from 1 to 32 bits. */
  bits(bits: number): number {
    if (this.#next === SIZE) this.#refill();
    let y = this.#state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> (32 - bits);
  }

  /** `randrange(count)`: draws as many bits as `count` has, again and again until they are below it. */
  below(count: number): number {
    const bits = 32 - Math.clz32(count);
    for (;;) {
      const value = this.bits(bits);
      if (value < count) return value;
    }
  }

  /** `choice(values)`. */
  choice<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** The index after `i` while seeding; past the end, the last word becomes the first. */
  #following(i: number): number {
    if (i + 1 < SIZE) return i + 1;
    this.#state[0] = this.#state[SIZE - 1]!;
    return 1;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < SIZE; i++) {
      const y = (state[i]! & UPPER) | (state[(i + 1) % SIZE]! & LOWER);
      state[i] = state[(i + SHIFT) % SIZE]! ^ (y >>> 1) ^ (y & 1 ? TWIST : 0);
    }
    this.#next = 0;
  }
}

function mixed(word: number): number {
  return word ^ (word >>> 30);
}
