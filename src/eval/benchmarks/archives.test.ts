import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { readTorchTensor } from "./torch-tensor.ts";
import { readWorkbook } from "./workbook.ts";
import { openZip } from "./zip-archive.ts";

/** A ZIP archive; every other file is packed. */
function zip(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const [i, [name, content]] of Object.entries(files).entries()) {
    const plain = Buffer.from(content);
    const data = i % 2 ? deflateRawSync(plain) : plain;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    // Something that readers skip.
    local.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(i % 2 ? 8 : 0, 10);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt32LE(plain.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    locals.push(local, Buffer.from(name), Buffer.alloc(4), data);
    entries.push(entry, Buffer.from(name));
    at += 30 + name.length + 4 + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...entries, end, Buffer.from("a comment")]);
}

test("a ZIP archive gives its files, and what is damaged is told", () => {
  const bytes = zip({ a: "stored", "b/c": "packed" });
  const files = openZip(bytes, "x.zip");
  expect([...files].map(([name, read]) => [name, read().toString()])).toEqual([
    ["a", "stored"],
    ["b/c", "packed"],
  ]);
  expect(() => openZip(Buffer.from("no archive, only text that is long enough"), "x.zip")).toThrow(
    "x.zip: not a ZIP archive",
  );
  expect(() => openZip(Buffer.from("PK"), "x.zip")).toThrow("x.zip: not a ZIP archive");
  const broken = Buffer.from(bytes);
  broken[bytes.indexOf("b/c") + 3 + 4] = 0xff;
  expect(() => openZip(broken, "x.zip").get("b/c")!()).toThrow(
    "x.zip: b/c: damaged archive: does not unpack to 6 bytes",
  );
  // An archive that claims to be small and is not.
  const bomb = zip({ a: "", b: Buffer.alloc(1000) });
  bomb.writeUInt32LE(10, bomb.lastIndexOf(Buffer.from("PK\x01\x02")) + 24);
  expect(() => openZip(bomb, "x.zip").get("b")!()).toThrow("does not unpack to 10 bytes");
  // All but the comment at its end is needed.
  for (let length = 0; length < bytes.length - "a comment".length; length++)
    expect(() => [...openZip(bytes.subarray(0, length), "x.zip").values()].map((read) => read())).toThrow("x.zip");
});

const sheet = `<?xml version="1.0"?><worksheet><sheetData>
<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="D1" t="inlineStr"><is><t>B</t></is></c></row>
<row r="2"><c r="A2"><v>0</v></c><c r="B2" t="s"><v>2</v></c><c r="C2"><v>9</v></c><c r="D2" t="str"><f>1+1</f><v>x &lt; y</v></c></row>
<row r="3"><c r="A3"><v>1000000</v></c><c r="B3" s="1"/><c r="D3" t="inlineStr"><is><t>None</t></is></c></row>
</sheetData></worksheet>`;
const shared =
  "<sst><si><t>index</t></si><si><t>prediction</t></si>" +
  '<si><r><t xml:space="preserve">two </t></r><r><t>runs &amp; a cat&#10;&#x1F408;</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si></sst>';

test("a workbook gives the rows of its first sheet", () => {
  const files = {
    "xl/sharedStrings.xml": shared,
    "xl/worksheets/sheet10.xml": "<row/>",
    "xl/worksheets/sheet2.xml": sheet,
  };
  expect(readWorkbook(zip(files), "t.xlsx")).toEqual([
    { place: "t.xlsx, row 2", value: { index: "0", prediction: "two runs & a cat\n🐈", B: "x < y" } },
    { place: "t.xlsx, row 3", value: { index: "1000000" } },
  ]);
  expect(() => readWorkbook(zip({ a: "" }), "t.xlsx")).toThrow("t.xlsx: expected a workbook with a sheet, found none");
  expect(() => readWorkbook(zip({ "xl/worksheets/sheet1.xml": "" }), "t.xlsx")).toThrow(
    "expected a row that names the columns",
  );
});

test("a workbook that opens elements without end is read in no time", () => {
  const started = performance.now();
  const rows = {
    "xl/worksheets/sheet1.xml": `<row r="1"><c r="A1"><v>index</v></c></row>${"<row <c><v>".repeat(200_000)}`,
  };
  expect(readWorkbook(zip(rows), "t.xlsx")).toEqual([]);
  // Quadratic time would be minutes.
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("a tensor of torch.save gives its numbers", () => {
  const floats = Buffer.from(Float32Array.of(0.5, 1).buffer);
  const doubles = Buffer.from(Float64Array.of(0.1).buffer);
  expect(readTorchTensor(zip({ "s/data.pkl": "ctorch\nFloatStorage\n", "s/data/0": floats }), "s.pt")).toEqual([
    0.5, 1,
  ]);
  expect(readTorchTensor(zip({ "s/data.pkl": "ctorch\nDoubleStorage\n", "s/data/0": doubles }), "s.pt")).toEqual([0.1]);
  expect(() => readTorchTensor(zip({ "s/data.pkl": "LongStorage", "s/data/0": doubles }), "s.pt")).toThrow(
    "float32 or float64",
  );
  expect(() => readTorchTensor(zip({ "s/data.pkl": "FloatStorage" }), "s.pt")).toThrow("expected one tensor, found 0");
  expect(() => readTorchTensor(zip({ a: "" }), "s.pt")).toThrow("without data.pkl");
});
