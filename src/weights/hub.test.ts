import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeHub, fakeCommit, type FakeFile } from "../../tests/support/fake-hub.ts";
import { fetchCheckpoint, type HubOptions } from "./hub.ts";
import { parseHubReference } from "./hub-reference.ts";
import type { CheckpointKind } from "./hub-files.ts";

const text = (content: string): FakeFile => ({ content: Buffer.from(content) });
const weights = Buffer.alloc(300_000, "weights of a network, ");

let hub: FakeHub;
let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "mogao-cache-"));
  hub = await FakeHub.start({
    "README.md": text("# Tiny"),
    "config.json": text("{}"),
    "tokenizer.json": text(`{"model":{}}`),
    "modeling.py": text("print('never')"),
    "pytorch_model.bin": { content: weights, lfs: true },
    "model.safetensors": { content: weights, lfs: true },
    "original/consolidated.safetensors": { content: weights, lfs: true },
  });
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await rm(cache, { recursive: true });
});

const fetchTiny = (options: Partial<HubOptions> = {}, name = hub.repository, kind: CheckpointKind = "model") =>
  fetchCheckpoint(parseHubReference(name)!, kind, { cache, endpoint: hub.endpoint, retryDelay: 1, ...options });
const weightsHash = createHash("sha256").update(weights).digest("hex");
const partial = () => join(cache, "hub", hub.repository, "blobs", `${weightsHash}.partial`);

test("brings configuration, tokenizer and safetensors, nothing else, and the second time nothing", async () => {
  const seen: number[] = [];
  const folder = await fetchTiny({ onProgress: ({ done, total }) => seen.push(done / total) });
  expect(folder).toBe(join(cache, "hub", hub.repository, "snapshots", fakeCommit));
  expect(await readFile(join(folder, "model.safetensors"))).toEqual(weights);
  expect(await readFile(join(folder, "tokenizer.json"), "utf8")).toBe(`{"model":{}}`);
  expect(hub.requests.map(({ path }) => path).filter((path) => /\.(py|bin|md)$|original/.test(path))).toEqual([]);
  expect(seen.at(-1)).toBe(1);
  expect(seen.toSorted((a, b) => a - b)).toEqual(seen);

  hub.requests.length = 0;
  expect(await fetchTiny()).toBe(folder);
  expect(hub.requests.map(({ path }) => path)).toEqual([`/api/models/${hub.repository}/revision/main`]);
});

test("a token goes to the hub, and not to the server that it redirects to", async () => {
  await fetchTiny({ token: "hf_secret" });
  expect(hub.transfers).toHaveLength(1);
  for (const { path, authorization } of hub.requests)
    expect(authorization).toBe(path.startsWith("/content/") ? undefined : "Bearer hf_secret");
  await expect(fetchTiny({ token: "secret" })).rejects.toThrow("HF_TOKEN: expected a token that begins with hf_");
});

test("answers that end early are continued where they ended", async () => {
  hub.faults.cutAfter = { bytes: 100_000, times: 2 };
  const folder = await fetchTiny();
  expect(await readFile(join(folder, "model.safetensors"))).toEqual(weights);
  expect(hub.transfers.map(({ range }) => range)).toEqual([undefined, "bytes=100000-299999", "bytes=200000-299999"]);
});

test("a server that never brings more is given up; what came is kept and continued by the next run", async () => {
  hub.faults.cutAfter = { bytes: 50_000, times: 1 };
  await expect(
    fetchTiny({
      onProgress: ({ done }) => {
        // From here on no answer holds a byte.
        if (done >= 50_000) hub.faults.cutAfter = { bytes: 0, times: 100 };
      },
    }),
  ).rejects.toThrow(/owner\/tiny-model: model\.safetensors: .*; 50000 of 300000 bytes are kept for another try/);
  expect((await stat(partial())).size).toBe(50_000);

  hub.faults.cutAfter = undefined;
  hub.requests.length = 0;
  const folder = await fetchTiny();
  expect(hub.transfers.map(({ range }) => range)).toEqual(["bytes=50000-299999"]);
  expect(await readFile(join(folder, "model.safetensors"))).toEqual(weights);
});

test("an abort keeps what came", async () => {
  hub.faults.stallAfter = 70_000;
  const controller = new AbortController();
  const reason = new Error("enough");
  const aborted = fetchTiny({
    signal: controller.signal,
    onProgress: ({ file, done }) => {
      if (file === "model.safetensors" && done > 70_000) controller.abort(reason);
    },
  });
  await expect(aborted).rejects.toBe(reason);
  expect((await stat(partial())).size).toBe(70_000);
  hub.faults.stallAfter = undefined;
  expect(await readFile(join(await fetchTiny(), "model.safetensors"))).toEqual(weights);
});

test("a server without ranges sends all again", async () => {
  hub.faults.cutAfter = { bytes: 100_000, times: 1 };
  hub.faults.ignoreRange = true;
  expect(await readFile(join(await fetchTiny(), "model.safetensors"))).toEqual(weights);
  expect(hub.transfers.map(({ range }) => range)).toEqual([undefined, "bytes=100000-299999", undefined]);
});

