import { execFile, spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";

describe("help", () => {
  test("of the program lists the verbs; without a verb too", async () => {
    const { code, stdout, stderr } = await runFakeCli(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const verb of ["generate", "chat", "train", "data"])
      expect(stdout).toMatch(new RegExp(`^  ${verb} +\\S`, "m"));
    expect(await runFakeCli([])).toMatchObject({ code: 0, stdout });
  });

  test.each(["generate", "chat", "train", "data inspect"])(
    "of %s fits 24 lines of 100 and shows an example",
    async (verb) => {
      const { code, stdout } = await runFakeCli([...verb.split(" "), "--help"]);
      const lines = stdout.trimEnd().split("\n");
      expect(code).toBe(0);
      expect(lines.length).toBeLessThanOrEqual(24);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
      expect(stdout).toContain(`Examples:\n  mogao ${verb}`);
      expect(stdout).toContain("  --debug ");
    },
  );

  test("of every verb and group is no wider than 100 columns, and lists its verbs one a line", async () => {
    const verbs: string[][] = [[]];
    for (const verb of verbs) {
      const { code, stdout } = await runFakeCli([...verb, "--help"]);
      expect(code, verb.join(" ")).toBe(0);
      for (const line of stdout.split("\n")) expect(line.length, `${verb.join(" ")}: ${line}`).toBeLessThanOrEqual(100);
      const list = stdout.split("\n\n")[1]!.trimEnd().split("\n");
      const own = list.flatMap((line) => /^ {2}([a-z]+) {2}/.exec(line)?.slice(1) ?? []);
      if (own.length > 0) for (const line of list) expect(line).toMatch(/^ {2}\S/);
      verbs.push(...own.map((name) => [...verb, name]));
    }
    expect(verbs).toEqual(expect.arrayContaining([["convert"], ["eval", "human", "serve"], ["data", "tokenizer"]]));
  });

  test("of generate names every option when asked for all", async () => {
    const { stdout } = await runFakeCli(["generate", "--help-all"]);
    const options =
      "seed steps guidance image-guidance size max-images output model device temperature top-p out json debug help";
    for (const option of options.split(" ")) expect(stdout).toContain(`--${option} `);
  });

  test("the version is the package's", async () => {
    const { code, stdout } = await runFakeCli(["--version"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("a mistake gives one line on stderr and exit code 2", () => {
  test.each([
    [["paint"], "mogao: unknown verb 'paint'; mogao --help lists the verbs"],
    [["data", "paint"], "mogao: unknown command 'paint'"],
    [["data", "inspect", "--nonsense"], "mogao: unknown option '--nonsense'"],
    [["train"], "mogao: missing required argument 'config'"],
    [["--nonsense"], "mogao: unknown option '--nonsense'"],
    [["generate", "x", "--step", "3"], "mogao: unknown option '--step' (Did you mean --steps?)"],
    [["generate", "x", "--steps"], "mogao: option '--steps <N>' argument missing"],
    [["chat", "hello"], "mogao: too many arguments for 'chat'. Expected 0 arguments but got 1."],
    [["generate"], 'mogao: expected a prompt, as in: mogao generate "Draw a red apple."'],
    [["generate", " "], "mogao: expected a prompt, as in:"],
    [["generate", "@"], 'mogao: expected a file name after "@"'],
    [["generate", "@/no/such.png"], "mogao: /no/such.png: no such file"],
    [["generate", "x", `@${process.cwd()}/package.json`], "package.json: not an image of a known format"],
    [["generate", "x", "--steps", "0"], 'mogao: --steps: expected a whole number from 1 to 1000, found "0"'],
    [["generate", "x", "--steps", "1e3"], 'found "1e3"'],
    [["generate", "x", "--steps=-5"], 'found "-5"'],
    [["generate", "x", "--seed", "4294967296"], "--seed: expected a whole number from 0 to 4294967295"],
    [["generate", "x", "--guidance", "much"], '--guidance: expected a number from 0 to 100, found "much"'],
    [["generate", "x", "--image-guidance", ""], '--image-guidance: expected a number from 0 to 100, found ""'],
    [["generate", "x", "--temperature", "NaN"], "--temperature: expected a number from 0 to 10"],
    [["generate", "x", "--top-p", "1.5"], "--top-p: expected a number from 0.01 to 1"],
    [
      ["generate", "x", "--size", "96"],
      '--size: expected WIDTHxHEIGHT with sides from 16 to 4096 pixels, or a shape such as 4:3, found "96"',
    ],
    [["generate", "x", "--guidance-interval", "1:0.4"], "--guidance-interval: expected FROM:TO"],
    [["generate", "x", "--draw-after", "text", "--output", "image"], "--output: expected auto beside --draw-after"],
    [["generate", "x", "--renorm", "local"], "--renorm: expected none, global, channel, text_channel"],
    [["generate", "x", "--renorm-min", "0.5"], "--renorm-min: expected --renorm"],
    [["generate", "x", "--size", "0x96"], "--size: expected"],
    [["generate", "x", "--size", "30000x30000"], "--size: expected"],
    [["generate", "x", "--max-images", "-1"], "--max-images: expected"],
    [["generate", "x", "--output", "video"], '--output: expected auto, text, image, found "video"'],
    [["generate", "x", "--device", "tpu"], '--device: expected cpu, webgpu, cuda, found "tpu"'],
    [["generate", "x", "--model", "/no/such"], "--model: expected a folder, found nothing at /no/such"],
    [["generate", "x", "--out", "package.json"], "--out: expected a folder, found a file at package.json"],
    [["chat", "--model", "package.json"], "--model: expected a folder, found a file at package.json"],
  ])("%j", async (argv, message) => {
    const { code, stdout, stderr, loads } = await runFakeCli(argv);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^mogao: .*\n$/);
    expect([code, stdout, loads]).toEqual([2, "", []]);
  });

  test("--debug adds the stack", async () => {
    const { code, stderr } = await runFakeCli(["generate", "@/no/such.png", "--debug"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^mogao: .*no such file\nInputError: .*\n +at /);
  });
});

test("an error of our own is told apart: exit code 1", async () => {
  const { code, stderr } = await runFakeCli(["generate", "x"]); // no model: the fake's load throws
  expect(code).toBe(1);
  expect(stderr).toContain("mogao: internal error: this test was not to load a model (--debug shows where)\n");
});

describe("as a process", () => {
  const path = (relative: string): string => new URL(relative, import.meta.url).pathname;

  test("help and mistakes", async () => {
    const run = (...argv: string[]): Promise<{ stdout: string; stderr: string }> =>
      promisify(execFile)(process.execPath, [path("./main.ts"), ...argv]);
    expect((await run("generate", "--help")).stdout).toContain("mogao generate");
    await expect(run("generate", "--bogus", "x")).rejects.toMatchObject({
      code: 2,
      stdout: "",
      stderr: "mogao: unknown option '--bogus'\n",
    });
  });

  // The fake model writes "Once" and then waits until it is aborted, or ("deaf") does not hear that.
  const start = (prompt: string): ChildProcessByStdio<null, Readable, Readable> =>
    spawn(process.execPath, [path("../../tests/support/cli-process.ts"), "generate", prompt], {
      stdio: ["ignore", "pipe", "pipe"],
    });
  const ended = (child: ChildProcessByStdio<null, Readable, Readable>): Promise<number | null> =>
    new Promise((resolve) => child.on("close", resolve));

  test("Ctrl-C ends a generation with 130", async () => {
    const child = start("x");
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    await once(child.stdout, "data");
    child.kill("SIGINT");
    expect(await ended(child)).toBe(130);
    expect(stderr).toBe("loading the model\naborted\nreturned\n");
  });

  test("a second Ctrl-C does not wait", async () => {
    const child = start("deaf");
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    await once(child.stdout, "data");
    child.kill("SIGINT");
    while (!stderr.includes("aborted")) await once(child.stderr, "data");
    child.kill("SIGINT");
    expect(await ended(child)).toBe(130);
    expect(stderr).not.toContain("returned");
  });

  test("a reader that goes away is no error", async () => {
    const child = start("endless");
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect(await ended(child)).toBe(0);
    expect(stderr).toBe("loading the model\n");
  });
});
