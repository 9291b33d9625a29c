import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { solid } from "../../tests/support/fake-mogao.ts";
import { imageStyle, renderImage } from "./terminal-image.ts";

const terminal = { isTTY: true, columns: 80, rows: 40, write: () => undefined };

describe("what a terminal can show", () => {
  test.each([
    [{ TERM: "xterm-kitty" }, "kitty"],
    [{ TERM: "xterm-256color", KITTY_WINDOW_ID: "1" }, "kitty"],
    [{ TERM: "xterm-ghostty", TERM_PROGRAM: "ghostty" }, "kitty"],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "iTerm.app", COLORTERM: "truecolor" }, "iterm"],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "WezTerm" }, "iterm"],
    [{ TERM: "xterm-256color", LC_TERMINAL: "iTerm2" }, "iterm"],
    [{ TERM: "xterm-256color", COLORTERM: "truecolor" }, "truecolor"],
    [{ TERM: "xterm-direct" }, "truecolor"],
    [{ WT_SESSION: "x" }, "truecolor"],
    [{ TERM: "xterm-256color" }, "256"],
    [{ TERM: "tmux-256color", TMUX: "socket,1,0", KITTY_WINDOW_ID: "1" }, "256"],
    [{ TERM: "screen", TERM_PROGRAM: "iTerm.app", COLORTERM: "truecolor" }, "truecolor"],
    [{ TERM: "xterm-kitty", NO_COLOR: "1" }, "grey"],
    [{ TERM: "xterm-256color", COLORTERM: "24bit", NO_COLOR: "" }, "truecolor"],
    [{ TERM: "dumb", COLORTERM: "truecolor" }, "none"],
  ] as const)("%j → %s", (env, style) => {
    expect(imageStyle(env, terminal)).toBe(style);
  });

  test("a pipe shows nothing", async () => {
    expect(imageStyle({ TERM: "xterm-kitty" }, { ...terminal, isTTY: false })).toBe("none");
    expect(await renderImage(solid(4, 4, [0, 0, 0]), "none", terminal)).toBe("");
  });
});

describe("half blocks", () => {
  test("two pixels a cell, upper in the foreground; a colour is set only where it changes; odd heights end in black", async () => {
    const data = new Uint8Array([1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5]);
    expect(await renderImage({ width: 3, height: 3, data }, "truecolor", terminal)).toBe(
      "\x1b[38;2;1;1;1;48;2;3;3;3m▀▀\x1b[38;2;2;2;2;48;2;4;4;4m▀\x1b[0m\n" + "\x1b[38;2;5;5;5;48;2;0;0;0m▀▀▀\x1b[0m\n",
    );
  });

  test("256 colours are the nearest of cube and greys", async () => {
    const code = async (r: number, g: number, b: number): Promise<number> => {
      const text = await renderImage(solid(1, 2, [r, g, b]), "256", terminal);
      return Number(/38;5;(\d+);/.exec(text)![1]);
    };
    expect(await code(255, 0, 0)).toBe(196);
    expect(await code(0, 0, 0)).toBe(16);
    expect(await code(255, 255, 255)).toBe(231);
    expect(await code(128, 128, 128)).toBe(244);
    expect(await code(95, 135, 175)).toBe(67);
  });

  test("without colour, brightness becomes shading and no escape is written", async () => {
    expect(await renderImage(solid(2, 2, [255, 255, 255]), "grey", terminal)).toBe("██\n");
    expect(await renderImage(solid(2, 2, [0, 0, 0]), "grey", terminal)).toBe("  \n");
    expect(await renderImage(solid(2, 2, [128, 128, 128]), "grey", terminal)).toBe("▒▒\n");
  });

  test("large pictures shrink to the terminal's width and height", async () => {
    const size = async (width: number, height: number, columns: number, rows: number): Promise<string> => {
      const text = await renderImage(solid(width, height, [9, 9, 9]), "grey", { ...terminal, columns, rows });
      const lines = text.split("\n").slice(0, -1);
      return `${lines[0]!.length}×${lines.length}`;
    };
    expect(await size(200, 100, 41, 100)).toBe("40×10");
    expect(await size(100, 200, 200, 22)).toBe("20×20");
    expect(await size(10, 10, 200, 200)).toBe("10×5");
    expect(await size(1000, 1, 3, 3)).toBe("2×1");
  });
});

describe("graphics protocols carry the picture as PNG", () => {
  // Noise, so that its PNG needs several pieces.
  const data = new Uint8Array(12288);
  for (let i = 0, state = 1; i < data.length; i++) data[i] = (state = (state * 16807) % 2147483647) >> 16;
  const noise = { width: 64, height: 64, data };
  const decoded = async (base64: string): Promise<Uint8Array> =>
    new Uint8Array(await sharp(Buffer.from(base64, "base64")).raw().toBuffer());

  test("kitty", async () => {
    const text = await renderImage(noise, "kitty", terminal);
    expect(text.startsWith("\x1b_G") && text.endsWith("\x1b\\\n")).toBe(true);
    const pieces = text
      .slice(3, -3)
      .split("\x1b\\\x1b_G")
      .map((piece) => piece.split(";"));
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.every((piece) => piece[1]!.length <= 4096)).toBe(true);
    expect(pieces[0]![0]).toBe("a=T,f=100,q=2,c=24,m=1");
    expect(pieces.slice(1).map(([control]) => control)).toEqual(
      pieces.slice(1).map((_, i) => `m=${i < pieces.length - 2 ? 1 : 0}`),
    );
    expect(await decoded(pieces.map(([, base64]) => base64).join(""))).toEqual(noise.data);
  });

  test("iTerm", async () => {
    const text = await renderImage(noise, "iterm", { ...terminal, columns: 20 });
    const [head, base64] = text.slice(0, -2).split(":");
    expect(text.endsWith("\x07\n")).toBe(true);
    const size = Buffer.from(base64!, "base64").length;
    expect(head).toBe(`\x1b]1337;File=inline=1;size=${size};width=19`);
    expect(await decoded(base64!)).toEqual(noise.data);
  });
});
