import { expectInput } from "../../core/errors.ts";
import { isAbsent, type Row } from "./delimited-text.ts";
import type { Placed } from "./input-files.ts";
import { openZip } from "./zip-archive.ts";

/**
 * The rows of a workbook's first sheet (.xlsx), whose first row names the columns; cells that pandas takes for absent are left out. Read
 * are texts and numbers; formulas count as their last values.
 * @throws InputError naming the file where it is no workbook
 */
export function readWorkbook(bytes: Buffer, path: string): Placed<Row>[] {
  const files = openZip(bytes, path);
  const [sheet] = [...files.keys()].filter((name) => /^xl\/worksheets\/[^/]+\.xml$/.test(name)).sort(byNumber);
  expectInput(sheet !== undefined, `${path}: expected a workbook with a sheet, found none`);
  const shared = files.get("xl/sharedStrings.xml")?.().toString("utf8") ?? "";
  const strings = elements(shared, "si").map(({ content }) => textOf(content));
  const rows = elements(files.get(sheet)!().toString("utf8"), "row").map(({ attributes, content }, i) => ({
    place: `${path}, row ${attribute(attributes, "r") ?? i + 1}`,
    cells: cellsOf(content, strings),
  }));
  const [head, ...body] = rows;
  expectInput(head !== undefined, `${path}: expected a row that names the columns, found none`);
  return body.map(({ place, cells }) => {
    const row: Record<string, string> = {};
    for (const [column, name] of head.cells) {
      const cell = cells.get(column);
      if (cell !== undefined && !isAbsent(cell)) row[name] = cell;
    }
    return { place, value: row };
  });
}

/** "sheet2.xml" before "sheet10.xml". */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Texts by column: "A", "B", …, "AA". */
function cellsOf(row: string, strings: readonly string[]): Map<string, string> {
  const cells = new Map<string, string>();
  for (const [i, { attributes, content }] of elements(row, "c").entries()) {
    const column = /^[A-Z]+/.exec(attribute(attributes, "r") ?? "")?.[0] ?? columnName(i);
    const type = attribute(attributes, "t");
    const [value] = elements(content, "v");
    if (type === "inlineStr") cells.set(column, textOf(content));
    else if (value !== undefined) {
      const text = unescape(value.content);
      cells.set(column, type === "s" ? (strings[Number(text)] ?? "") : text);
    }
  }
  return cells;
}

function columnName(index: number): string {
  const letter = String.fromCodePoint("A".codePointAt(0)! + (index % 26));
  return index < 26 ? letter : columnName(Math.floor(index / 26) - 1) + letter;
}

interface XmlElement {
  readonly attributes: string;
  readonly content: string;
}

/** Elements of one name, which do not nest in workbooks; what is not closed is left out. In linear time, whatever the text. */
function elements(xml: string, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  const opening = new RegExp(`<${name}(?=[\\s/>])([^<>]*)>`, "g");
  const closing = `</${name}>`;
  for (let match = opening.exec(xml); match !== null; match = opening.exec(xml)) {
    const attributes = match[1]!;
    const start = opening.lastIndex;
    const end = attributes.endsWith("/") ? start : xml.indexOf(closing, start);
    if (end < 0) break;
    found.push({ attributes, content: xml.slice(start, end) });
    opening.lastIndex = Math.max(start, end);
  }
  return found;
}

function attribute(attributes: string, name: string): string | undefined {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(attributes)?.[1];
}

/** A cell's text may stand in several runs; readings of Japanese (`rPh`) are none of it. */
function textOf(xml: string): string {
  const [first, ...readings] = xml.split("<rPh");
  const withoutReadings = [first, ...readings.map((part) => part.split("</rPh>").slice(1).join(""))].join("");
  return elements(withoutReadings, "t")
    .map(({ content }) => unescape(content))
    .join("");
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescape(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w+));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return entities[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
