import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import type { AsyncBuffer, FileMetaData } from "hyparquet";
import type { z } from "zod";
import { expectInput, InputError } from "../../core/errors.ts";
import { checked, type Placed } from "./input-files.ts";

/** A Parquet file as data sets on the hub have it: columns of text, and of pictures, which are read when they are wanted. */
export class ParquetFile {
  readonly #path: string;
  readonly #file: AsyncBuffer;
  readonly #metadata: FileMetaData;

  private constructor(path: string, file: AsyncBuffer, metadata: FileMetaData) {
    this.#path = path;
    this.#file = file;
    this.#metadata = metadata;
  }

  /** Throws InputError for a file that is absent or not Parquet. */
  static async open(path: string): Promise<ParquetFile> {
    try {
      const file = await asyncBufferFromFile(path);
      return new ParquetFile(path, file, await parquetMetadataAsync(file));
    } catch (error) {
      throw unreadable(path, error);
    }
  }

  /** These columns of all rows, or of the first `limit`. */
  async rows<T>(columns: readonly string[], schema: z.ZodType<T>, limit = Infinity): Promise<Placed<T>[]> {
    const present = new Set(parquetSchema(this.#metadata).children.map(({ element }) => element.name));
    for (const column of columns)
      expectInput(
        present.has(column),
        `${this.#path}: expected a column "${column}", found ${[...present].map((name) => `"${name}"`).join(", ")}`,
      );
    const rows = await this.#read(columns, 0, Math.min(limit, Number(this.#metadata.num_rows)));
    return rows.map((row, index) => {
      const place = `${this.#path}, row ${index + 1}`;
      return { place, value: checked(row, schema, place) };
    });
  }

  /** The file in a column of pictures, `{ bytes, path }` as the hub's data sets keep them; undefined where the cell is empty. */
  async picture(column: string, row: number): Promise<Uint8Array | undefined> {
    const [found] = await this.#read([column], row, row + 1);
    const cell = found?.[column] as { readonly bytes?: unknown } | null | undefined;
    if (cell === null || cell === undefined) return undefined;
    if (cell.bytes instanceof Uint8Array) return cell.bytes;
    throw new InputError(`${this.#path}, row ${row + 1}: expected a picture's bytes in the column "${column}"`);
  }

  async #read(columns: readonly string[], rowStart: number, rowEnd: number): Promise<Record<string, unknown>[]> {
    const range = { columns: [...columns], rowStart, rowEnd };
    try {
      // Bytes that are no text by the schema stay bytes.
      return await parquetReadObjects({ file: this.#file, metadata: this.#metadata, utf8: false, ...range });
    } catch (error) {
      throw unreadable(this.#path, error);
    }
  }
}

function unreadable(path: string, error: unknown): InputError {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return new InputError(`${path}: no such file`);
  return new InputError(`${path}: cannot be read as Parquet: ${(error as Error).message.split("\n", 1)[0]}`);
}
