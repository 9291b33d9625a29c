import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { solid } from "../../tests/support/fake-mogao.ts";
import { writePng } from "../data/png.ts";
import { decodeImage } from "../encoders/image-file.ts";
import { RatingSession, type RatingTask } from "../eval/human/rating-session.ts";
import type { Rating } from "../eval/human/rating.ts";
import { openStudy } from "../eval/human/study.ts";
import { ratingApp, type RatingListener } from "./rating-app.ts";

const MODELS = ["zeta-secret", "eta-secret", "theta-secret"];
/** The red channel tells the model, the green one the item. */
const colourOf = (item: number, model: number) => [50 * model, 10 * item, 0] as const;
const ITEMS = 8;

let folder: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-rating-"));
  out = join(folder, "ratings.jsonl");
  await writeFile(
    join(folder, "prompts.txt"),
    Array.from({ length: ITEMS }, (_, i) => `Draw number ${i + 1}.\n`).join(""),
  );
  for (const [m, model] of MODELS.entries()) {
    await mkdir(join(folder, model));
    for (let i = 0; i < ITEMS; i++) await writePng(join(folder, model, `00${i + 1}.png`), solid(8, 8, colourOf(i, m)));
  }
});
afterEach(() => rm(folder, { recursive: true }));

async function open(more: { seed?: number; models?: readonly string[]; onError?: RatingListener["onError"] } = {}) {
  const { seed = 1, models = MODELS, onError } = more;
  const study = await openStudy(
    join(folder, "prompts.txt"),
    models.map((model) => join(folder, model)),
  );
  return ratingApp(await RatingSession.open({ study, dimensions: ["alignment", "structure"], out, seed }), {
    ...(onError && { onError }),
  });
}
type App = Awaited<ReturnType<typeof open>>;

