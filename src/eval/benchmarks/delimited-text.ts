import { expectInput, InputError } from "../../core/errors.ts";
import type { Placed } from "./input-files.ts";

const absent = new Set(
  ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A"].concat([
    "NA",
    "NULL",
    "NaN",
    "None",
    "n/a",
    "nan",
    "null",
  ]),
);

/** What pandas reads as "no value", unless told otherwise: also an option that says "None". */
export function isAbsent(cell: string): boolean {
  return absent.has(cell);
}

/** A row by the names of its columns; without those that pandas takes for absent. */
export type Row = Readonly<Record<string, string>>;

/**
 * The rows of a table in text with a header: fields may stand in double quotes, within which two make one and line breaks
 * count as text. Each row's place is the line that it begins on.
 * @throws InputError where a row has another number of fields than the header, or a quote is not closed
 */
export function parseDelimited(text: string, delimiter: "," | "\t", path: string): Placed<Row>[] {
  const [header, ...records] = splitRecords(text, delimiter, path);
  expectInput(header !== undefined, `${path}: expected a header line, found nothing`);
  return records.map(({ fields, line }) => {
    const place = `${path}, line ${line}`;
    if (fields.length !== header.fields.length)
      throw new InputError(
        `${place}: expected ${header.fields.length} fields as in the header, found ${fields.length}`,
      );
    const row: Record<string, string> = {};
    for (const [i, name] of header.fields.entries()) if (!isAbsent(fields[i]!)) row[name] = fields[i]!;
    return { place, value: row };
  });
}

interface TextRecord {
  readonly fields: string[];
  readonly line: number;
}

function splitRecords(text: string, delimiter: string, path: string): TextRecord[] {
  const records: TextRecord[] = [];
  // A field, quoted or not, and what ends it.
  const field = new RegExp(`(?:"((?:[^"]|"")*)"|((?!")[^${delimiter}\\r\\n]*))(${delimiter}|\\r\\n|\\r|\\n|$)`, "gy");
  let line = 1;
  let record: TextRecord = { fields: [], line };
  while (field.lastIndex < text.length || record.fields.length > 0) {
    const start = field.lastIndex;
    const match = field.exec(text);
    if (match === null) throw new InputError(`${path}, line ${line}: a double quote is not closed or not doubled`);
    const [whole, quoted, plain, end] = match;
    record.fields.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    line += whole.match(/\r\n|\r|\n/g)?.length ?? 0;
    if (end === delimiter) continue;
    const isBlank = record.fields.length === 1 && record.fields[0] === "" && quoted === undefined;
    if (!isBlank) records.push(record);
    record = { fields: [], line };
    if (start >= text.length || end === "") break;
  }
  return records;
}
