import { expect, test } from "vitest";
import { rotaryAxes, rotaryFrequencies } from "./positions.ts";
import { buildSequence, type Sequence, type SequencePart } from "./sequence.ts";

test("IL-RoPE at d = 128: 48 pairs alternate T, H, W, the last 16 are T (Eq. 9)", () => {
  const axes = rotaryAxes({ headSize: 128, rope: "interleaved" });
  expect(axes.slice(0, 48)).toEqual(Array.from({ length: 16 }, () => ["T", "H", "W"]).flat());
  expect(axes.slice(48)).toEqual(Array.from({ length: 16 }, () => "T"));
});

test("M-RoPE at d = 128: 16 T, 24 H, 24 W (Eq. 8)", () => {
  const axes = rotaryAxes({ headSize: 128, rope: "mrope" });
  expect(axes.join("")).toBe("T".repeat(16) + "H".repeat(24) + "W".repeat(24));
});

test("M-RoPE's sections can be told; 1-D turns every pair by T", () => {
  expect(rotaryAxes({ headSize: 16, rope: "mrope", ropeSections: [1, 2, 5] }).join("")).toBe("THHWWWWW");
  expect(rotaryAxes({ headSize: 16, rope: "1d" }).join("")).toBe("TTTTTTTT");
});

test("frequencies fall as β^(−2i/d), whatever the axis", () => {
  const frequencies = rotaryFrequencies({ headSize: 16, rope: "interleaved", ropeTheta: 10_000 });
  for (let pair = 0; pair < 8; pair++) {
    const ofAxes = [0, 1, 2].map((axis) => frequencies[axis * 8 + pair]!);
    expect(ofAxes.filter((f) => f !== 0)).toHaveLength(1);
    expect(Math.max(...ofAxes)).toBeCloseTo(10_000 ** ((-2 * pair) / 16), 12);
  }
});

test("text has 1-D positions, an image takes one step of T, and its clean, ViT and noisy tokens share positions", () => {
  const { text, visual, next } = buildSequence([
    { type: "text", ids: [5, 6], loss: false },
    { type: "image", image: 0, rows: 2, columns: 3, vit: true, vae: true, copies: 2 },
    { type: "text", ids: [7], loss: false },
  ]);
  expect(text.filter(({ kind }) => kind === "text").map(({ position }) => position)).toEqual([
    [0, 0, 0],
    [1, 1, 1],
    [3, 3, 3],
  ]);
  expect(next).toBe(4);
  const grid = [0, 1].flatMap((row) => [0, 1, 2].map((column) => [2, row, column]));
  const positionsOf = (rows: readonly { position: readonly number[] }[]) => rows.map(({ position }) => position);
  expect(positionsOf(text.filter(({ kind }) => kind === "vit"))).toEqual(grid);
  expect(positionsOf(visual.filter(({ kind }) => kind === "clean"))).toEqual(grid);
  for (const copy of [0, 1])
    expect(positionsOf(visual.filter((row) => row.kind === "noisy" && row.copy === copy))).toEqual(grid);
});

const drawing = [
  { type: "text", ids: [1, 2], loss: false },
  {
    type: "image",
    image: 0,
    rows: 2,
    columns: 2,
    vitGrid: { rows: 1, columns: 3 },
    vit: true,
    vae: true,
    copies: 1,
    markers: { start: 8, end: 9 },
  },
  { type: "text", ids: [3], loss: false },
] as const satisfies SequencePart[];

/** Kind, order, then the position of each row; markers by their id. */
const told = ({ text, visual }: Sequence) => [
  ...text.map(({ kind, id, order, position }) => `${id < 0 ? kind : id} ${order}: ${position.join(" ")}`),
  ...visual.map(({ kind, order, position }) => `${kind} ${order}: ${position.join(" ")}`),
];

test("BAGEL: a step of T for each group, VAE before ViT, markers where their group stands", () => {
  const layout = { groups: "vae-vit", markers: "inside", positions: "step" } as const;
  const sequence = buildSequence(drawing, { layout });
  const expected = [
    ["1 0: 0 0 0", "2 1: 1 1 1"],
    ["8 2: 2 2 2", "9 2: 2 2 2"], // around the noisy latents
    ["8 2: 2 2 2", "9 2: 2 2 2"], // around the clean ones
    ["8 3: 3 3 3", "vit 3: 3 0 0", "vit 3: 3 0 1", "vit 3: 3 0 2", "9 3: 3 3 3"],
    ["3 4: 4 4 4"],
    ["noisy 2: 2 0 0", "noisy 2: 2 0 1", "noisy 2: 2 1 0", "noisy 2: 2 1 1"],
    ["clean 2: 2 0 0", "clean 2: 2 0 1", "clean 2: 2 1 0", "clean 2: 2 1 1"],
  ];
  expect(told(sequence)).toEqual(expected.flat());
  expect(sequence.text.map(({ kind }) => kind).join(" ")).toBe(
    "text text noisy noisy clean clean vit vit vit vit vit text",
  );
});

test("Lance: positions grow by the larger side, markers are counted, ViT tokens beside VAE tokens stand apart in time, counted from the first", () => {
  const layout = { groups: "vit-vae", markers: "inside", positions: "extent", vitTime: 1000 } as const;
  const understood = drawing.map((part) => (part.type === "image" ? { ...part, vae: false, copies: 0 } : part));
  const edited = understood.map((part) => (part.type === "image" ? { ...part, vae: true } : part));
  const vit = (time: number) => [
    `8 2: ${time} 2 2`,
    ...[3, 4, 5].map((column) => `vit 2: ${time + 1} 3 ${column}`),
    `9 2: ${time + 4} 6 6`,
  ];
  const rest = ["8 7: 7 7 7", "9 7: 10 10 10", "3 11: 11 11 11"];
  const latents = ["clean 7: 8 8 8", "clean 7: 8 8 9", "clean 7: 8 9 8", "clean 7: 8 9 9"];
  const text = ["1 0: 0 0 0", "2 1: 1 1 1"];
  expect(told(buildSequence(understood, { layout }))).toEqual([...text, ...vit(2), "3 7: 7 7 7"]);
  expect(told(buildSequence(edited, { layout }))).toEqual([...text, ...vit(1000), ...rest, ...latents]);
  const second = buildSequence([edited[1]!], { layout, start: 11, vitOrigin: 2 });
  expect(told(second)[0]).toBe("8 11: 1009 11 11");
  expect(second.vitOrigin).toBe(2);
  const inPlace = [{ ...drawing[1], vit: false, vae: false, position: 7 }];
  expect(told(buildSequence(inPlace, { layout, start: 12 }))).toEqual([
    "8 12: 7 7 7",
    "9 12: 10 10 10",
    "noisy 12: 8 8 8",
    "noisy 12: 8 8 9",
    "noisy 12: 8 9 8",
    "noisy 12: 8 9 9",
  ]);
});
