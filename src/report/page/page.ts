import { createHash } from "node:crypto";
import type { BundleReport } from "../bundle-report.ts";
import { count, formatSize, formatTime, isUnread, makerOf, titleOf, verdictOn } from "../words.ts";
import { changesSection } from "./changes.ts";
import { chartsSection, filesSection, imagesSection, skippedSection } from "./contents.ts";
import { html, Html } from "./html.ts";
import { drawContent } from "./picture.ts";
import { pushesSection } from "./pushes.ts";
import { findingsSection } from "./findings.ts";
import { section } from "./section.ts";
import { STYLE } from "./style.ts";

/** With what every page begins, so that a page is known from any other file. */
export const PAGE_MARK = "<!doctype html>\n<!-- dray report -->\n";

/** It is hashed as it stands: nothing may come between the tags. */
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** Nothing is loaded and nothing runs; the one style that counts is the page's own. */
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;

/** One page that needs nothing beside itself: no script, no picture, no font, no network. */
export function formatPage(report: BundleReport): string {
  const title = titleOf(report);
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="referrer" content="no-referrer" />
      <meta name="generator" content="${report.generator}" />
      <title>${title}: what is in the bundle</title>
      ${STYLE_ELEMENT}
    </head>
    <body>
      <header>
        <h1><bdi>${title}</bdi></h1>
        <p class="sub">What is in this bundle, and on whose word. ${formatTime(report.written)}</p>
        ${verdict(report)}
      </header>
      <main>
        ${identity(report)} ${figures(report)} ${findingsSection(report)} ${changesSection(report)}
        ${section("Where the bytes are", drawContent(report))} ${imagesSection(report)}
        ${chartsSection(report)} ${filesSection(report)} ${skippedSection(report)}
        ${pushesSection(report)}
      </main>
      <footer>
        <p>
          Written by ${report.generator}. Nobody has signed this page: what it says is checked again
          with
          <span class="code">dray verify</span>.
        </p>
      </footer>
    </body>
  </html>`;
  return `${PAGE_MARK}${page.text}\n`;
}

function verdict(report: BundleReport): Html {
  const { title, text } = verdictOn(report);
  return html`<div class="verdict ${report.verdict}">
    ${SIGNS[report.verdict]}
    <div><strong>${title}</strong>${text}</div>
  </div>`;
}

/** The verdict to be seen, beside its word. */
const SIGNS: Readonly<Record<BundleReport["verdict"], Html>> = {
  good: sign("M5 12.5l4.5 4.5L19 7.5"),
  unsigned: sign("M12 6.5v7M12 17v.5"),
  refused: sign("M7 7l10 10M17 7L7 17"),
};

function sign(path: string): Html {
  return html`<svg
    viewBox="0 0 24 24"
    aria-hidden="true"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
  >
    <circle cx="12" cy="12" r="10.5" />
    <path d="${path}" />
  </svg>`;
}

function identity({ bundle, signedBy }: BundleReport): Html {
  const { path, size, form, digest } = bundle;
  const maker = makerOf(bundle);
  const signers = signedBy.map(
    ({ id, from }) =>
      html`<div><span class="code">${id}</span> <bdi class="muted">${from}</bdi></div>`,
  );
  return html`<dl>
    <dt>File</dt>
    <dd><bdi>${path}</bdi>${size === 0 ? "" : `, ${formatSize(size)}`}</dd>
    <dt>Form</dt>
    <dd>${form}</dd>
    <dt>Bundle digest</dt>
    <dd class="code">${digest ?? "none"}</dd>
    <dt>Signed by</dt>
    <dd>${signers.length === 0 ? "No trusted key" : signers}</dd>
    ${
      maker === undefined
        ? ""
        : html`<dt>Made by</dt>
            <dd>${maker}</dd>`
    }
  </dl>`;
}

function figures(report: BundleReport): Html | string {
  if (isUnread(report)) return "";
  const { images, charts, files, bytes, otherReferrers } = report;
  const referrers = images.flatMap((image) => image.referrers).length + otherReferrers.length;
  const rows: readonly (readonly [string | number, string])[] = [
    [images.length, images.length === 1 ? "image" : "images"],
    [charts.length, charts.length === 1 ? "chart" : "charts"],
    [files.length, files.length === 1 ? "file" : "files"],
    [referrers, "signatures and the like"],
    [formatSize(bytes.total), `of content in ${count(bytes.blobs, "blob")}`],
  ];
  const shown = rows.filter(([figure]) => figure !== 0);
  return html`<ul class="figures">
    ${shown.map(([figure, words]) => html`<li><b>${figure}</b>${words}</li>`)}
  </ul>`;
}
