/** One repository of the Hugging Face hub, as its client library shows it; what goes wrong becomes our errors. */
import { setTimeout as delay } from "node:timers/promises";
import { InputError } from "../core/errors.ts";
import { RangeIgnored, TransferError } from "./hub-blob.ts";
import type { HubFile } from "./hub-files.ts";

type Library = typeof import("@huggingface/hub");

export interface HubClientOptions {
  /** Another server with the hub's interface, such as a mirror. */
  readonly endpoint?: string | undefined;
  /** Of an account that may read the repository; begins with `hf_`. */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Before something that failed is tried again, in milliseconds; each further time twice as long. */
  readonly retryDelay: number;
}

const TOKEN_PREFIX = "hf_";
const TRIES = 4;
/** More files than any checkpoint has: a listing that does not end is not collected in memory. */
const MOST_FILES = 20_000;
const commitPattern = /^[0-9a-f]{40}$/;
const gitHash = /^[0-9a-f]{40}$/;
const sha256 = /^[0-9a-f]{64}$/;

const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;
const PARTIAL_CONTENT = 206;

export class HubClient {
  readonly #library: Library;
  readonly #repository: string;
  readonly #options: HubClientOptions;
  readonly #endpoint: string;
  /** The last error that {@link #fetch} threw: of errors in a stream, the library passes on no more than the message. */
  #failure: unknown;

  private constructor(library: Library, repository: string, options: HubClientOptions) {
    this.#library = library;
    this.#repository = repository;
    this.#options = options;
    this.#endpoint = (options.endpoint || library.HUB_URL).replace(/\/+$/, "");
  }

  static async open(repository: string, options: HubClientOptions): Promise<HubClient> {
    const { token, endpoint } = options;
    if (token !== undefined && !token.startsWith(TOKEN_PREFIX))
      throw new InputError(`HF_TOKEN: expected a token that begins with ${TOKEN_PREFIX}`);
    if (endpoint && !/^https?:\/\//.test(endpoint))
      throw new InputError(`HF_ENDPOINT: expected an address that begins with https://, found ${endpoint}`);
    // Loaded late: most commands never ask the hub.
    return new HubClient(await import("@huggingface/hub"), repository, options);
  }

  /** The commit that a branch, tag or commit stands for. */
  async commit(revision: string): Promise<string> {
    const { sha } = await this.#patiently(() =>
      this.#library.modelInfo({ ...this.#request, name: this.#repository, revision, additionalFields: ["sha"] }),
    );
    if (!commitPattern.test(sha)) throw this.#unexpected(`a commit, found ${JSON.stringify(sha)}`);
    return sha;
  }

  /** Every file of the repository at a commit. */
  async files(commit: string): Promise<readonly HubFile[]> {
    return this.#patiently(async () => {
      const files: HubFile[] = [];
      const listing = this.#library.listFiles({ ...this.#request, ...this.#at(commit), recursive: true });
      for await (const { type, path, size, oid, lfs } of listing) {
        if (type !== "file") continue;
        if (files.length === MOST_FILES) throw this.#unexpected(`at most ${MOST_FILES} files, found more`);
        const hash = lfs ? { kind: "sha256" as const, hex: lfs.oid } : { kind: "git" as const, hex: String(oid) };
        if (!(lfs ? sha256 : gitHash).test(hash.hex) || !Number.isSafeInteger(size) || size < 0)
          throw this.#unexpected(`the size and hash of ${path}`);
        files.push({ path, size: lfs?.size ?? size, hash });
      }
      return files;
    });
  }

  /** A file's content from byte `offset`. @throws TransferError where another try may go better */
  async read(commit: string, path: string, offset: number): Promise<AsyncIterable<Uint8Array>> {
    // Plain ranges: the hub's deduplicating protocol (Xet) has no address that another server could stand in for.
    const place = { ...this.#request, ...this.#at(commit), path, xet: false };
    const blob = await this.#library.downloadFile(place).catch((error: Error) => {
      throw error instanceof InputError || error instanceof TransferError ? error : new TransferError(error.message);
    });
    if (!blob) throw new InputError(`${this.#repository}: ${path}: no such file at ${commit}`);
    return this.#chunks(blob.slice(offset));
  }

  async *#chunks(blob: Blob): AsyncIterable<Uint8Array> {
    this.#failure = undefined;
    try {
      yield* blob.stream() as unknown as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw (
        this.#failure ??
        new TransferError(`the connection broke (${error instanceof Error ? error.message : String(error)})`)
      );
    }
  }

  get #request() {
    const { token } = this.#options;
    return { hubUrl: this.#endpoint, fetch: this.#fetch, ...(token !== undefined && { accessToken: token }) };
  }

  #at(commit: string) {
    return { repo: { type: "model" as const, name: this.#repository }, revision: commit };
  }

  /** `fetch` that can be aborted, and throws our errors. */
  readonly #fetch: typeof fetch = async (input, init) => {
    try {
      const response = await this.#answer(input, init);
      const range = new Headers(init?.headers).get("range");
      const wantsRest = range !== null && !range.startsWith("bytes=0-");
      if (wantsRest && response.ok && response.status !== PARTIAL_CONTENT)
        throw new RangeIgnored("the server sends whole files only");
      if (!response.ok) throw this.#refusal(response);
      return response;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  };

  async #answer(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): Promise<Response> {
    const { signal } = this.#options;
    try {
      return await fetch(input, { ...init, ...(signal && { signal }) });
    } catch (error) {
      signal?.throwIfAborted();
      const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
      throw new TransferError(`cannot reach ${new URL(this.#endpoint).host} (${code ?? message})`);
    }
  }

  #refusal({ status, headers }: Response): Error {
    const name = this.#repository;
    const code = headers.get("X-Error-Code");
    if (status === TOO_MANY_REQUESTS || status >= SERVER_ERROR)
      return new TransferError(`${new URL(this.#endpoint).host} answers with status ${status}`);
    if (code === "GatedRepo" || status === FORBIDDEN)
      return new InputError(
        `${name}: its owner grants access on request: ask at ${this.#endpoint}/${name}, then set HF_TOKEN to a token that may read it`,
      );
    if (status === UNAUTHORIZED)
      return new InputError(`${name}: no such repository, or a private one: set HF_TOKEN to a token that may read it`);
    if (code === "RevisionNotFound") return new InputError(`${name}: no such revision`);
    return new InputError(`${name}: no such repository, revision or file (${code ?? `status ${status}`})`);
  }

  #unexpected(what: string): Error {
    return new InputError(`${this.#repository}: ${new URL(this.#endpoint).host}: expected ${what}`);
  }

  /** Small requests, tried a few times. */
  async #patiently<T>(request: () => Promise<T>): Promise<T> {
    const { signal, retryDelay } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        return await request();
      } catch (error) {
        if (error instanceof InputError || signal?.aborted) throw error;
        const { message } = error as Error;
        if (tries === TRIES) throw new InputError(`${this.#repository}: ${message}; --offline uses what is kept`);
        await delay(retryDelay * 2 ** (tries - 1), undefined, { signal });
      }
    }
  }
}
