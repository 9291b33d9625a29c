import { ratingClient } from "./rating-client.ts";

/** The page of ratings: no word in it tells which models are compared. */
export const RATING_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rate pictures</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/rating.css">
<script src="/rating.js" defer></script>
</head>
<body>
<header><progress value="0" max="1" aria-label="Progress"></progress><span id="counter"></span></header>
<main></main>
<footer>
<span id="status" role="status"></span>
<span><kbd>1</kbd>–<kbd>5</kbd> rate · <kbd>↑</kbd><kbd>↓</kbd> move · <kbd>Enter</kbd> next · <kbd>Backspace</kbd> back</span>
</footer>
</body>
</html>
`;

export const RATING_SCRIPT = `(${ratingClient.toString()})();\n`;

export const RATING_STYLE = `
:root { color-scheme: light dark; --ground: #f6f5f2; --card: #fff; --ink: #22201c; --soft: #716c62; --line: #dedad2; --mark: #b4531c; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #1b1a18; --card: #262421; --ink: #efece6; --soft: #a49d91; --line: #3b3833; --mark: #e58a4e; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
header, footer { display: flex; gap: 1rem; align-items: center; justify-content: space-between; padding: .7rem 1.5rem;
  color: var(--soft); font-size: .85rem; background: var(--ground); position: sticky; z-index: 1; }
header { top: 0; }
footer { bottom: 0; border-top: 1px solid var(--line); }
#status { color: var(--mark); font-weight: 600; }
progress { flex: 1; height: .4rem; appearance: none; border: 0; border-radius: 1rem; overflow: hidden; background: var(--line); }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--mark); transition: width .2s; }
progress::-moz-progress-bar { background: var(--mark); }
main { flex: 1; width: 100%; max-width: 1200px; margin: 0 auto; padding: 0 1.5rem 2rem; }
h1 { font: 600 1.6rem/1.3 Georgia, serif; text-align: center; margin: 1rem auto 1.5rem; max-width: 46rem; text-wrap: balance; }
h2 { font-size: .85rem; margin: 0; color: var(--soft); font-weight: 600; }
.cards { display: flex; flex-wrap: wrap; gap: 1.25rem; justify-content: center; }
.card { flex: 1 1 17rem; max-width: 23rem; padding: 1rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .8rem; display: flex; flex-direction: column; gap: .7rem; }
.card.active { border-color: var(--mark); }
.card img { width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: .4rem; background: var(--ground); }
.row { display: grid; gap: .3rem; }
.label { font-size: .85rem; color: var(--soft); }
.label b { color: var(--ink); text-transform: capitalize; }
.scores { display: grid; grid-template-columns: repeat(5, 1fr); gap: .3rem; padding: .2rem; border-radius: .6rem; border: 2px solid transparent; }
.scores.active { border-color: var(--mark); }
button { font: inherit; padding: .35rem 0; border: 1px solid var(--line); border-radius: .4rem; background: var(--ground);
  color: var(--ink); cursor: pointer; }
button:hover { border-color: var(--mark); }
button[aria-checked=true] { background: var(--mark); border-color: var(--mark); color: var(--card); font-weight: 700; }
kbd { padding: 0 .35em; border: 1px solid var(--line); border-radius: .3em; background: var(--card); font: inherit; }
.welcome { max-width: 30rem; margin: 12vh auto; display: grid; gap: 1rem; text-align: center; }
.welcome p { margin: 0; color: var(--soft); }
input { font: inherit; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); color: var(--ink); }
.start { padding: .6rem; background: var(--mark); color: var(--card); font-weight: 600; border: 0; }
`;
