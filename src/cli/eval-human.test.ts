import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { solid } from "../../tests/support/fake-mogao.ts";
import { writePng } from "../data/png.ts";
import type { HumanReport } from "../eval/human/report.ts";
import type { RatingTask } from "../eval/human/rating-session.ts";

let folder: string;
let argv: readonly string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-cli-human-"));
  await writeFile(join(folder, "prompts.txt"), "Draw a cat.\n");
  for (const model of ["a", "b"]) {
    await mkdir(join(folder, model));
    await writePng(join(folder, model, "001-cat.png"), solid(8, 8, [9, 9, 9]));
  }
  const outputs = ["a", "b"].map((model) => join(folder, model));
  const out = ["--out", join(folder, "r.jsonl"), "--port", "0"];
  argv = ["eval", "human", "serve", "--prompts", join(folder, "prompts.txt"), "--outputs", ...outputs, ...out];
});
afterEach(() => rm(folder, { recursive: true }));

test("serves until Ctrl-C, then reports what was rated", async () => {
  const served = Promise.withResolvers<string>();
  let press = () => {};
  const running = runFakeCli(argv, {
    control: (pressCtrlC) => (press = pressCtrlC),
    onStdout: (text) => served.resolve(text.trim()),
  });
  const url = await served.promise;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(await (await fetch(url)).text()).toContain("<title>Rate pictures</title>");
  for (const rater of ["ann", "bob"]) {
    const { outputs } = (await (await fetch(`${url}task?rater=${rater}`)).json()) as RatingTask;
    for (const { token } of outputs)
      for (const [dimension, score] of [
        ["alignment", 4],
        ["structure", 5],
      ] as const)
        await fetch(`${url}rating`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ rater, token, dimension, score }),
        });
  }
  press();
  const { code, stderr } = await running;
  expect([code, stderr.split("\n")[0]]).toEqual([0, "1 prompts, 2 models; Ctrl-C ends it"]);
  await expect(fetch(url)).rejects.toThrow();

  const ratings = join(folder, "r.jsonl");
  expect((await readFile(ratings, "utf8")).trimEnd().split("\n")).toHaveLength(8);
  const { stdout } = await runFakeCli(["eval", "human", "report", ratings, "--json"]);
  const report = JSON.parse(stdout) as HumanReport;
  expect(report).toMatchObject({ ratings: 8, items: 1, raters: ["ann", "bob"] });
  expect(report.means.find(({ model, dimension }) => model === "b" && dimension === "overall")!.mean).toBe(4.5);
  const text = await runFakeCli(["eval", "human", "report", ratings]);
  expect(text.stdout).toContain("| a     | alignment | 4.00 |");
});

test.each([
  [["--dimensions", "beauty"], '--dimensions: expected names among alignment, structure, aesthetics, found "beauty"'],
  [["--prompts", "/no/such"], "/no/such: no such file"],
  [["--outputs", "/no/such"], "/no/such: expected a folder of pictures, found nothing"],
  [["--port", "70000"], "--port: expected a whole number from 0 to 65535"],
  [["--host", "203.0.113.1"], "203.0.113.1:0: cannot be listened on (EADDRNOTAVAIL)"],
])("serve rejects %j", async (more, message) => {
  const { code, stdout, stderr } = await runFakeCli([...argv, ...more]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
});

test("report rejects files that are no ratings", async () => {
  const { code, stderr } = await runFakeCli(["eval", "human", "report", join(folder, "prompts.txt")]);
  expect([code, stderr]).toEqual([2, `mogao: ${join(folder, "prompts.txt")}, line 1: expected JSON\n`]);
});

test.each(["serve", "report"])("the help of %s fits a screen", async (verb) => {
  const { stdout } = await runFakeCli(["eval", "human", verb, "--help"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(stdout).toContain(`Examples:\n  mogao eval human ${verb}`);
});
