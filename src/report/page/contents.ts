import type {
  BundleReport,
  ReportedChart,
  ReportedImage,
  ReportedReferrer,
} from "../bundle-report.ts";
import { formatSize, reasonFor, weightOf } from "../words.ts";
import { html, type Html } from "./html.ts";
import { drawImage } from "./picture.ts";
import { section, tag } from "./section.ts";

export function imagesSection({ images, otherReferrers }: BundleReport): Html | undefined {
  if (images.length + otherReferrers.length === 0) return undefined;
  const largest = images.reduce((most, { size }) => Math.max(most, size), 0);
  const others = otherReferrers.map(
    (one) => html`<li>${referrer(one)} about ${code(one.subject)}</li>`,
  );
  return section(
    "Images",
    html`<ol class="items">
      ${images.map((image) => describeImage(image, largest))}
    </ol>`,
    ...(others.length === 0
      ? []
      : [
          html`<h3>About what is not in the bundle</h3>`,
          html`<ul class="items">
            ${others}
          </ul>`,
        ]),
  );
}

function describeImage(image: ReportedImage, largest: number): Html {
  const { reference, digest, platforms, referrers, kind } = image;
  return html`<li class="row">
    <div>
      <h3><bdi>${reference}</bdi></h3>
      <p>${code(digest)}</p>
      <p>
        ${kind === "image" ? undefined : tag(kind, "plain")}${platforms.map((one) =>
          tag(one, "plain"),
        )}
      </p>
      <p><bdi>${reasonFor(image)}</bdi></p>
      ${referrers.map((one) => html`<p class="muted">${referrer(one)}</p>`)}
    </div>
    <div>${drawImage(image, largest)}<bdi class="muted">${weightOf(image)}</bdi></div>
  </li>`;
}

const ROLES: Readonly<Record<ReportedReferrer["role"], string>> = {
  signature: "a signature",
  attestation: "an attestation",
  sbom: "a list of contents",
  list: "a list of referrers",
  referrer: "a referrer of another kind",
};

function referrer({ role, digest, size }: ReportedReferrer): Html {
  return html`With ${ROLES[role]} ${code(digest)}, ${formatSize(size)}`;
}

function code(text: string): Html {
  return html`<span class="code muted">${text}</span>`;
}

export function chartsSection({ charts }: BundleReport): Html | undefined {
  if (charts.length === 0) return undefined;
  return section(
    "Charts",
    html`<ul class="items">
      ${charts.map(describeChart)}
    </ul>`,
  );
}

function describeChart({ name, version, appVersion, digest, size, images }: ReportedChart): Html {
  const app = appVersion === undefined ? "" : `, application ${appVersion}`;
  const pulls = images?.map((image) => html`<li><bdi>${image}</bdi></li>`);
  return html`<li>
    <h3><bdi>${name} ${version}</bdi></h3>
    <p><bdi class="muted">${formatSize(size)}${app}</bdi></p>
    <p>${code(digest)}</p>
    ${
      pulls === undefined
        ? html`<p>What it pulls was not looked for when it was packed.</p>`
        : pulls.length === 0
          ? html`<p>It pulls no image.</p>`
          : html`<p>It pulls:</p>
              <ul>
                ${pulls}
              </ul>`
    }
  </li>`;
}

export function filesSection({ files }: BundleReport): Html | undefined {
  if (files.length === 0) return undefined;
  const rows = files.map(
    ({ path, size }) =>
      html`<tr>
        <td><bdi>${path}</bdi></td>
        <td class="figure">${formatSize(size)}</td>
      </tr>`,
  );
  return section(
    "Files",
    html`<table>
      <thead>
        <tr>
          <th scope="col">Path</th>
          <th scope="col">Size</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`,
  );
}

export function skippedSection({ skipped }: BundleReport): Html | undefined {
  if (skipped.length === 0) return undefined;
  const rows = skipped.map((one) => {
    const what = "kind" in one ? `Images of ${one.kind}` : one.image;
    const needed = "image" in one && one.needed ? tag("a chart needs it", "warning") : undefined;
    return html`<li>
      <h3><bdi>${what}</bdi> ${needed}</h3>
      <p><bdi>${one.reason}</bdi></p>
    </li>`;
  });
  return section(
    "Left out on purpose",
    html`<ul class="items">
      ${rows}
    </ul>`,
  );
}
