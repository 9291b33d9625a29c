/**
 * The primitive operations: each checks its operands and knows the shape of its result. Everything else is built from
 * these (functional.ts), differentiated by one rule each (gradients.ts), interpreted (interpret.ts) and lowered to
 * ONNX (src/onnx/lowering.ts).
 */
export * from "./primitives/elementwise.ts";
export * from "./primitives/leaves.ts";
export * from "./primitives/products.ts";
export * from "./primitives/reductions.ts";
export * from "./primitives/rows.ts";
export * from "./primitives/shapes.ts";
