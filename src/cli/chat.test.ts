import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { FakeMogao, solid } from "../../tests/support/fake-mogao.ts";
import { InputError } from "../core/errors.ts";
import { writePng } from "../data/png.ts";

const green = solid(16, 16, [0, 250, 0]);
let folder: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-chat-"));
  out = join(folder, "out");
});
afterEach(() => rm(folder, { recursive: true }));

test("messages, pictures and seeds reach one session, turn by turn", async () => {
  const picture = join(folder, "my zoo.png");
  await writePng(picture, green);
  const model = new FakeMogao((prompt) => [`heard ${prompt.length}`]);
  const input = ["hello", "", `/image ${picture}  `, "what is this?", "bye"];
  const { code, stdout, stderr } = await runFakeCli(["chat", "--seed", "10", "--out", out], { model, input });
  expect(code).toBe(0);
  expect(stdout).toBe("heard 1\nheard 2\nheard 1\n");
  expect(stderr).toContain("my zoo.png: 16×16, goes with the next message\n");
  expect(model.calls.map(({ prompt }) => prompt)).toEqual([
    [{ type: "text", text: "hello" }],
    [
      { type: "image", image: green },
      { type: "text", text: "what is this?" },
    ],
    [{ type: "text", text: "bye" }],
  ]);
  expect(model.calls.map(({ options }) => options.seed)).toEqual([10, 11, 12]);
  expect(model.disposed).toBe(true);
});

test("/save writes the conversation with links to its pictures", async () => {
  const picture = join(folder, "zoo (1).png");
  await writePng(picture, green);
  const model = new FakeMogao(() => ["Here:", green]);
  const input = [`/image ${picture}`, "Draw this.", "/save", "/save"];
  const { stderr } = await runFakeCli(["chat", "--out", out], { model, input });
  expect(stderr).toContain(`saved ${join(out, "002-chat.md")}\nsaved ${join(out, "003-chat.md")}\n`);
  expect(await readFile(join(out, "002-chat.md"), "utf8")).toBe(
    "**You**\n\n![](../zoo%20%281%29.png)\n\nDraw this.\n\n**Mogao**\n\nHere:\n\n![](001-this-42.png)\n",
  );
});

test("/reset, /help, /quit; mistakes do not end the conversation", async () => {
  const model = new FakeMogao((prompt) =>
    (prompt[0] as { text: string }).text === "bad" ? [new InputError("too long")] : ["ok"],
  );
  const input = [
    "/save",
    "/nonsense",
    "/image",
    "/image /no/such.png",
    "bad",
    "fine",
    "/reset",
    "/save",
    "/help",
    "/quit",
    "never",
  ];
  const { code, stdout, stderr } = await runFakeCli(["chat", "--out", out], { model, input });
  expect(code).toBe(0);
  expect(stdout).toBe("ok\n");
  expect(model.resets).toBe(1);
  expect(model.calls).toHaveLength(2);
  expect(stderr.split("\n").slice(0, -1)).toEqual([
    "loading the model",
    "/save: there is nothing to save yet",
    "unknown command /nonsense; /help lists the commands",
    "/image: expected the name of an image file",
    "/no/such.png: no such file",
    "too long",
    "/save: there is nothing to save yet",
    expect.stringContaining("/image FILE") as string,
    expect.stringContaining("/save") as string,
    expect.stringContaining("/reset") as string,
    expect.stringContaining("/help") as string,
    expect.stringContaining("/quit") as string,
  ]);
});

test("Ctrl-C stops the answer first; the conversation goes on", async () => {
  const model = new FakeMogao((prompt) =>
    (prompt[0] as { text: string }).text === "long" ? ["Once", { pause: true }] : ["short"],
  );
  let press = (): void => undefined;
  const running = runFakeCli(["chat"], { model, input: ["long", "again"], control: (ctrlC) => (press = ctrlC) });
  while (model.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  press();
  const { code, stdout, stderr } = await running;
  expect([code, stdout]).toEqual([0, "Once\nshort\n"]);
  expect(stderr).toContain("(stopped)\n");
  expect(model.calls[0]!.options.signal!.aborted).toBe(true);
});

test("an error of our own ends it with exit code 1", async () => {
  const model = new FakeMogao(() => [new TypeError("broken")]);
  const { code, stderr } = await runFakeCli(["chat"], { model, input: ["hello", "again"] });
  expect(code).toBe(1);
  expect(stderr).toContain("mogao: internal error: broken");
  expect(model.calls).toHaveLength(1);
  expect(model.disposed).toBe(true);
});
