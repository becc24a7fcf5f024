import type { DrayEvent, Listener } from "../index.ts";
import { Pace } from "./pace.ts";
import { formatBytes } from "./table.ts";
import { printable, type Io } from "./terminal.ts";

export type Verbosity = "quiet" | "normal" | "verbose";

/** How often a line is drawn again, and how often one is added where nothing can be redrawn. */
const REDRAW_MS = 200;
const PLAIN_MS = 10_000;
/** Of a host that is waited for, a line says so no more often than this. */
const RETRY_MS = 30_000;

const STAGES: Readonly<Record<string, string>> = {
  pack: "Packing",
  verify: "Verifying",
  open: "Opening",
  push: "Pushing",
  check: "Checking what is there already",
  "read back": "Reading back",
  tag: "Tagging",
  audit: "Comparing",
  unpack: "Unpacking",
  split: "Splitting",
  "check-written": "Reading back what was written",
};

/** Shows on stderr what happens: one line that moves on a terminal, plain lines elsewhere. */
export class Progress {
  readonly #io: Io;
  readonly #verbosity: Verbosity;
  #stage = "";
  #total = 0;
  #pace = new Pace(0);
  #drawn = 0;
  #lineIsOpen = false;
  /** When each host that is waited for was last spoken of, and how often it was not. */
  readonly #waits = new Map<string, { said: number; unsaid: number }>();

  constructor(io: Io, verbosity: Verbosity) {
    this.#io = io;
    this.#verbosity = verbosity;
  }

  readonly listen: Listener = (event) => {
    if (event.type === "warning") this.#line(`Warning: ${event.message}`);
    else if (this.#verbosity !== "quiet") this.#show(event);
  };

  /** Leaves the terminal clean for whatever is printed next. */
  end(): void {
    this.#clear();
    for (const [at, { unsaid }] of this.#waits) {
      if (unsaid > 0) this.#line(`${unsaid} more ${unsaid === 1 ? "try" : "tries"} at ${at}`);
    }
    this.#waits.clear();
    this.#stage = "";
  }

  #show(event: Exclude<DrayEvent, { type: "warning" }>): void {
    switch (event.type) {
      case "stage":
        this.#begin(event.stage, event.bytes ?? 0);
        break;
      case "progress":
        this.#pace.note(event.bytes, performance.now());
        this.#draw();
        break;
      case "skipped":
      case "mounted":
        this.#pace.note(event.descriptor.size, performance.now());
        this.#verbose(`${event.type} ${event.descriptor.digest}`);
        break;
      case "copied":
        this.#verbose(`copied ${event.descriptor.digest} (${formatBytes(event.descriptor.size)})`);
        break;
      case "done":
        this.#verbose(`${event.reference}: ${event.result}`);
        break;
      case "retry":
        this.#retry(event.at, event.message);
        break;
    }
  }

  /** Eighty tries of one host are one line, and one more for each half minute. */
  #retry(at: string, message: string): void {
    const { said, unsaid } = this.#waits.get(at) ?? { said: -RETRY_MS, unsaid: 0 };
    const now = performance.now();
    if (this.#verbosity !== "verbose" && now - said < RETRY_MS) {
      this.#waits.set(at, { said, unsaid: unsaid + 1 });
      return;
    }
    this.#line(unsaid === 0 ? message : `${message} (and ${unsaid} tries before)`);
    this.#waits.set(at, { said: now, unsaid: 0 });
  }

  #begin(stage: string, total: number): void {
    this.#clear();
    this.#stage = STAGES[stage] ?? stage;
    this.#total = total;
    const now = performance.now();
    this.#pace = new Pace(now);
    this.#drawn = this.#isTerminal ? 0 : now;
    const size = total === 0 ? "" : ` ${formatBytes(total)}`;
    if (!this.#isTerminal) this.#line(`${this.#stage}${size}`);
  }

  get #isTerminal(): boolean {
    return this.#io.stderr.isTTY === true && this.#io.env["TERM"] !== "dumb";
  }

  #draw(): void {
    const now = performance.now();
    if (now - this.#drawn < (this.#isTerminal ? REDRAW_MS : PLAIN_MS)) return;
    this.#drawn = now;
    const text = `${this.#stage} ${this.#measure(now)}`;
    if (!this.#isTerminal) {
      this.#line(text);
      return;
    }
    this.#io.stderr.write(`\r${text.slice(0, (this.#io.stderr.columns ?? 80) - 1)}\u001b[K`);
    this.#lineIsOpen = true;
  }

  #measure(now: number): string {
    const { moved } = this.#pace;
    const rate = `${formatBytes(this.#pace.rate(now))}/s`;
    if (this.#total === 0) return `${formatBytes(moved)}, ${rate}`;
    const percent = Math.min(100, Math.floor((moved / this.#total) * 100));
    const left = this.#pace.secondsLeft(this.#total, now);
    const end = left === undefined ? "" : `, ${formatTime(left)} left`;
    return `${formatBytes(moved)} of ${formatBytes(this.#total)} (${percent} %), ${rate}${end}`;
  }

  #verbose(text: string): void {
    if (this.#verbosity === "verbose") this.#line(text);
  }

  #line(text: string): void {
    this.#clear();
    this.#io.stderr.write(`${printable(text)}\n`);
  }

  #clear(): void {
    if (this.#lineIsOpen) this.#io.stderr.write("\r\u001b[K");
    this.#lineIsOpen = false;
  }
}

function formatTime(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
