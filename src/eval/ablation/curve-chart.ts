import { escapeHtml } from "../html-page.ts";
import type { Band } from "./curves.ts";

/** Curves over the same axes. */
export interface ChartPanel {
  /** What the vertical axis shows. */
  readonly axis: string;
  readonly curves: readonly { readonly label: string; readonly band: Band }[];
}

const WIDTH = 760;
const PANEL_HEIGHT = 300;
const TITLE_HEIGHT = 40;
const LEGEND_LINE = 18;
const FOOTER_HEIGHT = 20;
const MARGIN = { left: 76, right: 24, top: 14, bottom: 36 };
/** Told apart also by those who see few colours (Okabe and Ito). */
const COLOURS = ["#777777", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];
/** About so many lines across a panel. */
const TICKS = 5;
/** The beginning, where the loss falls from its first value, would flatten all that matters. */
const SKIPPED_SHARE = 0.2;

/** Panels of curves below each other, with bands over the seeds and one legend, as an SVG (Fig. 8). */
export function curveChart(title: string, steps: number, panels: readonly ChartPanel[]): string {
  const labels = [...new Set(panels.flatMap(({ curves }) => curves.map(({ label }) => label)))];
  const colourOf = (label: string) => COLOURS[labels.indexOf(label) % COLOURS.length]!;
  const legendHeight = labels.length * LEGEND_LINE + 8;
  const height = TITLE_HEIGHT + legendHeight + panels.length * PANEL_HEIGHT + FOOTER_HEIGHT;
  const legend = labels.map((label, i) => {
    const y = TITLE_HEIGHT + i * LEGEND_LINE + 6;
    return `<line x1="${MARGIN.left}" x2="${MARGIN.left + 25}" y1="${y}" y2="${y}" stroke="${colourOf(label)}" stroke-width="3"/>
<text x="${MARGIN.left + 32}" y="${y + 4}" fill="#222">${escapeHtml(label)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<title>${escapeHtml(title)}</title>
<rect width="${WIDTH}" height="${height}" fill="white"/>
<text x="${WIDTH / 2}" y="24" text-anchor="middle" font-size="15" fill="#222">${escapeHtml(title)}</text>
${legend.join("\n")}
${panels.map((panel, i) => panelSvg(panel, TITLE_HEIGHT + legendHeight + i * PANEL_HEIGHT, steps, colourOf)).join("\n")}
<text x="${WIDTH / 2}" y="${height - 8}" text-anchor="middle" fill="#444">step; bands: lowest and highest seed</text>
</svg>
`;
}

function panelSvg(
  { axis, curves }: ChartPanel,
  offset: number,
  steps: number,
  colourOf: (label: string) => string,
): string {
  const [top, bottom] = [offset + MARGIN.top, offset + PANEL_HEIGHT - MARGIN.bottom];
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const { low, high, ticks } = scaleOf(curves.flatMap(({ band }) => shownValues(band, steps)));
  const x = (step: number) => left + (step / steps) * (right - left);
  const y = (value: number) => bottom - ((value - low) / (high - low)) * (bottom - top);
  const points = (xs: readonly number[], ys: readonly number[]) =>
    xs.map((step, i) => `${x(step).toFixed(1)},${y(ys[i]!).toFixed(1)}`);
  const clip = `plot-${offset}`;
  const digits = Math.max(0, -Math.floor(Math.log10(ticks[1]! - ticks[0]!)));
  const lines = curves.map(({ label, band }) => {
    const around = [...points(band.step, band.high), ...points(band.step, band.low).reverse()].join(" ");
    return `<polygon points="${around}" fill="${colourOf(label)}" fill-opacity="0.15" clip-path="url(#${clip})"/>
<polyline points="${points(band.step, band.mean).join(" ")}" fill="none" stroke="${colourOf(label)}" stroke-width="2" clip-path="url(#${clip})"/>`;
  });
  return `<clipPath id="${clip}"><rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/></clipPath>
<g stroke="#ddd">
${ticks.map((value) => `<line x1="${left}" x2="${right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/>`).join("\n")}
</g>
<g fill="#444">
${ticks.map((value) => `<text x="${left - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value.toFixed(digits)}</text>`).join("\n")}
${[0, 0.25, 0.5, 0.75, 1].map((part) => `<text x="${x(part * steps).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${Math.round(part * steps)}</text>`).join("\n")}
<text transform="translate(16 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(axis)}</text>
</g>
${lines.join("\n")}`;
}

function shownValues({ step, low, high }: Band, steps: number): number[] {
  return step.flatMap((at, i) => (at > SKIPPED_SHARE * steps ? [low[i]!, high[i]!] : []));
}

/** Bounds with some air around the values, and round numbers between them. */
function scaleOf(values: readonly number[]): {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
} {
  const [least, most] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const pad = 0.05 * (most - least) || 0.05 * Math.abs(most) || 1;
  const [low, high] = [least - pad, most + pad];
  const power = 10 ** Math.floor(Math.log10((high - low) / TICKS));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => (high - low) / size <= TICKS)!;
  const first = Math.ceil(low / step);
  return {
    low,
    high,
    ticks: Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step),
  };
}
