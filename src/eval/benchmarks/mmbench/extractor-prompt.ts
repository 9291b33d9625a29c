import type { Options } from "./match.ts";

const english = (question: string, options: string, answer: string): string =>
  "You are an AI assistant who will help me to match an answer with several options of a single-choice question. " +
  "You are provided with a question, several options, and an answer, and you need to find which option is most similar " +
  "to the answer. If the meaning of all options are significantly different from the answer, output Z. " +
  "Your should output a single uppercase character in A, B, C, D (if they are valid options), and Z. \n" +
  "Example 1: \n" +
  "Question: What is the main object in image?\nOptions: A. teddy bear B. rabbit C. cat D. dog\n" +
  "Answer: a cute teddy bear\nYour output: A\n" +
  "Example 2: \n" +
  "Question: What is the main object in image?\nOptions: A. teddy bear B. rabbit C. cat D. dog\n" +
  "Answer: Spider\nYour output: Z\n" +
  `Example 3: \nQuestion: ${question}?\nOptions: ${options}\nAnswer: ${answer}\nYour output: `;

const chinese = (question: string, options: string, answer: string): string =>
  "你是一个帮助我匹配答案与单选题中多个选项的 AI 助手。你会被提供：一个问题，多个选项，一个答案。" +
  "你的任务是找到与答案意义最相近的选项。如果所有选项的意义都与答案显著不同，则输出 Z。" +
  "你应该输出一个单个的大写字母，例如 A, B, C, D（如果它们是有效选项），或 Z。例 1:" +
  "问题: 图中最主要的物体是什么?\n选项: A. 泰迪熊 B. 兔子 C. 猫 D. 狗\n答案: 一只可爱的泰迪熊\n输出: A\n例 2: \n" +
  "问题: 图中最主要的物体是什么?\n选项: A. 泰迪熊 B. 兔子 C. 猫 D. 狗\n答案: 蜘蛛\n输出: Z\n" +
  `例 3: \n问题: ${question}?\n选项: ${options}\n答案: ${answer}\n输出: `;

/** What VLMEvalKit asks a language model when it cannot tell the option itself; the wording is its own, mistakes included. */
export function extractorPrompt(question: string, options: Options, answer: string): string {
  const listed = [...options].map(([letter, option]) => `${letter}. ${option}\n`).join("");
  const build = /[\u4e00-\u9fff]/.test(question) ? chinese : english;
  return build(question, `There are several options: \n${listed}`, answer);
}