const task = async (app: App, query: string) => (await (await app.request(`/task?${query}`)).json()) as RatingTask;
const rate = (app: App, body: unknown, type = "application/json") =>
  app.request("/rating", { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": type } });
const written = async () =>
  (await readFile(out, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Rating);

/** Rates everything of the rater's next item. */
async function rateItem(app: App, rater: string, score = 3): Promise<void> {
  const { outputs, dimensions } = await task(app, `rater=${rater}`);
  for (const { token } of outputs)
    for (const { name } of dimensions) expect((await rate(app, { rater, token, dimension: name, score })).status).toBe(200); // prettier-ignore
}

test("nothing that a rater gets tells the models: not the page, the addresses, the headers nor the files", async () => {
  const app = await open();
  const seen: string[] = [];
  const collect = async (path: string) => {
    const response = await app.request(path);
    const body = Buffer.from(await response.arrayBuffer());
    seen.push(path, JSON.stringify([...response.headers]), body.toString("latin1"));
    return body;
  };
  for (const path of ["/", "/rating.js", "/rating.css"]) await collect(path);
  for (let position = 0; position < ITEMS; position++) {
    const { outputs } = JSON.parse(String(await collect(`/task?rater=ann&position=${position}`))) as RatingTask;
    for (const { token } of outputs) await collect(`/picture/${token}`);
  }
  expect(seen.join("\n")).not.toMatch(/secret|zeta|eta-|theta/);
  expect(seen.join("\n")).not.toContain(folder);
});

test("a picture that cannot be read is told to who runs the study, not to the rater", async () => {
  for (const model of MODELS) await writeFile(join(folder, model, "001.png"), "damaged");
  const errors: string[] = [];
  const app = await open({ onError: ({ message }) => errors.push(message) });
  const statuses: number[] = [];
  for (let position = 0; position < ITEMS; position++) {
    for (const { token } of (await task(app, `rater=ann&position=${position}`)).outputs) {
      const response = await app.request(`/picture/${token}`);
      statuses.push(response.status);
      if (!response.ok) expect(await response.text()).not.toMatch(/secret|mogao-rating/);
    }
  }
  expect(statuses.filter((status) => status === 500)).toHaveLength(MODELS.length);
  expect(errors[0]).toMatch(/-secret\/001\.png: not an image/);
});

test("orders of items and of models are each rater's own, are the same every time, and have every model everywhere", async () => {
  const orderOf = async (app: App, rater: string) => {
    const order: { prompt: string; models: number[] }[] = [];
    for (let position = 0; position < ITEMS; position++) {
      const { prompt, outputs } = await task(app, `rater=${rater}&position=${position}`);
      const models: number[] = [];
      for (const { token } of outputs) {
        const png = new Uint8Array(await (await app.request(`/picture/${token}`)).arrayBuffer());
        const { data } = await decodeImage(png, "picture");
        expect(`Draw number ${data[1]! / 10 + 1}.`).toBe(prompt);
        models.push(data[0]! / 50);
      }
      order.push({ prompt, models });
    }
    return order;
  };
  const ann = await orderOf(await open(), "ann");
  expect(await orderOf(await open(), "ann")).toEqual(ann);
  const prompts = ann.map(({ prompt }) => prompt);
  expect(new Set(prompts).size).toBe(ITEMS);
  expect((await orderOf(await open(), "bob")).map(({ prompt }) => prompt)).not.toEqual(prompts);
  expect((await orderOf(await open({ seed: 2 }), "ann")).map(({ prompt }) => prompt)).not.toEqual(prompts);
  for (const { models } of ann) expect([...models].sort()).toEqual([0, 1, 2]);
  expect(new Set(ann.map(({ models }) => models[0])).size).toBe(MODELS.length);
});

test("scores are written at once, kept over a restart, per rater, and may be changed", async () => {
  const app = await open();
  await rateItem(app, "ann", 4);
  const first = await task(app, "rater=ann");
  expect(first).toMatchObject({ position: 1, total: ITEMS, done: 1 });
  const [output] = first.outputs;
  const body = { rater: "ann", token: output!.token, dimension: "alignment", score: 2 };
  expect(await (await rate(app, body)).json()).toEqual({ done: 1 });
  expect(await task(app, "rater=bob")).toMatchObject({ position: 0, done: 0 });

  const again = await open();
  const resumed = await task(again, "rater=ann");
  expect(resumed).toMatchObject({ position: 1, done: 1, prompt: first.prompt });
  expect(resumed.outputs[0]!.scores).toEqual({ alignment: 2 });
  expect((await task(again, "rater=ann&position=0")).outputs.map(({ scores }) => scores)).toEqual(
    MODELS.map(() => ({ alignment: 4, structure: 4 })),
  );
  // Tokens of the earlier session stand for nothing now.
  expect((await rate(again, body)).status).toBe(409);
  await rate(again, { ...body, token: resumed.outputs[0]!.token, score: 5 });
  const lines = await written();
  expect(lines).toHaveLength(8);
  expect(lines.at(-1)).toMatchObject({ dimension: "alignment", rater: "ann", score: 5 });
  expect(MODELS).toContain(lines[0]!.model);
  for (let i = 1; i < ITEMS; i++) await rateItem(again, "ann");
  expect(await task(again, "rater=ann")).toMatchObject({ position: ITEMS - 1, done: ITEMS });
});

test("bad requests are told and write nothing", async () => {
  const app = await open();
  const { outputs } = await task(app, "rater=ann");
  const good = { rater: "ann", token: outputs[0]!.token, dimension: "alignment", score: 3 };
  for (const [change, status] of [
    [{ score: 6 }, 400],
    [{ score: "3" }, 400],
    [{ rater: "" }, 400],
    [{ rater: 'a"\n' }, 400],
    [{ token: 7 }, 400],
    [{ token: "0".repeat(24) }, 409],
    [{ dimension: "aesthetics" }, 409],
    [{ rater: "x".repeat(5000) }, 413],
  ] as const)
    expect((await rate(app, { ...good, ...change })).status, JSON.stringify(change)).toBe(status);
  expect((await rate(app, good, "text/plain")).status).toBe(415);
  expect((await app.request("/rating", { method: "POST", body: "{", headers: { "Content-Type": "application/json" } })).status).toBe(400); // prettier-ignore
  for (const [path, status] of [
    ["/task", 400],
    ["/task?rater=ann&position=-1", 400],
    ["/task?rater=ann&position=x", 400],
    ["/picture/none", 404],
    ["/picture/..%2f..%2fetc%2fpasswd", 404],
    ["/ratings.jsonl", 404],
  ] as const)
    expect((await app.request(path)).status, path).toBe(status);
  await expect(readFile(out)).rejects.toThrow("ENOENT");
});

test("ratings of another study are left alone", async () => {
  await rateItem(await open(), "ann");
  await expect(open({ models: MODELS.slice(0, 1) })).rejects.toThrow("which are not of this study");
});
