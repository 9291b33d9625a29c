import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { readJsonLines } from "../../core/json-lines.ts";
import { schemaProblems } from "../../core/schema-problems.ts";

/** What raters compare: for every prompt one picture of each model. */
export interface Study {
  readonly items: readonly StudyItem[];
  readonly models: readonly string[];
  /** Of the picture's file. */
  pictureOf(item: string, model: string): string;
}

export interface StudyItem {
  readonly id: string;
  readonly prompt: string;
}

const PICTURE_TYPES = [".png", ".jpg", ".jpeg", ".webp"];
/** Width of the numbers that name prompts without ids, as `mogao generate` numbers its pictures. */
const ID_DIGITS = 3;

const promptSchema = z.object({ id: z.string().min(1).max(200).optional(), prompt: z.string().min(1) });

/**
 * Reads the prompts and finds their pictures. `prompts`: a text file with one prompt a line, or JSONL of {prompt, id?}.
 * `outputs`: a folder of each model, "FOLDER" or "NAME=FOLDER", with pictures named `<id>.png` or `<id>-….png` (also jpg, webp);
 * the id of a prompt without one is its number: 001, 002, …
 * @throws InputError for unreadable prompts, doubled ids or names, and pictures that are missing or ambiguous
 */
export async function openStudy(prompts: string, outputs: readonly string[]): Promise<Study> {
  const items = await readPrompts(prompts);
  const folders = new Map<string, string>();
  for (const output of outputs) {
    const { name, folder } = namedFolder(output);
    if (folders.has(name))
      throw new InputError(`--outputs: two models are called ${JSON.stringify(name)}; name them: NAME=FOLDER`);
    folders.set(name, folder);
  }
  const pictures = new Map<string, ReadonlyMap<string, string>>();
  for (const [model, folder] of folders) pictures.set(model, await findPictures(folder, items));
  return { items, models: [...folders.keys()], pictureOf: (item, model) => pictures.get(model)!.get(item)! };
}

async function readPrompts(path: string): Promise<StudyItem[]> {
  const given = extname(path) === ".jsonl" ? await jsonPrompts(path) : await textPrompts(path);
  if (given.length === 0) throw new InputError(`${path}: expected prompts, found none`);
  const items = given.map(({ id, prompt }, index) => ({
    id: id ?? String(index + 1).padStart(ID_DIGITS, "0"),
    prompt,
  }));
  const seen = new Set<string>();
  for (const { id } of items) {
    if (seen.has(id)) throw new InputError(`${path}: two prompts have the id ${JSON.stringify(id)}`);
    seen.add(id);
  }
  return items;
}

async function jsonPrompts(path: string) {
  return (await readJsonLines(path)).map((value, index) => {
    const parsed = promptSchema.safeParse(value);
    if (!parsed.success)
      throw new InputError(
        `${path}, prompt ${index + 1}: expected {"prompt": …, "id"?: …}: ${schemaProblems(parsed.error)}`,
      );
    return parsed.data;
  });
}

async function textPrompts(path: string): Promise<{ id?: string; prompt: string }[]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${path}: ${error.code === "ENOENT" ? "no such file" : `cannot be read (${error.code})`}`);
  });
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").map((prompt) => ({ prompt }));
}

function namedFolder(output: string): { name: string; folder: string } {
  const [, name, folder] = /^([^=/\\]+)=(.+)$/s.exec(output) ?? [];
  return name !== undefined && folder !== undefined
    ? { name, folder }
    : { name: basename(resolve(output)), folder: output };
}

/** One picture in the folder for every item. */
async function findPictures(folder: string, items: readonly StudyItem[]): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${folder}: expected a folder of pictures, found ${error.code === "ENOENT" ? "nothing" : error.code}`); // prettier-ignore
  });
  const files = entries
    .filter((entry) => PICTURE_TYPES.includes(extname(entry).toLowerCase()))
    .map((entry) => ({ entry, stem: basename(entry, extname(entry)) }));
  const found = new Map<string, string>();
  const missing: string[] = [];
  for (const { id } of items) {
    const exact = files.filter(({ stem }) => stem === id);
    const fitting = exact.length > 0 ? exact : files.filter(({ stem }) => stem.startsWith(`${id}-`));
    if (fitting.length > 1)
      throw new InputError(`${folder}: several pictures for the prompt "${id}": ${fitting.map(({ entry }) => entry).join(", ")}`); // prettier-ignore
    if (fitting.length === 0) missing.push(id);
    else found.set(id, join(folder, fitting[0]!.entry));
  }
  if (missing.length > 0)
    throw new InputError(
      `${folder}: no picture for ${missing.length} of ${items.length} prompts, such as "${missing[0]}": expected ${missing[0]}.png`,
    );
  return found;
}
