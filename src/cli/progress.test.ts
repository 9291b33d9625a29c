import { expect, test } from "vitest";
import { Progress } from "./progress.ts";

function recorder(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { written, output: { isTTY, columns, write: (text: string) => written.push(text) } };
}

test("a terminal's line is replaced at most ten times a second, cut to the width, and cleared", () => {
  const { written, output } = recorder(true, 10);
  let time = 0;
  const progress = new Progress(output, { now: () => time });
  progress.update("a long line of text");
  time = 99;
  progress.update("too soon");
  time = 100;
  progress.update("b");
  progress.clear();
  progress.clear();
  progress.update("after");
  expect(written).toEqual(["\r\x1b[2Ka long li", "\r\x1b[2Kb", "\r\x1b[2K", "\r\x1b[2Kafter"]);
});

test("elsewhere a plain line comes every ten seconds; quiet means none", () => {
  const { written, output } = recorder(false);
  let time = 0;
  const progress = new Progress(output, { now: () => time });
  for (time = 0; time <= 25_000; time += 1000) progress.update(`at ${time}`);
  progress.clear();
  expect(written).toEqual(["at 0\n", "at 10000\n", "at 20000\n"]);
  const quiet = recorder(false);
  new Progress(quiet.output, { quiet: true }).update("x");
  expect(quiet.written).toEqual([]);
});
