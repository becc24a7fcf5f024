import type { BundleReport } from "../bundle-report.ts";
import type { ReportedDelivery, ReportedPush } from "../pushes.ts";
import { count, formatSize, formatTime, OUTCOMES, RESULTS } from "../words.ts";
import { html, type Html } from "./html.ts";
import { section, tag } from "./section.ts";

/** What receipts say was pushed, and where. */
export function pushesSection({ pushes }: BundleReport): Html[] {
  return pushes.map((push) => section(`Pushed to ${push.target}`, ...describePush(push)));
}

function describePush(push: ReportedPush): Html[] {
  const { outcome, started, finished, user, host, error, artifacts, totals, receipt } = push;
  const { copied, mounted, skipped } = totals;
  return [
    html`<p>${tag(OUTCOMES[outcome], outcome === "done" ? "good" : "error")}</p>`,
    ...(error === undefined ? [] : [html`<p><bdi>${error.message}</bdi></p>`]),
    html`<p class="muted">
      <bdi
        >By ${user} on ${host}, ${formatTime(started)} to ${formatTime(finished)}; receipt
        ${receipt}.</bdi
      >
      ${count(copied.blobs, "blob")} sent (${formatSize(copied.bytes)}), ${mounted.blobs} linked,
      ${skipped.blobs} there already.
    </p>`,
    html`<table>
      <thead>
        <tr>
          <th scope="col">Packed as</th>
          <th scope="col">Is there as</th>
          <th scope="col">Result</th>
        </tr>
      </thead>
      <tbody>
        ${artifacts.map(delivery)}
      </tbody>
    </table>`,
  ];
}

function delivery({ reference, target, result, error }: ReportedDelivery): Html {
  return html`<tr>
    <td><bdi>${reference}</bdi></td>
    <td><bdi>${target}</bdi></td>
    <td>
      <span class="word">${RESULTS[result]}</span
      >${error === undefined ? undefined : html`: <bdi>${error}</bdi>`}
    </td>
  </tr>`;
}
