/** A list of strings as Python writes it, which is how Parquet files of data sets keep options: `['a', "b's"]`. */

const ITEM = /\s*(?:'((?:[^'\\\n]|\\[^])*)'|"((?:[^"\\\n]|\\[^])*)")\s*/y;
const ESCAPE = /\\(?:\r?\n|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([^]))/g;
const NAMED: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  '"': '"',
  "\\": "\\",
};

/** What `ast.literal_eval` gives for a list of plain strings; null for every other text, and for names of characters (`\\N{…}`). */
export function parseStringList(text: string): string[] | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith("[") || !trimmed.endsWith("]")) return null;
  const inner = trimmed.slice(1, -1);
  const items: string[] = [];
  let begins = true;
  for (let at = 0; inner.slice(at).trim() !== "";) {
    ITEM.lastIndex = at;
    const match = ITEM.exec(inner);
    const item = match && unescape(match[1] ?? match[2]!);
    if (item === null) return null;
    // Strings without a comma between them are one.
    items.push(begins ? item : items.pop()! + item);
    at = ITEM.lastIndex;
    begins = inner[at] === ",";
    if (begins) at++;
  }
  return items;
}

/** The text of a literal; null where Python would refuse it. An escape that Python does not know keeps its backslash. */
function unescape(literal: string): string | null {
  let refused = false;
  const text = literal.replaceAll(ESCAPE, (all, two, four, eight, octal, other: string | undefined) => {
    const hex = (two ?? four ?? eight) as string | undefined;
    const code = hex === undefined ? Number.parseInt((octal as string | undefined) ?? "", 8) : Number.parseInt(hex, 16);
    if (code > 0x10_ff_ff || other === "x" || other === "u" || other === "U" || other === "N") refused = true;
    else if (!Number.isNaN(code)) return String.fromCodePoint(code);
    if (other === undefined) return "";
    return NAMED[other] ?? (all as string);
  });
  return refused ? null : text;
}
