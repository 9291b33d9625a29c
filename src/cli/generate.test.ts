import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { FakeMogao, solid } from "../../tests/support/fake-mogao.ts";
import { InputError } from "../core/errors.ts";
import { writePng } from "../data/png.ts";
import { readImage } from "../encoders/image-file.ts";

const red = solid(32, 16, [250, 0, 0]);
const green = solid(32, 16, [0, 250, 0]);

let folder: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-cli-"));
  out = join(folder, "out");
});
afterEach(() => rm(folder, { recursive: true }));

const story = (): FakeMogao => new FakeMogao(() => ["A red apple:", red, "And now green:", green]);

test("text and pictures come in order; pictures are saved, the seed is told", async () => {
  const model = story();
  const { code, stdout, stderr } = await runFakeCli(["generate", "Draw a red apple.", "--out", out], { model });
  expect(code).toBe(0);
  const [first, second] = [join(out, "001-red-apple-42.png"), join(out, "002-red-apple-43.png")];
  expect(stdout).toBe(`A red apple:\n${first}\nAnd now green:\n${second}\n`);
  expect((await readImage(first)).data.slice(0, 3)).toEqual(new Uint8Array([250, 0, 0]));
  expect((await readImage(second)).data.slice(0, 3)).toEqual(new Uint8Array([0, 250, 0]));
  expect(stderr).toMatch(/loading the model\n(.*\n)*seed 42\n$/);
  expect(stderr).not.toContain("\x1b");
  expect(model.disposed).toBe(true);
});

test("--json prints one object on stdout and is quiet on stderr", async () => {
  const argv = ["generate", "Draw a red apple.", "--out", out, "--json", "--seed", "7"];
  const { code, stdout, stderr } = await runFakeCli(argv, { model: story() });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.endsWith("\n")).toBe(true);
  expect(JSON.parse(stdout)).toEqual({
    parts: [
      { type: "text", text: "A red apple:" },
      { type: "image", path: join(out, "001-red-apple-7.png"), width: 32, height: 16, seed: 7 },
      { type: "text", text: "And now green:" },
      { type: "image", path: join(out, "002-red-apple-8.png"), width: 32, height: 16, seed: 8 },
    ],
    finish: "stop",
    seed: 7,
    usage: { promptTokens: 3, promptImages: 0, completionTokens: 6, completionImages: 2, denoiseSteps: 4 },
  });
});

test("parts and options reach the model as given; what is not given is left to it", async () => {
  const picture = join(folder, "zoo.png");
  await writePng(picture, green);
  const model = new FakeMogao(() => ["Two."]);
  const options =
    "--seed 4294967295 --steps 20 --guidance 7.5 --image-guidance 1.5 --size 96x64 --max-images 0 --output text";
  const more = `--temperature 0 --top-p 0.9 --model ${folder} --device webgpu --out ${out}`;
  const run = await runFakeCli(
    ["generate", "How many", `@${picture}`, "@@home?", ...options.split(" "), ...more.split(" ")],
    {
      model,
    },
  );
  expect(run.code).toBe(0);
  expect(run.loads).toEqual([{ model: folder, device: "webgpu" }]);
  const [call] = model.calls;
  expect(call!.prompt).toEqual([
    { type: "text", text: "How many" },
    { type: "image", image: green },
    { type: "text", text: "@home?" },
  ]);
  const { signal, ...given } = call!.options;
  expect(signal).toBeInstanceOf(AbortSignal);
  expect(given).toEqual({
    seed: 4294967295,
    steps: 20,
    guidance: 7.5,
    imageGuidance: 1.5,
    size: { width: 96, height: 64 },
    maxImages: 0,
    output: "text",
    temperature: 0,
    topP: 0.9,
  });
  await expect(readdir(out)).rejects.toThrow("ENOENT"); // no picture, no folder

  const plain = new FakeMogao(() => ["Hi."]);
  expect((await runFakeCli(["generate", "hi"], { model: plain })).loads).toEqual([{}]);
  expect(Object.keys(plain.calls[0]!.options)).toEqual(["signal"]);
});

