/** Text as HTML that shows it. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replaceAll(/[&<>"]/g, (character) => entities[character]!);
}

/** A table whose first row is its head. */
export function htmlTable([head, ...body]: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: "th" | "td") =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${row(head!, "th")}</thead><tbody>${body.map((cells) => row(cells, "td")).join("\n")}</tbody></table>`;
}

/** A page that needs nothing but itself and the files beside it. `body` is HTML. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8a8378; --right: #28a046; --wrong: #d23232; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2rem auto; padding: 0 1.5rem; }
h1, h2 { font-family: Georgia, serif; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; }
.items { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .8rem; }
.item { border: 1px solid var(--line); border-left: 4px solid var(--wrong); border-radius: .4rem; padding: .6rem; font-size: .85rem; }
.item.right { border-left-color: var(--right); }
.item img { width: 96px; height: 96px; image-rendering: pixelated; border-radius: .2rem; margin: .2rem .2rem 0 0; border: 1px solid var(--line); }
.soft { color: var(--soft); }
summary { cursor: pointer; }
`;
