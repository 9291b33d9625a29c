import { existsSync } from "node:fs";
import { tmpdir } from "node:os";

/** SwiftShader, a Vulkan driver in software, where Debian's chromium package puts it. */
export const swiftShaderDriver = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * Makes WebGPU run in software in this process, slowly: for tests on machines without a GPU. Call it before the first
 * WebGPU runtime is opened, on the main thread (a worker's environment is a copy). Settings already made stay.
 *
 * @returns whether a driver is there to try: one named by the environment, or SwiftShader
 */
export function useSoftwareWebGpu(): boolean {
  if (process.env["VK_DRIVER_FILES"] !== undefined) return true;
  if (!existsSync(swiftShaderDriver)) return false;
  process.env["VK_DRIVER_FILES"] = swiftShaderDriver;
  process.env["VK_ICD_FILENAMES"] = swiftShaderDriver; // The same for loaders before 1.3.207.
  process.env["XDG_RUNTIME_DIR"] ??= tmpdir();
  return true;
}
