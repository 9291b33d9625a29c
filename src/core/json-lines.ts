import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeBytesAtomic } from "./atomic-file.ts";
import { InputError } from "./errors.ts";

/**
 * The values of a file that holds one JSON value a line; empty where there is no such file. A last line that lacks its end
 * and is not JSON was cut off by a kill and is left out.
 * @throws InputError naming file and line where another line is not JSON, or where the file cannot be read
 */
export async function readJsonLines(path: string): Promise<unknown[]> {
  return parseLines(path, await readText(path));
}

/** A file of one JSON value a line that only grows, by whole lines. */
export class JsonLinesLog {
  readonly #path: string;
  #appended: Promise<void> = Promise.resolve();

  private constructor(path: string) {
    this.#path = path;
  }

  /** The log and what it holds; a last line that was cut off is taken away, so that the next one begins a line. */
  static async open(path: string): Promise<{ readonly log: JsonLinesLog; readonly values: readonly unknown[] }> {
    const text = await readText(path);
    const values = parseLines(path, text);
    if (text !== "" && !text.endsWith("\n"))
      await writeBytesAtomic(path, values.map((value) => `${JSON.stringify(value)}\n`).join(""));
    await mkdir(dirname(path), { recursive: true });
    return { log: new JsonLinesLog(path), values };
  }

  /** Adds one line, after those that are still being written; it is in the file when the promise resolves. */
  append(value: unknown): Promise<void> {
    // One write at the end of the file: lines of several writers never mix.
    const written = this.#appended.then(() => appendFile(this.#path, `${JSON.stringify(value)}\n`));
    this.#appended = written.catch(() => {});
    return written;
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw new InputError(`${path}: cannot be read (${error.code})`);
  });
}

function parseLines(path: string, text: string): unknown[] {
  const lines = text.split("\n");
  const last = lines.length - 1;
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      if (index === last) return [];
      throw new InputError(`${path}, line ${index + 1}: expected JSON`);
    }
  });
}
