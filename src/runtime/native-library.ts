import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { MogaoError } from "../core/errors.ts";

/** The part of koffi (foreign function calls) that we use. */
export type Koffi = (typeof import("koffi"))["default"];

/**
 * koffi runs each call on a stack of its own, 128 kB for asynchronous ones. Small graphs pass with that, but numeric
 * kernels keep buffers on the stack and graph optimizers recurse: we ask for what a thread normally has.
 */
const stackBytes = 8 * 2 ** 20;

/**
 * koffi with stacks large enough for numeric libraries. Everything that uses koffi must get it here: the stack size
 * can only be set before the process loads its first library.
 *
 * @throws MogaoError when koffi has no binary for this platform, or was used before with small stacks
 */
export async function openKoffi(): Promise<Koffi> {
  let koffi: Koffi;
  try {
    koffi = (await import("koffi")).default;
  } catch (cause) {
    throw new MogaoError(`The package koffi does not load on ${process.platform}-${process.arch}: ${String(cause)}`, {
      cause,
    });
  }
  if (koffi.config().async_stack_size === stackBytes) return koffi;
  try {
    koffi.config({ async_stack_size: stackBytes });
  } catch (cause) {
    throw new MogaoError(
      `koffi's stacks have ${koffi.config().async_stack_size} bytes, ${stackBytes} are needed: another module loaded a library through koffi before the runtime was opened.`,
      { cause },
    );
  }
  return koffi;
}

const loadedLibraries: unknown[] = [];

/**
 * Loads a library for the life of the process: koffi would unload it when its handle is garbage collected.
 *
 * @throws MogaoError when the library does not load
 */
export function loadLibrary(koffi: Koffi, path: string): ReturnType<Koffi["load"]> {
  try {
    const library = koffi.load(path);
    loadedLibraries.push(library);
    return library;
  } catch (cause) {
    throw new MogaoError(`${path} does not load: ${String(cause)}`, { cause });
  }
}

/**
 * The ONNX Runtime library inside the npm package onnxruntime-node.
 *
 * @throws MogaoError when the package is missing or has no library for this platform
 */
export function findOrtLibrary(): string {
  let manifest: string;
  try {
    manifest = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  } catch (cause) {
    throw new MogaoError("The package onnxruntime-node is not installed; run: npm install onnxruntime-node", { cause });
  }
  const root = join(dirname(manifest), "bin");
  for (const abi of existsSync(root) ? readdirSync(root) : []) {
    const folder = join(root, abi, process.platform, process.arch);
    const name = existsSync(folder) ? readdirSync(folder).find((file) => libraryName.test(file)) : undefined;
    if (name !== undefined) return join(folder, name);
  }
  throw new MogaoError(`onnxruntime-node has no library for ${process.platform}-${process.arch} under ${root}.`);
}

const libraryName = /^(libonnxruntime(\.\d+)*\.dylib|libonnxruntime\.so(\.\d+)*|onnxruntime\.dll)$/;
