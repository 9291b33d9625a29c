/** A local server that speaks as much of the hub's interface as downloads need, with a second server that big files are redirected to. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeFile {
  readonly content: Uint8Array;
  /** Stored as Git LFS: named by its SHA-256, served from the second server. */
  readonly lfs?: boolean;
  /** What the listing claims instead of the true hash. */
  readonly claimedHash?: string;
  /** What the listing claims instead of the true size, in bytes. */
  readonly claimedSize?: number;
}

export interface Request {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** What goes wrong; tests change it between calls. */
export interface Faults {
  /** Status and code of every answer of the first server. */
  refuse?: { readonly status: number; readonly code?: string } | undefined;
  /** Big files end after so many bytes of an answer, in so many answers. */
  cutAfter?: { readonly bytes: number; times: number } | undefined;
  /** The second server sends whole files, whatever is asked for. */
  ignoreRange?: boolean;
  /** Answers with status 503, so many times. */
  busy?: number;
  /** Big files stop coming after so many bytes, without an end. */
  stallAfter?: number | undefined;
}

export const fakeCommit = "0123456789abcdef0123456789abcdef01234567";

export class FakeHub implements AsyncDisposable {
  readonly repository = "owner/tiny-model";
  /** Of both servers, in order. */
  readonly requests: Request[] = [];
  readonly faults: Faults = {};
  readonly files: Map<string, FakeFile>;
  readonly #hub: Server;
  readonly #content: Server;

  private constructor(files: Readonly<Record<string, FakeFile>>) {
    this.files = new Map(Object.entries(files));
    this.#hub = createServer((request, response) => this.#answer(request, response));
    this.#content = createServer((request, response) => this.#sendContent(request, response));
  }

  static async start(files: Readonly<Record<string, FakeFile>>): Promise<FakeHub> {
    const hub = new FakeHub(files);
    for (const server of [hub.#hub, hub.#content])
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return hub;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  /** Requests for contents. */
  get transfers(): readonly Request[] {
    return this.requests.filter(({ path }) => path.startsWith("/content/"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.#hub, this.#content]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #note({ url, headers }: IncomingMessage): string {
    const path = decodeURIComponent(url!.split("?", 1)[0]!);
    this.requests.push({ path, range: headers.range, authorization: headers.authorization });
    return path;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = this.#note(request);
    const { refuse } = this.faults;
    if ((this.faults.busy ?? 0) > 0) {
      this.faults.busy!--;
      response.writeHead(503).end();
      return;
    }
    if (refuse) {
      response.writeHead(refuse.status, refuse.code === undefined ? {} : { "X-Error-Code": refuse.code }).end();
      return;
    }
    const [, revision] = new RegExp(`^/api/models/${this.repository}/revision/(.+)$`).exec(path) ?? [];
    if (revision !== undefined) {
      if (revision === "main" || revision === fakeCommit) sendJson(response, { id: this.repository, sha: fakeCommit });
      else response.writeHead(404, { "X-Error-Code": "RevisionNotFound" }).end();
    } else if (path === `/api/models/${this.repository}/tree/${fakeCommit}`) {
      sendJson(
        response,
        [...this.files].map(([name, file]) => entry(name, file)),
      );
    } else {
      const name = path.replace(`/${this.repository}/resolve/${fakeCommit}/`, "");
      const file = this.files.get(name);
      if (!file) response.writeHead(404, { "X-Error-Code": "EntryNotFound" }).end();
      else if (request.headers.range === "bytes=0-0") sendRange(response, file.content, 0, 1);
      else if (file.lfs) {
        const { port } = this.#content.address() as AddressInfo;
        response.writeHead(302, { Location: `http://127.0.0.1:${port}/content/${name}` }).end();
      } else response.end(file.content);
    }
  }

  #sendContent(request: IncomingMessage, response: ServerResponse): void {
    const name = this.#note(request).replace("/content/", "");
    const { content } = this.files.get(name)!;
    const [, start] = /^bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
    const offset = start === undefined || this.faults.ignoreRange ? 0 : Number(start);
    const { cutAfter, stallAfter } = this.faults;
    if (stallAfter !== undefined) {
      response.writeHead(200, { "Content-Length": content.length });
      response.write(content.subarray(offset, offset + stallAfter));
    } else if (cutAfter && cutAfter.times > 0) {
      cutAfter.times--;
      response.writeHead(start === undefined ? 200 : 206, { "Content-Length": content.length - offset });
      response.write(content.subarray(offset, offset + cutAfter.bytes), () => response.destroy());
    } else if (start === undefined || this.faults.ignoreRange) response.end(content);
    else sendRange(response, content, offset, content.length);
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

function sendRange(response: ServerResponse, content: Uint8Array, start: number, end: number): void {
  const range = `bytes ${start}-${end - 1}/${content.length}`;
  response.writeHead(206, { "Content-Range": range, ETag: '"tag"' }).end(content.subarray(start, end));
}

function entry(path: string, { content, lfs, claimedHash, claimedSize }: FakeFile) {
  const git = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
  const size = claimedSize ?? content.length;
  const common = { type: "file", path, size };
  if (!lfs) return { ...common, oid: claimedHash ?? git };
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { ...common, oid: git, lfs: { oid: claimedHash ?? sha256, size, pointerSize: 130 } };
}
