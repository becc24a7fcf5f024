import type { BundleReport } from "../bundle-report.ts";
import { formatSize, isUnread } from "../words.ts";
import { html, type Html } from "./html.ts";

/** One stretch of the strip. */
interface Stretch {
  readonly label: string;
  readonly bytes: number;
  /** Of its colors in the style sheet: `c0` to `c7`, `rest`, `shared`. */
  readonly tone: string;
}

/** More would be too thin to be told apart. */
const MAX_STRETCHES = 8;

/** The strip in units of its own; the page makes it as wide as it is. */
const WIDTH = 1000;
const HEIGHT = 36;
const GAP = 2;

/** Where the bytes of the content are: what each image has alone, what they share, and the rest. */
export function drawContent(report: BundleReport): Html {
  const stretches = stretchesOf(report);
  const { total } = report.bytes;
  if (total === 0 || stretches.length === 0) {
    const why = isUnread(report) ? "What it holds could not be read." : "There is no content.";
    return html`<p>${why}</p>`;
  }
  let x = 0;
  const rectangles = stretches.map(({ bytes, tone, label }) => {
    const width = (bytes / total) * WIDTH;
    const rectangle = drawStretch({ x, width, tone }, label);
    x += width;
    return rectangle;
  });
  const says = stretches.map(({ label, bytes }) => `${label}: ${formatSize(bytes)}`).join("; ");
  return html`<svg
      class="strip"
      role="img"
      aria-label="Bytes of the content. ${says}"
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="none"
    >
      <defs>
        <pattern
          id="shared"
          width="8"
          height="8"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect class="weave" width="8" height="8" />
          <rect class="thread" width="3" height="8" />
        </pattern>
      </defs>
      ${rectangles}
    </svg>
    <ul class="legend">
      ${stretches.map((one) => legendOf(one, total))}
    </ul>`;
}

function drawStretch(
  { x, width, tone }: { x: number; width: number; tone: string },
  label: string,
): Html {
  const drawn = Math.max(width - GAP, Math.min(width, 1));
  return html`<rect
    class="${tone}"
    x="${x.toFixed(2)}"
    y="0"
    width="${drawn.toFixed(2)}"
    height="${HEIGHT}"
    ><title>${label}</title></rect
  >`;
}

function legendOf({ label, bytes, tone }: Stretch, total: number): Html {
  const share = (bytes / total) * 100;
  const percent = share > 0 && share < 1 ? "<1" : share.toFixed(0);
  return html`<li>
    <svg class="swatch" aria-hidden="true" viewBox="0 0 12 12">
      <rect class="${tone}" width="12" height="12" rx="2" />
    </svg>
    <bdi>${label}</bdi> <span class="figure">${formatSize(bytes)} · ${percent} %</span>
  </li>`;
}

function stretchesOf({ images, charts, files, bytes }: BundleReport): Stretch[] {
  const filesBytes = files.reduce((sum, { size }) => sum + size, 0);
  const largest = images.filter(({ own }) => own > 0).toSorted((a, b) => b.own - a.own);
  const alone = largest.slice(0, MAX_STRETCHES).map(({ reference, own }, index): Stretch => {
    return { label: reference, bytes: own, tone: `c${index}` };
  });
  const others = largest.slice(MAX_STRETCHES);
  const shown = [
    ...alone,
    { label: `${others.length} smaller images`, bytes: sumOf(others), tone: "rest" },
    { label: "shared by several images", bytes: bytes.shared, tone: "shared" },
    { label: "files", bytes: filesBytes, tone: "files" },
  ];
  const left = bytes.total - shown.reduce((sum, one) => sum + one.bytes, 0);
  const noun = charts.length === 0 ? "referrers" : "charts and referrers";
  return [...shown, { label: noun, bytes: left, tone: "charts" }].filter((one) => one.bytes > 0);
}

function sumOf(images: readonly { readonly own: number }[]): number {
  return images.reduce((sum, { own }) => sum + own, 0);
}

/** As wide as the page makes it where there is room, so that the weave is not stretched. */
const BAR_WIDTH = 240;

/** One image beside the largest: what it has alone, and what it shares. */
export function drawImage({ size, own }: { size: number; own: number }, largest: number): Html {
  const unit = BAR_WIDTH / Math.max(largest, 1);
  const alone = (own * unit).toFixed(2);
  const shared = ((size - own) * unit).toFixed(2);
  return html`<svg
    class="bar"
    aria-hidden="true"
    viewBox="0 0 ${BAR_WIDTH} 8"
    preserveAspectRatio="none"
  >
    <rect class="track" width="${BAR_WIDTH}" height="8" />
    <rect class="c0" width="${alone}" height="8" />
    <rect class="shared" x="${alone}" width="${shared}" height="8" />
  </svg>`;
}
