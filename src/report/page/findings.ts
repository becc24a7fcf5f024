import type { Finding } from "../../finding.ts";
import type { BundleReport } from "../bundle-report.ts";
import { html, type Html } from "./html.ts";
import { section, tag } from "./section.ts";

const WEIGHT: Readonly<Record<Finding["severity"], number>> = { error: 0, warning: 1, info: 2 };

/** What was noticed, the worst first; that there is nothing is said too. */
export function findingsSection({ findings }: BundleReport): Html {
  if (findings.length === 0) {
    return section("Findings", html`<p>None: nothing was noticed.</p>`);
  }
  const sorted = findings.toSorted((a, b) => WEIGHT[a.severity] - WEIGHT[b.severity]);
  return section(
    "Findings",
    html`<ul class="items">
      ${sorted.map(describe)}
    </ul>`,
  );
}

function describe({ severity, code, message, hint }: Finding): Html {
  return html`<li>
    <p>${tag(severity, severity)} <span class="code muted">${code}</span></p>
    <p><bdi>${message}</bdi></p>
    ${hint === undefined ? undefined : html`<p class="muted"><bdi>${hint}</bdi></p>`}
  </li>`;
}
