/** How the public families are used: their own code's preprocessing and defaults, as a converted model's config.json says them. */
import type { ModelFolderConfigInput } from "../model-config.ts";

/** What of a model folder's config.json does not follow from the networks. */
export type Usage = Pick<ModelFolderConfigInput, "images" | "vitImages" | "generation">;

/** 9,216 patches of 14 × 14. */
const MOST_INPUT_PIXELS = 14 * 14 * 9 * 1024;

/** ByteDance-Seed/Bagel: inferencer.py, app.py, data/transforms.py. Its count of steps includes the time at which nothing is left to do. */
export const bagelUsage: Usage = {
  images: { minSide: 512, maxSide: 1024, maxPixels: MOST_INPUT_PIXELS },
  vitImages: { minSide: 224, maxSide: 980, maxPixels: MOST_INPUT_PIXELS },
  generation: {
    width: 1024,
    height: 1024,
    maxPixels: 1024 ** 2,
    markup: { prompt: ["", ""], answer: ["", ""], text: ["<|im_start|>", "<|im_end|>"] },
    opensImages: false,
    thinkPrompts: {
      text:
        "You should first think about the reasoning process in the mind and then provide the user with the answer. \n" +
        "The reasoning process is enclosed within <think> </think> tags, i.e. " +
        "<think> reasoning process here </think> answer here",
      image:
        "You should first think about the planning process in the mind and then generate the image. \n" +
        "The planning process is enclosed within <think> </think> tags, i.e. " +
        "<think> planning process here </think> image here",
    },
    steps: 50,
    stepsCount: "times",
    shift: 3,
    guidanceForm: "nested",
    guidance: 4,
    imageGuidance: 1,
    guidanceInterval: [0.4, 1],
    guidanceRenormalisation: { over: "global" },
    editing: {
      imageGuidance: 2,
      guidanceInterval: [0, 1],
      guidanceRenormalisation: { over: "text_channel" },
      sizeOfImage: true,
    },
    temperature: 0,
    maxTokens: 1024,
  },
};

/**
 * bytedance/Lance: inference_lance.sh, config/config_factory.py, data/system_prompt_render.py, at 768 pixels a side. Guidance
 * is on text alone, which is measured against all but that text. It crops pictures to six aspect ratios, which we keep
 * whole. What it says of images before a question is its callers' choice; we say what its template does.
 */
export const lanceUsage: Usage = {
  images: { maxPixels: 768 ** 2 },
  vitImages: { maxPixels: 672 ** 2 },
  generation: {
    width: 768,
    height: 768,
    maxPixels: 1024 ** 2,
    markup: {
      opening: "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n",
      system: ["<|im_start|>system\n", "<|im_end|>\n"],
      prompt: ["<|im_start|>user\n", "<|im_end|>\n"],
      answer: ["<|im_start|>assistant\n", "<|im_end|>\n"],
      text: ["", ""],
    },
    steps: 30,
    shift: 3.5,
    opensImages: false,
    // data/common.py, generate_system_prompt: t2i and image_edit.
    systemPrompts: {
      draw:
        "Describe the image by detailing the color, quantity, text, shape, size, texture, spatial relationships of the objects " +
        "and background:",
      edit:
        "Describe the key features of the input image (color, shape, size, texture, objects, background), then explain how the " +
        "user’s text instruction should alter or modify the image. Generate a new image that meets the user’s requirements " +
        "while maintaining consistency with the original input where appropriate.",
    },
    guidanceForm: "nested",
    guidance: 4,
    imageGuidance: 1,
    guidanceInterval: [0.4, 1],
    guidanceRenormalisation: { over: "global" },
    withoutText: "markup",
    editing: { sizeOfImage: true },
    temperature: 0,
    maxTokens: 256,
  },
};
