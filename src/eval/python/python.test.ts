import { expect, test } from "vitest";
import { describeGoldens, golden } from "../../../tests/support/evaluation-goldens.ts";
import { mean } from "./mean.ts";
import { formatFixed, formatPercent, parseFloatAsPython, reprFloat, roundHalfEven } from "./number.ts";
import { PythonRandom } from "./random.ts";
import { parseStringList } from "./string-list.ts";
import { lengthOf, readLines, rstripCharacter, splitWords, strip, stripCharacter } from "./text.ts";

// Expected values are CPython 3.12's and NumPy 2's own.

test("the Mersenne Twister draws what random.Random(7) draws", () => {
  const random = new PythonRandom(7);
  expect([random.bits(32), random.bits(32), random.bits(32)]).toEqual([1390851128, 4071050724, 647892279]);
});

describeGoldens("the Mersenne Twister", "mmmu/golden/python_random.json", () => {
  interface Draws {
    readonly getrandbits32_seed42: readonly number[];
    readonly random_seed42: readonly number[];
    readonly choice_index_seed42_by_n: Readonly<Record<string, readonly number[]>>;
    readonly choice_index_seed42_mixed: { readonly n: readonly number[]; readonly draws: readonly number[] };
    readonly "randint_0_4_seed2680 (lmms-eval MMBench)": readonly number[];
  }
  const draws = golden<Draws>("mmmu", "golden", "python_random.json");

  test("in 32 bits, and in 53 of two words", () => {
    const random = new PythonRandom(42);
    expect(draws.getrandbits32_seed42.map(() => random.bits(32))).toEqual(draws.getrandbits32_seed42);
    const again = new PythonRandom(42);
    expect(draws.random_seed42.map(() => (again.bits(27) * 2 ** 26 + again.bits(26)) / 2 ** 53)).toEqual(
      draws.random_seed42,
    );
  });

  test("in choices among n", () => {
    for (const [n, indices] of Object.entries(draws.choice_index_seed42_by_n)) {
      const random = new PythonRandom(42);
      expect(indices.map(() => random.below(Number(n)))).toEqual(indices);
    }
    const random = new PythonRandom(42);
    const { n, draws: mixed } = draws.choice_index_seed42_mixed;
    expect(n.map((count) => random.choice(Array.from({ length: count }, (_, i) => i)))).toEqual(mixed);
  });

  test("from another seed", () => {
    const random = new PythonRandom(2680);
    const expected = draws["randint_0_4_seed2680 (lmms-eval MMBench)"];
    expect(expected.map(() => random.below(5))).toEqual(expected);
  });
});

test.each([
  ["30", 30],
  [" -0.5e-3\n", -0.0005],
  [".5", 0.5],
  ["5.", 5],
  ["1_000", 1000],
  ["٣.٥", 3.5],
  ["𝟗", 9],
  ["1e400", Infinity],
  ["-Infinity", -Infinity],
  ["NaN", NaN],
  ["", undefined],
  ["1__0", undefined],
  ["_1", undefined],
  ["0x10", undefined],
  ["1,000", undefined],
  ["½", undefined],
  ["-nan5", undefined],
  ["1 2", undefined],
])("float(%j) is %j", (text, value) => {
  expect(parseFloatAsPython(text)).toEqual(value);
});

test.each([
  [0.125, 2, "0.12"],
  [3.125, 2, "3.12"],
  [0.375, 2, "0.38"],
  [2.5, 0, "2"],
  [62.5, 0, "62"],
  [2.675, 2, "2.67"],
  [99.995, 2, "100.00"],
  [-0, 2, "-0.00"],
  [-2.5, 0, "-2"],
  [1e-7, 3, "0.000"],
  [Infinity, 2, "inf"],
  [-Infinity, 2, "-inf"],
  [NaN, 2, "nan"],
])("%d with %i digits is %s", (value, digits, text) => {
  expect(formatFixed(value, digits)).toBe(text);
});

test("round() and percentages follow", () => {
  expect([roundHalfEven(0.125, 2), roundHalfEven(2.675, 2), roundHalfEven(1e22, 2)]).toEqual([0.12, 2.67, 1e22]);
  expect(Object.is(roundHalfEven(-0.001, 2), -0)).toBe(true);
  expect(roundHalfEven(NaN, 2)).toBeNaN();
  expect(formatPercent(0.03125, 2)).toBe("3.12%");
});

test.each([
  [1, "1.0"],
  [1e-7, "1e-07"],
  [1.5e-5, "1.5e-05"],
  [0.0001, "0.0001"],
  [1e16, "1e+16"],
  [123456789012345680, "1.2345678901234568e+17"],
  [2 ** 53, "9007199254740992.0"],
  [1e100, "1e+100"],
  [5e-324, "5e-324"],
  [-2.5, "-2.5"],
  [-0, "-0.0"],
  [0, "0.0"],
  [-Infinity, "-inf"],
  [NaN, "nan"],
])("repr(%d) is %s", (value, text) => {
  expect(reprFloat(value)).toBe(text);
});

test("strip, split and len know Python's white space and characters", () => {
  expect(strip("\x1c\x85\u3000a b\u2003\n")).toBe("a b");
  expect(strip("\ufeffa")).toBe("\ufeffa");
  expect(splitWords("  a\u00a0b\x1fc ")).toEqual(["a", "b", "c"]);
  expect(splitWords("  ")).toEqual([]);
  expect(stripCharacter("..a.b...", ".")).toBe("a.b");
  expect(stripCharacter("...", ".")).toBe("");
  expect(rstripCharacter("..a..", ".")).toBe("..a");
  expect(lengthOf("a🐈")).toBe(2);
  expect(readLines("a\r\nb\rc\n\nd")).toEqual(["a\n", "b\n", "c\n", "\n", "d"]);
  expect(readLines("")).toEqual([]);
});

test.each([
  [1, 0],
  [5, 0.5027081243731193],
  [7, 0.4070783779911162],
  [8, 0.4749247743229689],
  [9, 0.5106430402318066],
  [39, 0.5096057402978165],
  [127, 0.5081385889953325],
  [128, 0.5100379262788366],
  [129, 0.5107182011149729],
  [300, 0.5065496489468405],
  [1000, 0.5061965897693079],
])("np.mean of %i numbers, to the last digit", (count, expected) => {
  expect(mean(Array.from({ length: count }, (_, i) => ((i * 7919) % 1009) / 997))).toBe(expected);
});

test.each<[string, string[] | null]>([
  [`['a', "b's"]`, ["a", "b's"]],
  ["[]", []],
  ["[ ]", []],
  ["['']", [""]],
  ["[ 'x' , ]", ["x"]],
  [
    String.raw`['\\frac{1}{2}', '$\pi$', 'tab\there', '\u00e9\x41\101']`,
    [String.raw`\frac{1}{2}`, String.raw`$\pi$`, "tab\there", "éAA"],
  ],
  [`['one' 'two']`, ["onetwo"]],
  [String.raw`["it's \"so\"", 'é']`, [`it's "so"`, "é"]],
  ["['a\\\nb']", ["ab"]],
  [String.raw`['😀', '\U0001F600']`, ["😀", "😀"]],
  ["[1, 2]", null],
  ["['a'", null],
  ["['a',, 'b']", null],
  ["[,]", null],
  ["'a'", null],
  ["('a',)", null],
  ["['a\nb']", null],
  [String.raw`['\x4', 'b']`, null],
])("ast.literal_eval of %s", (text, expected) => {
  expect(parseStringList(text)).toEqual(expected);
});