test("rarer options, and a shape instead of a size", async () => {
  const model = new FakeMogao(() => ["Hi."]);
  const options =
    "--size 16:9 --shift 3 --guidance-interval 0.4:1 --renorm text_channel --renorm-min 0.2 --max-tokens 9";
  expect((await runFakeCli(["generate", "hi", ...options.split(" ")], { model })).code).toBe(0);
  const { signal: _, ...given } = model.calls[0]!.options;
  expect(given).toEqual({
    aspect: "16:9",
    shift: 3,
    guidanceInterval: [0.4, 1],
    guidanceRenormalisation: { over: "text_channel", least: 0.2 },
    maxTokens: 9,
  });
  const thinking = "hi --think-prompt Hm. --draw-after paragraph";
  expect((await runFakeCli(["generate", ...thinking.split(" ")], { model })).code).toBe(0);
  const { nextPart, think } = model.calls[1]!.options;
  expect([think, nextPart!({ after: "start", parts: [], imagesLeft: 1 })]).toEqual(["Hm.", "paragraph"]);
  const short = await runFakeCli(["generate", "--help"]);
  const all = await runFakeCli(["generate", "--help-all"]);
  expect([short.code, all.code]).toEqual([0, 0]);
  expect(short.stdout).not.toContain("--renorm ");
  expect(all.stdout).toContain("--renorm <KIND>");
});

test("several samples: one after another, each with its seed", async () => {
  const plain = await runFakeCli(["generate", "x", "--samples", "2", "--seed", "7", "--out", out], { model: story() });
  expect(plain.stdout.match(/A red apple:/g)).toHaveLength(2);
  expect(plain.stderr.match(/^seed .*$/gm)).toEqual(["seed 7", "seed 8"]);
  expect((await readdir(out)).length).toBe(4);
  const argv = ["generate", "x", "--samples", "1", "--seed", "7", "--out", out, "--json"];
  const { samples } = JSON.parse((await runFakeCli(argv, { model: story() })).stdout) as { samples: object[] };
  expect(samples).toMatchObject([{ seed: 7, finish: "stop" }]);
});

test("on a terminal: the picture is drawn, the progress line erases itself, text cannot steer the terminal", async () => {
  const model = new FakeMogao(() => ["evil \x1b[2J\x07text", solid(4, 2, [1, 2, 3])]);
  const env = { TERM: "xterm-256color", COLORTERM: "truecolor" };
  const { stdout, stderr } = await runFakeCli(["generate", "x", "--out", out], { model, env, isTTY: true });
  expect(stdout).toBe(`evil [2Jtext\n\x1b[38;2;1;2;3;48;2;1;2;3m▀▀▀▀\x1b[0m\n${join(out, "001-x-42.png")}\n`);
  expect(stderr).toContain("\r\x1b[2Kdrawing picture 1, 4×2");
  expect(stderr.endsWith("\r\x1b[2Kseed 42\n")).toBe(true);
});

test("files are never overwritten, and numbers go on", async () => {
  await mkdir(out);
  await writeFile(join(out, "007-mine.txt"), "precious");
  await writeFile(join(out, "notes.txt"), "");
  for (let run = 0; run < 2; run++)
    await runFakeCli(["generate", "Draw a red apple.", "--out", out], { model: new FakeMogao(() => [red]) });
  expect((await readdir(out)).sort()).toEqual([
    "007-mine.txt",
    "008-red-apple-42.png",
    "009-red-apple-42.png",
    "notes.txt",
  ]);
  expect(await readFile(join(out, "007-mine.txt"), "utf8")).toBe("precious");
});

test("Ctrl-C ends with 130, aborts the model and says nothing on stdout with --json", async () => {
  const model = new FakeMogao(() => ["Once ", { pause: true }]);
  let press = (): void => undefined;
  const running = runFakeCli(["generate", "x", "--json", "--out", out], { model, control: (ctrlC) => (press = ctrlC) });
  while (model.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  press();
  const { code, stdout, stderr } = await running;
  expect([code, stdout, stderr]).toEqual([130, "", ""]);
  expect(model.calls[0]!.options.signal!.aborted).toBe(true);
  expect(model.disposed).toBe(true);
});

test("an error midway: the line is ended, what was saved stays, nothing on stdout with --json", async () => {
  const failing = (): FakeMogao => new FakeMogao(() => [red, "and th", new InputError("the prompt is too long")]);
  const plain = await runFakeCli(["generate", "x", "--out", out], { model: failing() });
  expect(plain.code).toBe(2);
  expect(plain.stdout).toBe(`${join(out, "001-x-42.png")}\nand th\n`);
  expect(plain.stderr.endsWith("mogao: the prompt is too long\n")).toBe(true);
  const json = await runFakeCli(["generate", "x", "--out", out, "--json"], { model: failing() });
  expect([json.code, json.stdout, json.stderr]).toEqual([2, "", "mogao: the prompt is too long\n"]);
});
