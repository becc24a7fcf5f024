import type { DrayEvent, Listener } from "../../index.ts";
import { tell } from "../color.ts";
import { formatBytes } from "../table.ts";
import { canRedraw, printable, type Io } from "../terminal.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { Remains } from "./remains.ts";
import { Retries } from "./retries.ts";
import type { Screen } from "./screen.ts";
import { Stage } from "./stage.ts";
import { beginning, fittingSummary, itemLines, nameOf, stalled, summary } from "./words.ts";

export type Verbosity = "quiet" | "normal" | "verbose";

interface ProgressOptions {
  readonly verbosity: Verbosity;
  /** Undefined where nothing can be drawn over. */
  readonly screen: Screen | undefined;
  /** @default the system's */
  readonly clock?: Clock;
}

/** The end of a terminal's screen. What knows how wide characters are is loaded for it alone: it takes 12 ms. */
export async function screenOf(io: Io): Promise<Screen | undefined> {
  if (!canRedraw(io)) return undefined;
  const { Screen: Lines } = await import("./screen.ts");
  return new Lines(io.stderr);
}

/** How often a terminal's last lines are drawn again. */
const REDRAW_MS = 200;

/** Elsewhere a line is added after so long: more often in the first minute. */
const EARLY_MS = 5000;
const EARLY_UNTIL_MS = 60_000;
const LATER_MS = 15_000;

/** Lines of items; whoever packs hundreds of images does not look at each. */
const MAX_ITEMS = 8;

/** Stages that are mostly over before anybody has read their name. */
const BRIEF: ReadonlySet<string> = new Set(["search", "resolve", "seal", "sync"]);

/**
 * Shows on stderr what happens. A terminal has a line for each item that something is on its way of, and
 * one for all; elsewhere there is a line every few seconds.
 */
export class Progress {
  readonly #io: Io;
  readonly #verbosity: Verbosity;
  readonly #clock: Clock;
  /** Undefined where nothing can be drawn over. */
  readonly #screen: Screen | undefined;
  readonly #retries: Retries;
  readonly remains = new Remains();
  #stage: Stage | undefined;
  #shown = 0;
  #stop = (): void => {};

  constructor(io: Io, { verbosity, screen, clock = SYSTEM_CLOCK }: ProgressOptions) {
    this.#io = io;
    this.#verbosity = verbosity;
    this.#clock = clock;
    this.#screen = screen;
    this.#retries = new Retries((text) => this.#line(text), verbosity === "verbose");
  }

  readonly listen: Listener = (event) => {
    this.remains.note(event);
    if (event.type === "warning") this.#line(`Warning: ${event.message}`);
    else if (event.type !== "kept" && this.#verbosity !== "quiet") this.#show(event);
  };

  /** Leaves the terminal clean for whatever is printed next. */
  end(): void {
    this.#stop();
    this.#stage = undefined;
    this.#screen?.clear();
    this.#retries.end();
  }

  #show(event: Exclude<DrayEvent, { type: "warning" | "kept" }>): void {
    const now = this.#clock.now();
    switch (event.type) {
      case "stage":
        this.#begin(new Stage(event, now), now);
        break;
      case "progress":
        this.#stage?.moved(event, now);
        this.#update();
        break;
      case "skipped":
      case "mounted":
      case "copied":
      case "failed":
        this.#stage?.settled(event, now);
        this.#verbose(
          `${event.type} ${event.descriptor.digest} (${formatBytes(event.descriptor.size)})`,
        );
        break;
      case "done":
        this.#stage?.itemDone(event.reference, now);
        this.#verbose(`${event.reference}: ${event.result}`);
        this.#update();
        break;
      case "retry":
        this.#retries.note(event, now);
        break;
    }
  }

  #begin(stage: Stage, now: number): void {
    this.#stop();
    this.#stop = this.#clock.every(REDRAW_MS, () => this.#update());
    this.#screen?.clear();
    this.#stage = stage;
    this.#shown = now;
    if (this.#screen !== undefined) this.#draw(this.#screen, now);
    else if (!BRIEF.has(stage.name)) this.#line(beginning(stage));
  }

  /** Shows how far it is, if that was not shown a moment ago. */
  #update(): void {
    const now = this.#clock.now();
    const stage = this.#stage;
    if (stage === undefined) return;
    if (this.#screen !== undefined) {
      if (now - this.#shown >= REDRAW_MS) this.#draw(this.#screen, now);
      return;
    }
    const gap = now - stage.begun < EARLY_UNTIL_MS ? EARLY_MS : LATER_MS;
    if (now - this.#shown < gap) return;
    this.#shown = now;
    this.#line(summary(stage, now));
    for (const line of stalled(stage.active(now))) this.#line(line);
  }

  #draw(screen: Screen, now: number): void {
    this.#shown = now;
    if (this.#stage === undefined) return;
    screen.draw(this.#lines(this.#stage, screen, now).map(oneLine));
  }

  #lines(stage: Stage, screen: Screen, now: number): string[] {
    if (this.#io.signal.aborted) return [stopping(stage)];
    const active = stage.items.length > 1 ? stage.active(now) : [];
    const most = Math.min(MAX_ITEMS, screen.rows - 1);
    const more = active.length - most;
    const lines = itemLines(active.slice(0, more > 0 ? Math.max(0, most - 1) : most), screen);
    if (more > 0 && most > 0) lines.push(`  … and ${active.length - lines.length} more`);
    return [...lines, fittingSummary(stage, now, screen)];
  }

  #verbose(text: string): void {
    if (this.#verbosity === "verbose") this.#line(text);
  }

  #line(text: string): void {
    this.#screen?.clear();
    tell("stderr", `${text}\n`, this.#io);
  }
}

/** What a disk has been given nobody can take back, and the system ends no program before. */
function stopping(stage: Stage): string {
  const rest = stage.name === "sync" ? "that has to end first" : "Ctrl-C again ends at once";
  return `${nameOf(stage)}: stopping; ${rest}`;
}

function oneLine(text: string): string {
  return printable(text).replaceAll("\n", " ");
}
