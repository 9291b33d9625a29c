import { spawn, type ChildProcess } from "node:child_process";
import { accessSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Path of an installed Chromium, or undefined. */
export const chromiumPath = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
  .find((path) => {
    try {
      accessSync(path);
      return true;
    } catch {
      return false;
    }
  });

const PATIENCE_MS = 20_000;

/** One page of a headless Chromium, driven by the DevTools protocol. */
export class ChromiumPage {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  #calls = 0;
  readonly #waiting = new Map<number, (answer: { result?: unknown; error?: { message: string } }) => void>();

  private constructor(process: ChildProcess, profile: string, socket: WebSocket) {
    [this.#process, this.#profile, this.#socket] = [process, profile, socket];
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: { message: string } };
      this.#waiting.get(message.id ?? -1)?.(message);
    });
  }

  static async open(path: string): Promise<ChromiumPage> {
    const profile = await mkdtemp(join(tmpdir(), "mogao-chromium-"));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", `--user-data-dir=${profile}`]; // prettier-ignore
    const child = spawn(path, [...flags, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
    const port = await new Promise<string>((resolve, reject) => {
      let text = "";
      child.stderr.on("data", (chunk) => {
        const found = /ws:\/\/127\.0\.0\.1:(\d+)\//.exec((text += String(chunk)));
        if (found) resolve(found[1]!);
      });
      child.on("exit", () => reject(new Error(`Chromium ended: ${text}`)));
    });
    const pages = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(pages.find(({ type }) => type === "page")!.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    return new ChromiumPage(child, profile, socket);
  }

  async #call(method: string, parameters: object): Promise<unknown> {
    const id = ++this.#calls;
    const answered = new Promise<{ result?: unknown; error?: { message: string } }>((resolve) =>
      this.#waiting.set(id, resolve),
    );
    this.#socket.send(JSON.stringify({ id, method, params: parameters }));
    const { result, error } = await answered;
    this.#waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async goto(url: string): Promise<void> {
    await this.#call("Page.navigate", { url });
  }

  /** The value of a JavaScript expression in the page. */
  async value(expression: string): Promise<unknown> {
    const answer = await this.#call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    return (answer as { result: { value?: unknown } }).result.value;
  }

  /** Waits until an expression is true. */
  async until(expression: string): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    // While the page is being replaced there is nothing to ask.
    while ((await this.value(expression).catch(() => false)) !== true) {
      if (performance.now() > end) throw new Error(`still not true in the page: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async press(key: string): Promise<void> {
    for (const type of ["keyDown", "keyUp"]) await this.#call("Input.dispatchKeyEvent", { type, key });
  }

  async close(): Promise<void> {
    this.#socket.close();
    const ended = new Promise((resolve) => this.#process.on("exit", resolve));
    this.#process.kill();
    await ended;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}
