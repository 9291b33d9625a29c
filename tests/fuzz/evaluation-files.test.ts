import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError } from "../../src/core/errors.ts";
import { parseDelimited } from "../../src/eval/benchmarks/delimited-text.ts";
import { benchmarks, scoreFiles } from "../../src/eval/benchmarks/registry.ts";
import { scratchFolder } from "../support/scratch-folder.ts";

const scratch = scratchFolder();

/** Texts that look like what scorers read, and do not. */
const cell = fc.oneof(
  fc.string(),
  fc.constantFrom("yes", "no", "A", "None", '"', "\t", "index", "question_id", "0", "-1", "1e9"),
);
const value = fc.oneof(cell, fc.integer(), fc.constant(null), fc.array(cell, { maxLength: 3 }));
const keys = fc.constantFrom(
  "question_id",
  "text",
  "answer",
  "label",
  "questionId",
  "prediction",
  "index",
  "A",
  "detections",
  "filename",
  "correct",
  "image",
  "crop",
  "id",
  "score",
);
const row = fc.dictionary(keys, value, { maxKeys: 6 });
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(row, { maxLength: 4 }).map((rows) => rows.map((each) => JSON.stringify(each)).join("\n")),
  fc.array(row, { maxLength: 4 }).map((rows) => JSON.stringify(rows)),
  fc.dictionary(cell, row, { maxKeys: 3 }).map((object) => JSON.stringify(object)),
  fc
    .array(
      fc.array(cell, { maxLength: 5 }).map((cells) => cells.join("\t")),
      { maxLength: 5 },
    )
    .map((lines) => lines.join("\n")),
);

test.each(benchmarks.map((benchmark) => [benchmark.name, benchmark] as const))(
  "%s scores whatever files it is given, or says what is wrong with them",
  async (_name, benchmark) => {
    const names = fc.constantFrom(
      "a.json",
      "a.jsonl",
      "a.tsv",
      "a.csv",
      "a_detail.txt",
      "Art/output.json",
      "existence.txt",
    );
    const protocols = fc.constantFrom(...benchmark.protocols);
    const cases = fc.record({ name: names, answers: text, questions: text, protocol: protocols, whole: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(cases, async ({ name, answers, questions, protocol, whole }) => {
        const folder = await scratch({ [`answers/${name}`]: answers, "questions.json": questions });
        const path = whole ? `${folder}/answers` : `${folder}/answers/${name}`;
        await scoreFiles(benchmark, { answers: path, questions: `${folder}/questions.json` }, protocol).catch(
          (error: unknown) => {
            expect(error).toBeInstanceOf(InputError);
          },
        );
      }),
      { numRuns: 60, seed: 7 },
    );
  },
);

test("a table that was written with quotes is read as it was", () => {
  const cells = fc.array(fc.array(fc.string({ minLength: 1 }), { minLength: 3, maxLength: 3 }), { maxLength: 5 });
  fc.assert(
    fc.property(cells, (rows) => {
      // "x" keeps cells from being what pandas takes for absent.
      const quoted = rows.map((each) => each.map((cellText) => `"x${cellText.replaceAll('"', '""')}"`).join(","));
      const read = parseDelimited(`a,b,c\n${quoted.join("\r\n")}\n`, ",", "t.csv");
      expect(read.map(({ value: { a, b, c } }) => [a, b, c])).toEqual(
        rows.map((each) => each.map((cellText) => `x${cellText}`)),
      );
    }),
    { numRuns: 200, seed: 7 },
  );
});
