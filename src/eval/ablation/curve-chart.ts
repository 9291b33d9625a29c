import { escapeHtml } from "../html-page.ts";
import type { VariantCurve } from "./run-study.ts";

const WIDTH = 760;
const HEIGHT = 440;
const MARGIN = { left: 70, right: 20, top: 45, bottom: 50 };
/** Told apart also by those who see few colours (Okabe and Ito). */
const COLOURS = ["#999999", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];
const TICKS = 5;
/** The beginning, where the loss falls from its first value, would flatten all that matters. */
const SKIPPED_SHARE = 0.1;

/** Curves with bands over the seeds, as an SVG (Fig. 8). */
export function curveChart(title: string, curves: readonly VariantCurve[]): string {
  const steps = Math.max(1, ...curves.flatMap(({ band }) => band.step));
  const shown = curves.flatMap(({ band }) =>
    band.step.flatMap((step, i) => (step > SKIPPED_SHARE * steps ? [band.low[i]!, band.high[i]!] : [])),
  );
  const [least, most] = shown.length > 0 ? [Math.min(...shown), Math.max(...shown)] : [0, 1];
  const pad = 0.05 * (most - least) || 0.05 * Math.abs(most) || 1;
  const [low, high] = [least - pad, most + pad];
  const x = (step: number) => MARGIN.left + (step / steps) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (loss: number) =>
    HEIGHT - MARGIN.bottom - ((loss - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const points = (xs: readonly number[], ys: readonly number[]) =>
    xs.map((step, i) => `${x(step).toFixed(1)},${y(ys[i]!).toFixed(1)}`);
  const ticks = Array.from({ length: TICKS + 1 }, (_, i) => i / TICKS);
  const lines = curves.map(({ variant, label, band }, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    const around = [...points(band.step, band.high), ...points(band.step, band.low).reverse()].join(" ");
    const top = MARGIN.top + 18 * index + 10;
    return `<g fill="${colour}" stroke="${colour}">
<polygon points="${around}" fill-opacity="0.18" stroke="none" clip-path="url(#plot)"/>
<polyline points="${points(band.step, band.mean).join(" ")}" fill="none" stroke-width="2" clip-path="url(#plot)"/>
<line x1="${WIDTH - 300}" x2="${WIDTH - 275}" y1="${top}" y2="${top}" stroke-width="3"/>
<text x="${WIDTH - 268}" y="${top + 4}" stroke="none">${escapeHtml(`${variant}: ${label}`)}</text>
</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>${escapeHtml(title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>
<clipPath id="plot"><rect x="${MARGIN.left}" y="${MARGIN.top}" width="${WIDTH - MARGIN.left - MARGIN.right}" height="${HEIGHT - MARGIN.top - MARGIN.bottom}"/></clipPath>
<text x="${WIDTH / 2}" y="24" text-anchor="middle" font-size="15">${escapeHtml(title)}</text>
<g stroke="#ddd">
${ticks.map((part) => `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(low + part * (high - low)).toFixed(1)}" y2="${y(low + part * (high - low)).toFixed(1)}"/>`).join("\n")}
</g>
<g fill="#444">
${ticks.map((part) => `<text x="${MARGIN.left - 8}" y="${(y(low + part * (high - low)) + 4).toFixed(1)}" text-anchor="end">${(low + part * (high - low)).toFixed(3)}</text>`).join("\n")}
${ticks.map((part) => `<text x="${x(part * steps).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${Math.round(part * steps)}</text>`).join("\n")}
<text x="${WIDTH / 2}" y="${HEIGHT - 12}" text-anchor="middle">step</text>
</g>
${lines.join("\n")}
</svg>
`;
}
