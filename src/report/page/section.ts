import type { Finding } from "../../finding.ts";
import { html, type Html } from "./html.ts";

/** A part of the page under its heading. */
export function section(title: string, ...content: readonly Html[]): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

/** A word in a colored field; what it says does not depend on the color. */
export function tag(word: string, tone: Finding["severity"] | "good" | "plain"): Html {
  return html`<span class="tag ${tone}">${word}</span>`;
}
