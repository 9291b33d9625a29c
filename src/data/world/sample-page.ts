import { encodePng } from "../png.ts";
import type { Sample } from "../sample.ts";

const STYLE = `
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 70em; background: #fafafa; color: #222; }
article { display: flex; flex-wrap: wrap; gap: .5em; align-items: center; padding: .6em; border-top: 1px solid #ddd; }
h2 { font-size: .8em; font-weight: normal; color: #888; width: 12em; margin: 0; }
p { margin: 0; padding: .3em .7em; border-radius: .8em; background: #e4e4e4; white-space: pre-wrap; max-width: 28em; }
p.loss { background: #cfe3ff; }
img { border-radius: 4px; outline: 2px solid #ccc; }
img.loss { outline-color: #4a86e8; }`;

/**
 * A page of samples for people: texts and pictures in order, blue where the model learns to produce them. Needs nothing
 * beside itself (pictures are data URIs).
 */
export async function samplePage(title: string, samples: readonly { name: string; sample: Sample }[]): Promise<string> {
  const articles = await Promise.all(samples.map(async ({ name, sample }) => article(name, sample)));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<h1>${escapeHtml(title)}</h1>
<main>
${articles.join("\n")}
</main>
</html>
`;
}

async function article(name: string, sample: Sample): Promise<string> {
  const items = sample.items.map(async (item) => {
    const mark = item.loss ? ' class="loss"' : "";
    if (item.type === "text") return `<p${mark}>${escapeHtml(item.text)}</p>`;
    const { width, height } = item.image;
    const data = Buffer.from(await encodePng(item.image)).toString("base64");
    return `<img${mark} width="${width}" height="${height}" alt="" src="data:image/png;base64,${data}">`;
  });
  return `<article><h2>${escapeHtml(name)}</h2>${(await Promise.all(items)).join("")}</article>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
