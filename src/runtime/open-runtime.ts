import { availableParallelism } from "node:os";
import { InputError, MogaoError } from "../core/errors.ts";
import { encodeModel, onnxElementType } from "../onnx/model-proto.ts";
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
    load: async (model, options) => CpuProgram.open(api, model, settings("cpu", threads, options)),
  };
}

async function ortNodeRuntime(device: Device, threads: number, reason?: string): Promise<Runtime> {
  const ort = await openOrtNode();
  const load: Runtime["load"] = async (model, options) =>
    OrtNodeProgram.open(ort, device, model, settings(device, threads, options));
  const built = ort.listSupportedBackends().map((backend) => backend.name);
  if (!built.includes(device)) {
    throw new MogaoError(
      `Device ${device} is not available: onnxruntime-node for ${process.platform}-${process.arch} has ${built.join(", ")}.`,
    );
  }
  if (device !== "cpu") await tryDevice(device, load);
  return {
    device,
    description: `ONNX Runtime ${ort.env.versions.node ?? ort.env.versions.common} (onnxruntime-node, ${device})${reason === undefined ? "" : `; no C API: ${reason}`}`,
    load,
  };
}

const deviceNeeds: Readonly<Record<Device, string>> = {
  cpu: "",
  webgpu:
    "It needs Direct3D 12 on Windows, Metal on macOS, and on Linux libvulkan.so.1 (Debian: libvulkan1) with your GPU's driver (mesa-vulkan-drivers, nvidia-driver). Without a GPU, VK_DRIVER_FILES can name SwiftShader's vk_swiftshader_icd.json, which Debian's chromium ships.",
  cuda: "It needs an NVIDIA GPU, CUDA 12, cuDNN 9, and ONNX Runtime's CUDA libraries: npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12",
};

/** Opens and closes a one-operator program, so that a device that is missing is reported here and not at the first model. */
async function tryDevice(device: Device, load: Runtime["load"]): Promise<void> {
  const value = { elementType: onnxElementType.float, shape: [1] };
  const model = encodeModel({
    name: "device-check",
    nodes: [{ opType: "Neg", inputs: ["x"], outputs: ["y"] }],
    inputs: [{ name: "x", ...value }],
    outputs: [{ name: "y", ...value }],
    initializers: [],
  });
  try {
    (await load(model)).dispose();
  } catch (error) {
    const found = (error as Error & { cause: Error }).cause.message.trim();
    throw new MogaoError(`Device ${device} is not available: ${found}\n${deviceNeeds[device]}`, { cause: error });
  }
}

function settings(device: Device, threads: number, options: ProgramOptions = {}): SessionSettings {
  if (options.device !== undefined && options.device !== device) {
    throw new MogaoError(`This runtime runs on ${device}, the program asks for ${options.device}.`);
  }
  return {
    threads: options.threads ?? threads,
    optimization: options.optimization ?? "all",
    profile: options.profile,
    weightsFolder: options.weightsFolder,
    constants: options.constants,
    releaseMemory: options.releaseMemory ?? false,
  };
}
