import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { FakeMogao, solid } from "../../tests/support/fake-mogao.ts";
import { InputError } from "../core/errors.ts";
import { writePng } from "../data/png.ts";

const red = solid(32, 16, [250, 0, 0]);

let folder: string;
let out: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-cli-"));
  out = join(folder, "out");
  file = join(folder, "prompts.txt");
  await writeFile(file, "Draw a red apple.\n\n  Draw a cat. \nHow do you do?\n");
});
afterEach(() => rm(folder, { recursive: true }));

const model = () =>
  new FakeMogao(([prompt]) => (JSON.stringify(prompt).includes("Draw") ? ["Here:", red] : ["Well, thanks."]));
const run = (mogao: FakeMogao, ...more: string[]) =>
  runFakeCli(["generate", "--prompts", file, "--out", out, ...more], { model: mogao });
const pictures = async () => (await readdir(out)).filter((name) => name.endsWith(".png")).sort();

test("each line is a prompt with the next seed; pictures have its number, answers come in order", async () => {
  const mogao = model();
  const { code, stdout, stderr } = await run(mogao, "--seed", "7", "--together", "2", "--steps", "3");
  expect(code).toBe(0);
  const paths = ["001-red-apple-7.png", "002-cat-8.png"].map((name) => join(out, name));
  expect(stdout).toBe(`Here:\n${paths[0]}\nHere:\n${paths[1]}\nWell, thanks.\n`);
  expect(stderr.replaceAll(/^(loading|\d+ to).*\n/gm, "")).toBe(
    "1: Draw a red apple. (seed 7)\n2: Draw a cat. (seed 8)\n3: How do you do? (seed 9)\n",
  );
  expect(await pictures()).toEqual(["001-red-apple-7.png", "002-cat-8.png"]);
  expect(mogao.batches).toEqual([2, 1]);
  expect(mogao.calls.map(({ prompt, options: { seed, steps } }) => [prompt, seed, steps])).toEqual(
    ["Draw a red apple.", "Draw a cat.", "How do you do?"].map((text, i) => [[{ type: "text", text }], 7 + i, 3]),
  );
  expect(mogao.disposed).toBe(true);
});

test("the same command again does what is missing, with the seeds of the first time", async () => {
  const first = model();
  await run(first);
  const seed = first.calls[0]!.options.seed!;
  await rm(join(out, (await pictures())[1]!));
  await appendFile(file, "Draw a dog.\n");
  const again = model();
  const { code, stdout, stderr } = await run(again, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  expect(again.calls.map(({ options }) => options.seed)).toEqual([seed + 1, seed + 3]);
  const { prompts } = JSON.parse(stdout) as { prompts: { number: number; parts: object[] }[] };
  expect(prompts.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  expect(prompts[0]).toEqual({
    number: 1,
    prompt: ["Draw a red apple."],
    seed,
    parts: [
      { type: "text", text: "Here:" },
      { type: "image", path: join(out, `001-red-apple-${seed}.png`), width: 32, height: 16, seed },
    ],
    finish: "stop",
    usage: { promptTokens: 3, promptImages: 0, completionTokens: 1, completionImages: 1, denoiseSteps: 2 },
  });
  const third = await run(model());
  expect(third).toMatchObject({ code: 0, stdout: "", stderr: "4 of 4 prompts were answered before\n" });
  expect(third.loads).toEqual([]);
});

test("other prompts, seeds and options than the folder's are refused", async () => {
  await run(model(), "--seed", "7");
  const refused = async (message: RegExp, ...more: string[]) => {
    const { code, stderr, loads } = await run(model(), ...more);
    expect([code, loads]).toEqual([2, []]);
    expect(stderr).toMatch(message);
  };
  await refused(/answers\.jsonl: prompt 1 was answered with another seed: expected 8, found 7; choose/, "--seed", "8");
  await refused(/another set of options: expected \{"steps":9\}, found \{\}; choose/, "--steps", "9");
  await writeFile(file, "Draw a red apple.\nDraw a bat.\n");
  await refused(/prompt 2 was answered with another prompt: expected \["Draw a bat\."\], found \["Draw a cat\."\]/);
});

test("lines of JSON may have images, beside the file, and seeds", async () => {
  await writePng(join(folder, "zoo.png"), red);
  file = join(folder, "prompts.jsonl");
  const lines = [{ prompt: ["What is this?", "@zoo.png"], seed: 99 }, { prompt: "@@ is a sign" }];
  await writeFile(file, lines.map((line) => JSON.stringify(line)).join("\n"));
  const mogao = model();
  expect((await run(mogao, "--seed", "1")).code).toBe(0);
  expect(mogao.calls).toMatchObject([
    { prompt: [{ text: "What is this?" }, { type: "image", image: { width: 32, height: 16 } }], options: { seed: 99 } },
    { prompt: [{ text: "@ is a sign" }], options: { seed: 2 } },
  ]);
  const refused = async (line: object, message: RegExp) => {
    await writeFile(file, JSON.stringify(line));
    const { code, stderr } = await run(model(), "--out", join(folder, "other"));
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  };
  await refused({ prompt: [] }, /prompts\.jsonl, prompt 1: prompt: /);
  await refused({ text: "a" }, /prompts\.jsonl, prompt 1: prompt: /);
  await refused({ prompt: ["a", "@none.png"] }, /prompts\.jsonl, prompt 1: .*none\.png: /);
});

test("one that fails is named, after the others are on the disk", async () => {
  const mogao = new FakeMogao(([prompt]) =>
    JSON.stringify(prompt).includes("cat") ? [new InputError("prompt: too long")] : ["Here:", red],
  );
  const { code, stderr } = await run(mogao, "--seed", "7");
  expect([code, stderr]).toEqual([2, expect.stringMatching(/prompts\.txt, prompt 2: prompt: too long\n$/)]);
  const answers = await readFile(join(out, "answers.jsonl"), "utf8");
  expect(
    answers
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { number: number }).number),
  ).toEqual([1, 3]);
  expect(mogao.disposed).toBe(true);
});

test("Ctrl-C keeps what is done", async () => {
  const mogao = new FakeMogao(([prompt]) =>
    JSON.stringify(prompt).includes("cat") ? [{ pause: true }] : ["Here:", red],
  );
  let press: () => void;
  const running = runFakeCli(["generate", "--prompts", file, "--out", out, "--together", "1"], {
    model: mogao,
    control: (pressCtrlC) => (press = pressCtrlC),
  });
  while (mogao.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  press!();
  expect((await running).code).toBe(130);
  expect((await run(model())).stderr).toMatch(/^1 of 3 prompts were answered before\n/);
});

test("what does not go with --prompts is refused", async () => {
  const refused = async (argv: string[], message: RegExp) => {
    const { code, stderr } = await runFakeCli(["generate", ...argv, "--out", out]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  };
  await refused(["--prompts", file, "Draw."], /--prompts: expected no prompt beside it, found "Draw\."/);
  await refused(["--prompts", file, "--samples", "2"], /--prompts: expected no --samples beside it/);
  await refused(["--together", "2", "Draw."], /--together: expected --prompts beside it/);
  await refused(["--prompts", join(folder, "none.txt")], /none\.txt: cannot be read \(ENOENT\)/);
  await writeFile(file, "\n \n");
  await refused(["--prompts", file], /prompts\.txt: expected prompts, found none/);
});
