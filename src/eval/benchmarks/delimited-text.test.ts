import { expect, test } from "vitest";
import { parseDelimited } from "./delimited-text.ts";

test("quotes, doubled quotes, line breaks within, blank lines, a last line without an end", () => {
  const text = 'a,b\r\n"x, ""y""\nz",2\r\n\r\n3,"4"';
  expect(parseDelimited(text, ",", "t.csv")).toEqual([
    { place: "t.csv, line 2", value: { a: 'x, "y"\nz', b: "2" } },
    { place: "t.csv, line 5", value: { a: "3", b: "4" } },
  ]);
});

test("tabs; empty last fields; what pandas takes for absent", () => {
  const text = "index\tA\tB\n1\tNone\tnone\n2\tn/a\t\n";
  expect(parseDelimited(text, "\t", "t.tsv").map(({ value }) => value)).toEqual([
    { index: "1", B: "none" },
    { index: "2" },
  ]);
});

test.each([
  ["", /t\.csv: expected a header line/],
  ["a,b\n1\n", /t\.csv, line 2: expected 2 fields as in the header, found 1/],
  ['a,b\n1,2\n"3,4\n', /t\.csv, line 3: a double quote is not closed/],
  ['a,b\n"1"2,3\n', /t\.csv, line 2: a double quote is not closed or not doubled/],
])("says what is wrong with %j", (text, message) => {
  expect(() => parseDelimited(text, ",", "t.csv")).toThrow(message);
});

test("a long field whose quote is never closed is told in no time", () => {
  const started = performance.now();
  expect(() => parseDelimited(`a,b\n1,"${"x".repeat(1_000_000)}`, ",", "t.csv")).toThrow(
    "t.csv, line 2: a double quote",
  );
  expect(performance.now() - started).toBeLessThan(10_000);
});
