import type { DrayEvent } from "../../index.ts";
import { formatBytes, plural } from "../table.ts";

/** Commands whose work stays at a registry. */
const SENDING: ReadonlySet<string | undefined> = new Set(["push", "copy"]);

/** Commands that remove what they have begun to write. */
const CLEANING: ReadonlySet<string | undefined> = new Set(["unpack", "split"]);

const ANEW = "The same command begins anew.";

/** What stays of a run that ends early, as it has told on its way. */
export class Remains {
  #kept: Extract<DrayEvent, { type: "kept" }> | undefined;
  #blobs = 0;
  #bytes = 0;
  #isNaming = false;

  note(event: DrayEvent): void {
    if (event.type === "kept") this.#kept = event;
    if (event.type === "copied" || event.type === "mounted") {
      this.#blobs += 1;
      this.#bytes += event.descriptor.size;
    }
    if (event.type === "stage") this.#isNaming ||= event.stage === "tag";
  }

  /** One or two sentences for whoever has interrupted `command`. */
  after(command: string | undefined): string {
    if (SENDING.has(command)) return this.#afterSending();
    if (command === "pack") return this.#afterPacking();
    if (CLEANING.has(command)) return `Nothing was left behind. ${ANEW}`;
    return ANEW;
  }

  #afterPacking(): string {
    if (this.#kept === undefined) {
      return "Nothing more is kept than before. The same command begins where this one did.";
    }
    const { path, bytes } = this.#kept;
    const what = bytes === undefined ? "What has come" : `What has come (${formatBytes(bytes)})`;
    return `${what} is kept in ${path}. The same command goes on where this one stopped.`;
  }

  #afterSending(): string {
    if (this.#blobs === 0) return `Nothing was sent. ${ANEW}`;
    const tags = this.#isNaming ? "some tags may be written" : "no tag is written";
    const what = `${plural(this.#blobs, "blob")} (${formatBytes(this.#bytes)})`;
    const stay = this.#blobs === 1 ? "stays" : "stay";
    return `${what} ${stay} at the registry, ${tags}. The same command goes on where this one stopped.`;
  }
}