test("damaged bytes of an earlier run are found out and fetched again", async () => {
  await fetchTiny();
  await rm(join(cache, "hub", hub.repository, "snapshots"), { recursive: true });
  await rm(partial().replace(".partial", ""));
  await writeFile(partial(), Buffer.alloc(100_000, "x"));
  expect(await readFile(join(await fetchTiny(), "model.safetensors"))).toEqual(weights);
});

test("a snapshot's file that was cut off is made whole from the cache", async () => {
  const folder = await fetchTiny();
  await rm(join(folder, "model.safetensors"));
  await writeFile(join(folder, "model.safetensors"), "");
  hub.requests.length = 0;
  await fetchTiny();
  expect(await readFile(join(folder, "model.safetensors"))).toEqual(weights);
  expect(hub.transfers).toEqual([]);
});

test.each([
  ["model.safetensors", true, "0".repeat(64), "SHA-256"],
  ["config.json", false, "0".repeat(40), "Git hash"],
])("content with another hash is refused: %s", async (path, lfs, claimedHash, name) => {
  hub.files.set(path, { content: weights, lfs, claimedHash });
  await expect(fetchTiny()).rejects.toThrow(
    new RegExp(`${path}: expected the ${name} 0+, found [0-9a-f]+; nothing of it is kept`),
  );
  await expect(stat(join(cache, "hub", hub.repository, "blobs", claimedHash))).rejects.toThrow("ENOENT");
});

test("offline takes what is kept and says what is not", async () => {
  await expect(fetchTiny({ offline: true })).rejects.toThrow(
    /owner\/tiny-model: not in .*; run once without --offline/,
  );
  const folder = await fetchTiny();
  hub.requests.length = 0;
  expect(await fetchTiny({ offline: true })).toBe(folder);
  await truncate(join(folder, "model.safetensors"), 5);
  await rm(join(folder, "config.json"));
  await expect(fetchTiny({ offline: true })).rejects.toThrow(
    /lacks config\.json and 1 more \(0\.000300 GB\); run once without --offline/,
  );
  expect(hub.requests).toEqual([]);
});

test.each([
  [401, undefined, "no such repository, or a private one: set HF_TOKEN"],
  [403, undefined, "its owner grants access on request: ask at http://127.0.0.1:"],
  [401, "GatedRepo", "its owner grants access on request"],
  [404, "RepoNotFound", "no such repository, revision or file (RepoNotFound)"],
])("status %d %s", async (status, code, message) => {
  hub.faults.refuse = { status, ...(code !== undefined && { code }) };
  await expect(fetchTiny()).rejects.toThrow(`owner/tiny-model: ${message}`);
  expect(hub.requests).toHaveLength(1);
});

test("an unknown revision; a busy server; none at all", async () => {
  await expect(fetchTiny({}, `${hub.repository}@v9`)).rejects.toThrow("owner/tiny-model: no such revision");
  hub.faults.busy = 2;
  await fetchTiny({}, `${hub.repository}@${fakeCommit}`);
  hub.faults.busy = 100;
  await expect(fetchTiny()).rejects.toThrow(/answers with status 503; --offline uses what is kept/);
  await expect(fetchTiny({ endpoint: "http://127.0.0.1:1" })).rejects.toThrow(/cannot reach 127\.0\.0\.1:1 \(/);
  await expect(fetchTiny({ endpoint: "ftp://x" })).rejects.toThrow("HF_ENDPOINT: expected an address");
});

test("too little space is told before anything is downloaded", async () => {
  hub.files.set("model.safetensors", { content: weights, lfs: true, claimedSize: 4e15 });
  await expect(fetchTiny()).rejects.toThrow(
    /owner\/tiny-model: needs 4\.00e\+6 GB in .*, where .* GB are free; MOGAO_CACHE names another folder/,
  );
  expect(hub.requests.filter(({ path }) => path.includes("/resolve/"))).toEqual([]);
});

test("an autoencoder: FLUX's own file, diffusers' folder, or what is named", async () => {
  const add = (path: string) => hub.files.set(path, { content: Buffer.from(path), lfs: true });
  for (const path of ["vae/diffusion_pytorch_model.safetensors", "vae/config.json", "flux1.safetensors"]) add(path);
  const snapshot = join(cache, "hub", hub.repository, "snapshots", fakeCommit);
  expect(await fetchTiny({}, hub.repository, "vae")).toBe(join(snapshot, "vae"));
  expect(hub.transfers.map(({ path }) => path)).toEqual([
    "/content/vae/config.json",
    "/content/vae/diffusion_pytorch_model.safetensors",
  ]);
  expect(await fetchTiny({}, `hf:${hub.repository}/flux1.safetensors`, "vae")).toBe(
    join(snapshot, "flux1.safetensors"),
  );
});

test("weights that exist only as pickles are refused, with what to do", async () => {
  hub.files.delete("model.safetensors");
  await expect(fetchTiny()).rejects.toThrow(
    /^owner\/tiny-model: expected \.safetensors files, found pickles \(pytorch_model\.bin\), which can run any code/,
  );
  await expect(fetchTiny({}, `hf:${hub.repository}/pytorch_model.bin`)).rejects.toThrow("found pickles");
  await expect(fetchTiny({}, `hf:${hub.repository}/vae`)).rejects.toThrow(
    "owner/tiny-model/vae: expected .safetensors files, found none",
  );
});
