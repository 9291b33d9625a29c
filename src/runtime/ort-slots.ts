/**
 * Where the functions that we call lie in ONNX Runtime's `OrtApi` table, with their C types.
 *
 * The table is append-only (onnxruntime_c_api.h: a version's slots never move), so slots taken from version 24
 * hold in every later library. `path` is `ORTCHAR_T *`: wide characters on Windows.
 */
export const ortApiVersion = 24;

/** Slots that return an `OrtStatus *`, null on success. */
export const statusSlots = {
  createEnv: [3, ["int", "str", "void *"]],
  disableTelemetryEvents: [6, ["void *"]],
  createSessionFromArray: [8, ["void *", "void *", "size_t", "void *", "void *"]],
  run: [9, ["void *", "void *", "void *", "void *", "size_t", "void *", "size_t", "void *"]],
  createSessionOptions: [10, ["void *"]],
  enableProfiling: [14, ["void *", "path"]],
  disableMemPattern: [17, ["void *"]],
  enableCpuMemArena: [18, ["void *"]],
  setSessionGraphOptimizationLevel: [23, ["void *", "int"]],
  setIntraOpNumThreads: [24, ["void *", "int"]],
  setInterOpNumThreads: [25, ["void *", "int"]],
  sessionGetInputCount: [30, ["void *", "void *"]],
  sessionGetOutputCount: [31, ["void *", "void *"]],
  sessionGetInputTypeInfo: [33, ["void *", "size_t", "void *"]],
  sessionGetOutputTypeInfo: [34, ["void *", "size_t", "void *"]],
  sessionGetInputName: [36, ["void *", "size_t", "void *", "void *"]],
  sessionGetOutputName: [37, ["void *", "size_t", "void *", "void *"]],
  createRunOptions: [39, ["void *"]],
  createTensorWithDataAsOrtValue: [49, ["void *", "void *", "size_t", "void *", "size_t", "int", "void *"]],
  getTensorMutableData: [51, ["void *", "void *"]],
  castTypeInfoToTensorInfo: [55, ["void *", "void *"]],
  getTensorElementType: [60, ["void *", "void *"]],
  getDimensionsCount: [61, ["void *", "void *"]],
  getDimensions: [62, ["void *", "void *", "size_t"]],
  getSymbolicDimensions: [63, ["void *", "void *", "size_t"]],
  getTensorTypeAndShape: [65, ["void *", "void *"]],
  createCpuMemoryInfo: [69, ["int", "int", "void *"]],
  allocatorFree: [76, ["void *", "void *"]],
  getAllocatorWithDefaultOptions: [78, ["void *"]],
  sessionEndProfiling: [110, ["void *", "void *", "void *"]],
  addSessionConfigEntry: [130, ["void *", "str", "str"]],
  addInitializer: [150, ["void *", "str", "void *"]],
  addRunConfigEntry: [165, ["void *", "str", "str"]],
  createPrepackedWeightsContainer: [166, ["void *"]],
  createSessionFromArrayWithPrepackedWeightsContainer: [
    169,
    ["void *", "void *", "size_t", "void *", "void *", "void *"],
  ],
} as const satisfies Readonly<Record<string, readonly [slot: number, parameters: readonly string[]]>>;

/** Slots with another result than a status. */
export const plainSlots = {
  getErrorMessage: [2, "str", ["void *"]],
  releaseStatus: [93, "void", ["void *"]],
  releaseSession: [95, "void", ["void *"]],
  releaseValue: [96, "void", ["void *"]],
  releaseRunOptions: [97, "void", ["void *"]],
  releaseTypeInfo: [98, "void", ["void *"]],
  releaseTensorTypeAndShapeInfo: [99, "void", ["void *"]],
  releaseSessionOptions: [100, "void", ["void *"]],
  releasePrepackedWeightsContainer: [167, "void", ["void *"]],
  tensorTypeAndShapeHasShape: [390, "bool", ["void *"]],
} as const satisfies Readonly<Record<string, readonly [slot: number, result: string, parameters: readonly string[]]>>;

export type StatusSlot = keyof typeof statusSlots;
export type PlainSlot = keyof typeof plainSlots;

/** One more than the largest slot used. */
export const slotCount =
  1 + Math.max(...[...Object.values(statusSlots), ...Object.values(plainSlots)].map(([slot]) => slot));
