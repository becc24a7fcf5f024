import type { BundleReport } from "../bundle-report.ts";
import type { Changes, ComparedItem, ItemChange } from "../compare.ts";
import { formatSize } from "../words.ts";
import { html, type Html } from "./html.ts";
import { section } from "./section.ts";

/** What a board wants to know first, where there is something to compare with. */
export function changesSection({ since }: BundleReport): Html | undefined {
  if (since === undefined) return undefined;
  const { old, added, removed, changed, unchanged, notCompared } = since;
  const before = old.version ?? old.path;
  const rows = [
    ...changed.map(describeChange),
    ...removed.map((item) => row("−", item, "gone")),
    ...added.map((item) => row("+", item, "new")),
    ...chartNeeds(since),
  ];
  const summary = since.same
    ? html`<p>Nothing: all ${unchanged} items are as before.</p>`
    : html`<p>
        ${changed.length} changed, ${added.length} new, ${removed.length} gone, ${unchanged} as
        before. ${bytes(since)}
      </p>`;
  return section(
    `What changed since ${before}`,
    summary,
    html`<ul class="changes">
      ${rows}
    </ul>`,
    ...signers(since),
    ...notCompared.map((text) => html`<p class="muted">Not compared: <bdi>${text}</bdi></p>`),
  );
}

function row(sign: string, { kind, reference }: ComparedItem, word: string): Html {
  return html`<li>
    <span class="sign" aria-hidden="true">${sign}</span>${kind} <bdi>${reference}</bdi>
    <span class="muted">is ${word}</span>
  </li>`;
}

function describeChange(change: ItemChange): Html {
  const { kind, old, new: now, sameContent, platformsLost, platformsGained } = change;
  const details = [
    change.change === "version"
      ? `${old.version} → ${now.version}`
      : "the same name stands for something else",
    ...(sameContent ? ["the content is the same"] : []),
    ...platformsLost.map((platform) => `lost ${platform}`),
    ...platformsGained.map((platform) => `gained ${platform}`),
  ];
  return html`<li>
    <span class="sign" aria-hidden="true">~</span>${kind} <bdi>${now.reference}</bdi>
    <span class="muted"><bdi>${details.join(", ")}</bdi></span>
  </li>`;
}

function chartNeeds({ needs }: Changes): Html[] {
  return needs.map(({ chart, gained, lost }) => {
    const details = [
      ...gained.map((image) => `now pulls ${image}`),
      ...lost.map((image) => `no longer pulls ${image}`),
    ];
    return html`<li>
      <span class="sign" aria-hidden="true">~</span>chart <bdi>${chart}</bdi>
      <span class="muted"><bdi>${details.join("; ")}</bdi></span>
    </li>`;
  });
}

function bytes({ bytes: change }: Changes): string {
  if (change === undefined) return "";
  const { added, shared, removed } = change;
  return `${formatSize(added)} of content is new, ${formatSize(shared)} in both, ${formatSize(removed)} gone.`;
}

function signers({ signers: change }: Changes): Html[] {
  if (change === undefined) return [];
  return [
    ...change.added.map((id) => html`<p>Newly signed by <span class="code">${id}</span></p>`),
    ...change.removed.map((id) => html`<p>No longer signed by <span class="code">${id}</span></p>`),
  ];
}
