import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

const source = join(import.meta.dirname, "..", "src");

/**
 * The folders of src/, lowest first: a file imports only from its own folder and from folders before it.
 * graph knows no ONNX and onnx no runtime; encoders are networks made of the same layers as model; weights knows the networks whose checkpoints
 * it reads; generation and training stand on all of these, training last, as it draws samples to look at. cli and index.ts are on top.
 */
const layers =
  "core, graph, onnx, runtime, nn, model, encoders, weights, data, generate, train, eval, server, ai-sdk".split(", ");
const top = ["cli", "index.ts"];

const upwardExceptions = [
  "cli/main.ts → index.ts", // the program loads the library that it stands beside
];

/** What must also run in browsers imports nothing of Node. */
const isomorphic = ["core", "graph", "onnx", "nn", "model", "index.ts"];
const exceptions = ["core/atomic-file.ts", "core/folder-file.ts", "core/json-file.ts", "core/json-lines.ts"];

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => path.replaceAll("\\", "/"))
  .sort();
const product = files.filter((path) => !/(\.test|(^|\/)testing)\.ts$/.test(path));

/** Static and dynamic imports and re-exports, comments left out. */
function importsOf(path: string): Import[] {
  const text = readFileSync(join(source, path), "utf8")
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/^\s*\/\/.*$/gm, "");
  const statements = text.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^;"']*?\sfrom\s+)?["']([^"']+)["']/gm);
  const dynamic = text.matchAll(/\bimport\(\s*["']([^"']+)["']/g);
  return [
    ...[...statements].map((match) => ({ specifier: match[2]!, typeOnly: match[1] !== undefined })),
    ...[...dynamic].map((match) => ({ specifier: match[1]!, typeOnly: false })),
  ];
}

/** The imported file within src/, if it is one. */
function target(path: string, { specifier }: Import): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const resolved = relative(source, join(source, dirname(path), specifier)).replaceAll("\\", "/");
  return resolved.startsWith("..") ? undefined : resolved;
}

const folderOf = (path: string): string => path.split("/", 1)[0]!;
const rank = (folder: string): number => (top.includes(folder) ? layers.length : layers.indexOf(folder));

test("the reader of imports sees every form, so that the tests below mean something", () => {
  const imports = new Map(importsOf("cli/main.ts").map(({ specifier, typeOnly }) => [specifier, typeOnly]));
  expect(imports).toEqual(
    new Map([
      ["../generate/types.ts", true],
      ["./process-context.ts", false],
      ["./run.ts", false],
      ["../index.ts", false],
    ]),
  );
  expect(importsOf("weights/safetensors.ts").map(({ specifier }) => specifier)).toEqual([
    "node:fs/promises",
    "../core/errors.ts",
    "../core/folder-file.ts",
    "./pickle.ts",
    "./safetensors-file.ts",
    "./safetensors-sharded.ts",
    "./dtype.ts",
    "./safetensors-file.ts",
    "./safetensors-header.ts",
    "./safetensors-writer.ts",
  ]);
});

describe("layers", () => {
  test("every folder of src/ has a place", () => {
    const folders = new Set(files.map(folderOf));
    expect([...folders].filter((folder) => rank(folder) < 0)).toEqual([]);
  });

  test("imports look down only", () => {
    const upward = product.flatMap((path) =>
      importsOf(path)
        .map((entry) => target(path, entry))
        .filter(
          (to) => to !== undefined && folderOf(to) !== folderOf(path) && rank(folderOf(to)) >= rank(folderOf(path)),
        )
        .map((to) => `${path} → ${to}`),
    );
    expect(upward.filter((line) => !upwardExceptions.includes(line))).toEqual([]);
  });

  test("every relative import names a file that exists, with its ending", () => {
    const broken = files.flatMap((path) =>
      importsOf(path)
        .map((entry) => target(path, entry))
        .filter((to) => to !== undefined && !files.includes(to))
        .map((to) => `${path} → ${to}`),
    );
    expect(broken).toEqual([]);
  });

  test("the product does not import tests", () => {
    const imported = product.flatMap((path) => importsOf(path).map((entry) => target(path, entry)));
    expect(imported.filter((to) => to !== undefined && !product.includes(to))).toEqual([]);
  });
});

test("no cycles between files (types, which vanish, do not count)", () => {
  const edges = new Map(
    product.map((path) => [
      path,
      importsOf(path)
        .filter((entry) => !entry.typeOnly)
        .map((entry) => target(path, entry))
        .filter((to) => to !== undefined),
    ]),
  );
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (finished.has(path)) return;
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      return;
    }
    for (const to of edges.get(path) ?? []) visit(to, [...trail, path]);
    finished.add(path);
  };
  for (const path of product) visit(path, []);
  expect(cycles).toEqual([]);
});

test("what browsers need imports nothing of Node", () => {
  const nodeOnly = /^(node:|sharp$|koffi$|onnxruntime-node|commander$)/;
  const found = product
    .filter((path) => isomorphic.includes(folderOf(path)) && !exceptions.includes(path))
    .flatMap((path) =>
      importsOf(path)
        .filter(({ specifier }) => nodeOnly.test(specifier))
        .map(({ specifier }) => `${path} → ${specifier}`),
    );
  expect(found).toEqual([]);
});
