import { availableParallelism } from "node:os";
import { InputError, MogaoError } from "../core/errors.ts";
import { CpuProgram } from "./cpu-program.ts";
import { OrtCApi, type SessionSettings } from "./ort-c-api.ts";
import { openOrtNode, OrtNodeProgram } from "./ort-node-program.ts";
import type { Device, ProgramOptions, Runtime } from "./types.ts";

export interface RuntimeOptions {
  /** Default "cpu". */
  readonly device?: Device;
  /** Intra-op threads of its programs; default: the number of cores that this process may use. */
  readonly threads?: number;
}

let cApi: Promise<OrtCApi> | undefined;

/**
 * Opens a device to run graphs on. The CPU goes through ONNX Runtime's C API, or through onnxruntime-node where that
 * cannot be called or the environment says `MOGAO_RUNTIME=ort-node`; WebGPU and CUDA go through onnxruntime-node.
 *
 * @throws MogaoError when the device is not available here: what was wanted, what was found, what to do
 */
export async function openRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const { device = "cpu", threads = availableParallelism() } = options;
  if (!Number.isInteger(threads) || threads < 1) {
    throw new InputError(`threads: expected a positive integer, found ${threads}.`);
  }
  if (device === "cpu" && process.env["MOGAO_RUNTIME"] !== "ort-node") {
    try {
      return cpuRuntime(await (cApi ??= OrtCApi.open()), threads);
    } catch (error) {
      return await ortNodeRuntime(device, threads, (error as Error).message);
    }
  }
  return await ortNodeRuntime(device, threads);
}

function cpuRuntime(api: OrtCApi, threads: number): Runtime {
  return {
    device: "cpu",
    description: `ONNX Runtime ${api.version} (C API), ${threads} threads`,
    load: (model, options) => CpuProgram.open(api, model, settings("cpu", threads, options)),
  };
}

async function ortNodeRuntime(device: Device, threads: number, reason?: string): Promise<Runtime> {
  const ort = await openOrtNode();
  const version = ort.env.versions.node ?? ort.env.versions.common;
  return {
    device,
    description: `ONNX Runtime ${version} (onnxruntime-node, ${device})${reason === undefined ? "" : `; no C API: ${reason}`}`,
    load: (model, options) => OrtNodeProgram.open(ort, device, model, settings(device, threads, options)),
  };
}

function settings(device: Device, threads: number, options: ProgramOptions = {}): SessionSettings {
  if (options.device !== undefined && options.device !== device) {
    throw new MogaoError(`This runtime runs on ${device}, the program asks for ${options.device}.`);
  }
  return {
    threads: options.threads ?? threads,
    optimization: options.optimization ?? "all",
    profile: options.profile,
  };
}
