import { z } from "zod";
import { expectInput } from "../../../core/errors.ts";
import { parseDelimited } from "../delimited-text.ts";
import { checked, indexBy, parseJson, readBytes, readText, type Placed } from "../input-files.ts";
import { readWorkbook } from "../workbook.ts";
import type { Options } from "./match.ts";

/** One line of MMBench's table; what is absent is undefined. */
export interface MmbenchRow {
  readonly index: number;
  readonly question: string;
  readonly hint?: string;
  readonly options: Options;
  readonly answer?: string;
  readonly category?: string;
  readonly "l2-category"?: string;
  readonly split?: string;
  /** What the model said. */
  readonly prediction?: string;
  /** In base64, or the index of the row that has it. */
  readonly image?: string;
}

const cell = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => (value === null || value === undefined ? undefined : String(value)));
const row = z.object({ index: z.union([z.int(), z.string().regex(/^\d+(?:\.0)?$/)]).transform(Number) }).catchall(cell);

/** Reads a table: a workbook (.xlsx), TSV, CSV, JSON (an array of rows) or JSON Lines. */
export async function readMmbench(path: string): Promise<Map<number, Placed<MmbenchRow>>> {
  const rows = (await readRows(path)).map(({ value, place }) => ({ place, value: rowOf(value, place) }));
  expectInput(rows.length > 0, `${path}: expected rows, found none`);
  return indexBy(rows, ({ index }) => index, "index");
}

async function readRows(path: string): Promise<Placed<unknown>[]> {
  if (/\.xlsx$/i.test(path)) return readWorkbook(await readBytes(path), path);
  const text = await readText(path);
  if (/\.json$/i.test(path)) {
    const values = checked(parseJson(text, path), z.array(z.unknown()), path);
    return values.map((value, i) => ({ value, place: `${path}, row ${i}` }));
  }
  if (/\.jsonl$/i.test(path))
    return text.split("\n").flatMap((line, i) => {
      const place = `${path}, line ${i + 1}`;
      return line.trim() === "" ? [] : [{ place, value: parseJson(line, place) }];
    });
  return parseDelimited(text, /\.csv$/i.test(path) ? "," : "\t", path);
}

function rowOf(value: unknown, place: string): MmbenchRow {
  const { index, ...cells } = checked(value, row, place);
  const given = Object.entries(cells).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const letters = given.filter(([name]) => /^[A-Z]$/.test(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return { question: "", ...Object.fromEntries(given), index, options: new Map(letters) };
}
