import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { decodeImage, readImage } from "./image-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-image-"));
});
afterAll(() => rm(folder, { recursive: true }));

type Channels = 1 | 2 | 3 | 4;
const raw = (values: number[], width: number, channels: Channels): Sharp =>
  sharp(new Uint8Array(values), { raw: { width, height: values.length / width / channels, channels } });
const raw16 = (values: number[], width: number, channels: Channels): Sharp =>
  sharp(new Uint16Array(values), { raw: { width, height: values.length / width / channels, channels } });
const pixels = async (bytes: Uint8Array): Promise<number[]> => [...(await decodeImage(bytes, "x")).data];

describe("every kind of picture becomes 8-bit RGB", () => {
  test("RGB, grey, palette, with sizes", async () => {
    const rgb = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 99, 200, 1, 2, 3, 4, 5, 6];
    const image = await decodeImage(await raw(rgb, 3, 3).png().toBuffer(), "x");
    expect(image).toEqual({ width: 3, height: 2, data: new Uint8Array(rgb) });
    expect(await pixels(await raw([0, 100, 200], 3, 1).png().toBuffer())).toEqual([
      0, 0, 0, 100, 100, 100, 200, 200, 200,
    ]);
    expect(await pixels(await raw(rgb, 3, 3).png({ palette: true }).toBuffer())).toEqual(rgb);
    expect(await pixels(await raw(rgb, 3, 3).webp({ lossless: true }).toBuffer())).toEqual(rgb);
    expect(await pixels(await raw(rgb, 3, 3).tiff({ compression: "lzw" }).toBuffer())).toEqual(rgb);
  });

  test("alpha is flattened on white", async () => {
    expect(await pixels(await raw([0, 50, 255, 255, 0, 50, 255, 0, 0, 100, 200, 51], 3, 4).png().toBuffer())).toEqual([
      0, 50, 255, 255, 255, 255, 204, 224, 244,
    ]);
    expect(await pixels(await raw([0, 51, 7, 0], 2, 2).png().toBuffer())).toEqual([204, 204, 204, 255, 255, 255]);
  });

  test("16-bit samples, with and without alpha", async () => {
    const deep = await raw16([0, 25700, 65535, 257, 514, 51400], 2, 3).toColourspace("rgb16").png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe("ushort");
    expect(await pixels(deep)).toEqual([0, 100, 255, 1, 2, 200]);
    const alpha = await raw16([25700, 65535, 51400, 0], 2, 2).toColourspace("grey16").png().toBuffer();
    expect(await pixels(alpha)).toEqual([100, 100, 100, 255, 255, 255]);
  });

  test("CMYK", async () => {
    const red = sharp({ create: { width: 8, height: 8, channels: 3, background: "#e01010" } });
    const jpeg = await red.toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(jpeg).metadata()).space).toBe("cmyk");
    const [r, g, b] = await pixels(jpeg);
    expect(r! > 190 && g! < 60 && b! < 60).toBe(true);
  });

  test("EXIF orientation 6: stored lying, shown upright", async () => {
    const lying = raw([250, 0, 0, 0, 0, 250], 2, 3); // red left, blue right
    const jpeg = await lying
      .resize(32, 16, { kernel: "nearest" })
      .withExif({})
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toBuffer();
    const image = await decodeImage(jpeg, "x");
    expect([image.width, image.height]).toEqual([16, 32]);
    expect(image.data[0]! > 200).toBe(true); // red is on top
    expect(image.data.at(-1)! > 200).toBe(true);
  });

  test("the first frame of an animation, and SVG", async () => {
    const stills = await Promise.all([red(), blue()].map((still) => sharp(still).png().toBuffer()));
    const frames = await sharp(stills, { join: { animated: true } })
      .gif()
      .toBuffer();
    expect((await sharp(frames, { animated: true }).metadata()).pages).toBe(2);
    const image = await decodeImage(frames, "x");
    expect([image.width, image.height, ...image.data.slice(0, 3)]).toEqual([4, 4, 255, 0, 0]);
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="1"><rect width="1" height="1" fill="#0000ff"/></svg>';
    expect(await pixels(new TextEncoder().encode(svg))).toEqual([0, 0, 255, 255, 255, 255]);
  });
});

const solid = (background: string) => ({ create: { width: 4, height: 4, channels: 3 as const, background } });
const red = () => solid("#ff0000");
const blue = () => solid("#0000ff");

describe("bad input gives one clear line", () => {
  const refusal = async (reading: Promise<unknown>): Promise<string> => {
    const error: unknown = await reading.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).not.toContain("\n");
    return (error as Error).message;
  };

  test("missing, folder, empty, text, damaged", async () => {
    const path = join(folder, "a.png");
    expect(await refusal(readImage(path))).toBe(`${path}: no such file`);
    expect(await refusal(readImage(folder))).toContain("expected an image file, found a folder");
    await writeFile(path, "");
    expect(await refusal(readImage(path))).toBe(`${path}: not an image: the file is empty`);
    await writeFile(path, "hello, I am text");
    expect(await refusal(readImage(path))).toContain(`${path}: not an image of a known format (PNG`);
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 31) % 256);
    const png = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer();
    const jpeg = await sharp(png).jpeg().toBuffer();
    for (const bytes of [png.subarray(0, 20), png.subarray(0, png.length / 2), jpeg.subarray(0, jpeg.length / 2)])
      expect(await refusal(decodeImage(bytes, "b.img"))).toMatch(/^b\.img: damaged image: ./);
  });

  test("a replaced file is read anew", async () => {
    const path = join(folder, "replaced.png");
    await sharp(red()).png().toFile(path);
    expect((await readImage(path)).data[0]).toBe(255);
    await sharp(blue()).png().toFile(path);
    expect((await readImage(path)).data[0]).toBe(0);
  });

  test("a 30,000×30,000 PNG is refused by its header, in a process that may not take 400 MB", async () => {
    const path = join(folder, "huge.png");
    await writeFile(path, hugePng(30_000, 30_000));
    const script = join(folder, "read.ts");
    const module = new URL("./image-file.ts", import.meta.url).href;
    await writeFile(
      script,
      `import { readImage } from ${JSON.stringify(module)};
       const message = await readImage(process.argv[2]!).then(() => "read", (error: Error) => error.message);
       console.log(JSON.stringify({ message, peak: process.resourceUsage().maxRSS * 1024 }));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [script, path]);
    const { message, peak } = JSON.parse(stdout) as { message: string; peak: number };
    expect(message).toBe(`${path}: too large: 30000×30000 is 900 megapixels, at most 40 are read`);
    expect(peak).toBeLessThan(400e6);
  });
});

/** A valid grey PNG of zeros: 900 MB of pixels in under a megabyte. */
function hugePng(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = deflateSync(Buffer.alloc(height * (width + 1)), { level: 1 });
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}
