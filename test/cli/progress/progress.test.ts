import { PassThrough } from "node:stream";
import xterm from "@xterm/headless";
import { afterEach, describe, expect, it } from "vitest";
import { Progress, screenOf, type Verbosity } from "../../../src/cli/progress/progress.ts";
import type { Clock } from "../../../src/cli/progress/clock.ts";
import type { Io } from "../../../src/cli/terminal.ts";
import type { DrayEvent, StageItem } from "../../../src/events.ts";
import type { Descriptor } from "../../../src/oci/descriptor.ts";
import { digestOf } from "../../../src/oci/digest.ts";

const MIB = 1024 * 1024;

/** Time that goes by when a test says so. */
class HandClock implements Clock {
  #now = 0;
  readonly #ticking = new Map<() => void, { gap: number; next: number }>();

  now(): number {
    return this.#now;
  }

  every(gap: number, work: () => void): () => void {
    this.#ticking.set(work, { gap, next: this.#now + gap });
    return () => this.#ticking.delete(work);
  }

  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    while (this.#now < end) {
      this.#now = Math.min(end, this.#now + 100);
      for (const [work, tick] of this.#ticking) {
        if (this.#now < tick.next) continue;
        tick.next += tick.gap;
        work();
      }
    }
  }
}

interface Seat {
  readonly clock: HandClock;
  readonly progress: Progress;
  readonly stop: AbortController;
  /** Everything that was written. */
  readonly written: () => string;
  readonly resize: (columns: number, rows: number) => void;
  /** The lines that the terminal shows, from its first one on. */
  readonly screen: () => Promise<string[]>;
}

interface SeatOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Io["env"];
  readonly isTTY?: boolean;
  readonly verbosity?: Verbosity;
}

const terminals: { dispose(): void }[] = [];
afterEach(() => {
  for (const one of terminals.splice(0)) one.dispose();
});

/** Somebody in front of a real terminal, as far as its screen goes. */
async function seat({
  columns = 80,
  rows = 24,
  env = { TERM: "xterm" },
  isTTY = true,
  verbosity = "normal",
}: SeatOptions = {}): Promise<Seat> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  terminals.push(terminal);
  let written = "";
  const stderr = Object.assign(new PassThrough(), { isTTY, columns, rows });
  stderr.on("data", (chunk: Buffer) => {
    written += chunk.toString();
    // As the line discipline of a terminal has it.
    terminal.write(chunk.toString().replaceAll("\n", "\r\n"));
  });
  const clock = new HandClock();
  const stop = new AbortController();
  const stdout = new PassThrough();
  const io: Io = {
    stdin: new PassThrough(),
    stdout,
    stderr,
    env,
    licenses: () => "",
    signal: stop.signal,
  };
  return {
    clock,
    stop,
    progress: new Progress(io, { verbosity, screen: await screenOf(io), clock }),
    written: () => written,
    resize(newColumns, newRows) {
      terminal.resize(newColumns, newRows);
      Object.assign(stderr, { columns: newColumns, rows: newRows });
    },
    async screen() {
      await new Promise<void>((done) => stderr.write("", () => setImmediate(done)));
      await new Promise<void>((done) => terminal.write("", done));
      const { active } = terminal.buffer;
      const lines: string[] = [];
      for (let row = 0; row < active.length; row++) {
        lines.push(active.getLine(row)?.translateToString(true) ?? "");
      }
      while (lines.at(-1) === "") lines.pop();
      return lines;
    },
  };
}

function blob(name: string, mib: number): Descriptor {
  const digest = digestOf(Buffer.from(name));
  return { mediaType: "application/octet-stream", digest, size: mib * MIB };
}

function item(name: string, blobs: readonly Descriptor[], target = "the bundle"): StageItem {
  return { name, target, blobs: new Map(blobs.map((one) => [one.digest, one])) };
}

/** `mib` more of a blob have come, so that it is at `position`. */
function came(descriptor: Descriptor, mib: number, position: number): DrayEvent {
  const moving = { descriptor, target: "the bundle", position: position * MIB };
  return { type: "progress", bytes: mib * MIB, blob: moving };
}

/** The first `mib` of a blob went to `target`. */
function sent(descriptor: Descriptor, mib: number, target: string): DrayEvent {
  const moving = { descriptor, target, position: mib * MIB };
  return { type: "progress", bytes: mib * MIB, blob: moving };
}

const BASE = blob("base", 40);
const APP = blob("app", 10);
const WEB = blob("web", 50);
const PACKING: DrayEvent = {
  type: "stage",
  stage: "pack",
  bytes: 100 * MIB,
  items: [item("quay.io/team/app:1", [BASE, APP]), item("docker.io/library/web:2", [BASE, WEB])],
};

describe("on a terminal", () => {
  it("each image that something comes of has a line, and all together one", async () => {
    const { progress, clock, screen } = await seat();
    progress.listen(PACKING);
    progress.listen(came(BASE, 0, 0));
    progress.listen(came(WEB, 0, 0));
    for (let second = 1; second <= 5; second++) {
      clock.pass(1000);
      progress.listen(came(BASE, 4, second * 4));
      progress.listen(came(WEB, 1, second));
    }
    clock.pass(200);
    expect(await screen()).toEqual([
      "  quay.io/team/app:1       20.0 MiB of 50.0 MiB",
      "  docker.io/library/web:2  25.0 MiB of 90.0 MiB",
      "Packing 0 of 2, 25.0 MiB of 100 MiB (25 %), 6.0 MiB/s, 15 s left",
    ]);
  });

  it("a blob that two images share counts once, and an image that is whole has no line", async () => {
    const { progress, clock, screen } = await seat();
    progress.listen(PACKING);
    progress.listen(came(BASE, 40, 40));
    progress.listen({ type: "copied", descriptor: BASE, target: "the bundle" });
    progress.listen({ type: "skipped", descriptor: APP, target: "the bundle" });
    progress.listen(came(WEB, 5, 5));
    clock.pass(400);
    expect(await screen()).toEqual([
      "  docker.io/library/web:2  45.0 MiB of 90.0 MiB",
      expect.stringMatching(/^Packing 1 of 2, 55\.0 MiB of 100 MiB \(55 %\)/),
    ]);
  });

  it("a transfer that starts over is not counted twice", async () => {
    const { progress, clock, screen } = await seat();
    progress.listen(PACKING);
    progress.listen(came(WEB, 30, 30));
    progress.listen(came(WEB, 0, 0));
    progress.listen(came(WEB, 10, 10));
    clock.pass(400);
    expect((await screen()).at(-1)).toMatch(/10\.0 MiB of 100 MiB \(10 %\)/);
  });

  it("what has to go to a second place is added when it goes there, and no sooner", async () => {
    const { progress, clock, screen } = await seat();
    const items = [item("a/app:1", [BASE], "x/a"), item("b/app:1", [BASE], "x/b")];
    progress.listen({ type: "stage", stage: "push", bytes: 40 * MIB, items });
    progress.listen(sent(BASE, 40, "x/a"));
    progress.listen({ type: "copied", descriptor: BASE, target: "x/a" });
    clock.pass(400);
    expect((await screen()).at(-1)).toMatch(/1 of 2, 40\.0 MiB of 40\.0 MiB/);
    progress.listen(sent(BASE, 20, "x/b"));
    clock.pass(400);
    expect((await screen()).at(-1)).toMatch(/1 of 2, 60\.0 MiB of 80\.0 MiB/);
  });

  it("what stands still says so, and for how long", async () => {
    const { progress, clock, screen } = await seat();
    progress.listen(PACKING);
    progress.listen(came(BASE, 4, 4));
    progress.listen(came(WEB, 0, 0));
    clock.pass(9000);
    expect((await screen()).join("\n")).not.toContain("nothing");
    progress.listen(came(BASE, 4, 8));
    clock.pass(5000);
    expect(await screen()).toEqual([
      "  quay.io/team/app:1       8.0 MiB of 50.0 MiB",
      "  docker.io/library/web:2  8.0 MiB of 90.0 MiB, nothing for 14 s",
      expect.not.stringContaining("nothing"),
    ]);
    clock.pass(130_000);
    expect((await screen()).at(-1)).toMatch(/8 %\), nothing for 2 min$/);
  });

  it("what was sent whole and is not answered says that", async () => {
    const { progress, clock, screen } = await seat();
    const items = [item("a:1", [BASE], "x/a"), item("b:1", [WEB], "x/b")];
    progress.listen({ type: "stage", stage: "push", bytes: 90 * MIB, items });
    progress.listen(sent(BASE, 40, "x/a"));
    clock.pass(12_000);
    expect((await screen())[0]).toBe("  a:1  40.0 MiB of 40.0 MiB, no answer for 12 s");
    progress.listen({ type: "failed", descriptor: BASE, target: "x/a" });
    clock.pass(400);
    expect(await screen()).toEqual([expect.stringMatching(/^Pushing 0 of 2, 0 B of 90\.0 MiB/)]);
  });

  it("the time that is left does not begin with nonsense", async () => {
    const { progress, clock, screen } = await seat();
    progress.listen(PACKING);
    // Somebody thinks for half a minute, then a trickle, then the line is fast.
    clock.pass(30_000);
    const seen: string[] = [];
    for (let step = 1; step <= 40; step++) {
      progress.listen(came(WEB, step === 1 ? 0.01 : 1, step));
      clock.pass(500);
      seen.push(/, ([\d.]+ \w+) left/.exec((await screen()).at(-1) ?? "")?.[1] ?? "");
    }
    const told = seen.filter((one) => one !== "").map(Number.parseFloat);
    expect(seen.join()).not.toMatch(/min|h/);
    expect(told.length).toBeGreaterThan(25);
    // It falls as time goes by and makes no jumps.
    told.forEach((value, index) => expect(value).toBeLessThanOrEqual(told[index - 1] ?? 60));
  });

  it("a warning is said above, and what is drawn goes when all is done", async () => {
    const { progress, clock, screen } = await seat();
    progress.listen(PACKING);
    progress.listen(came(WEB, 5, 5));
    clock.pass(400);
    progress.listen({ type: "warning", message: "look here" });
    clock.pass(400);
    const lines = await screen();
    expect([lines[0], lines.length]).toEqual(["Warning: look here", 3]);
    progress.end();
    expect(await screen()).toEqual(["Warning: look here"]);
  });

  it.each([20, 34, 60])(
    "%i columns have room for each line, and names keep their ends",
    async (columns) => {
      const { progress, clock, screen } = await seat({ columns });
      const long = "registry.example.com/a/very/long/path/to/an/image:1.2.3";
      const items = [item(long, [BASE]), item("b:1", [WEB])];
      progress.listen({ type: "stage", stage: "pack", bytes: 90 * MIB, items });
      progress.listen(came(BASE, 4, 4));
      progress.listen(came(WEB, 4, 4));
      clock.pass(2000);
      const lines = await screen();
      expect(lines.length).toBe(3);
      expect(lines[2]).toMatch(/^Packing (?:0 of 2, 8\.0 MiB of 90\.0 MiB \()?8 %/);
      expect(lines[0]).toMatch(/^ {2}….*:1\.2\.3/);
    },
  );

  it("wide characters take their two columns, and none of them is cut in two", async () => {
    const { progress, clock, screen } = await seat({ columns: 40 });
    const name = "files/設定ファイルと説明書👩‍👩‍👧‍👦と証明書.tar";
    const items = [item(name, [BASE]), item("b:1", [WEB])];
    progress.listen({ type: "stage", stage: "pack", bytes: 90 * MIB, items });
    progress.listen(came(BASE, 4, 4));
    clock.pass(2000);
    const lines = await screen();
    expect(lines.length).toBe(2);
    expect(lines[0]).toMatch(/^ {2}….*証明書\.tar {2}4\.0 MiB of 40\.0 MiB$/);
  });

  it.each([
    [80, 40],
    [80, 25],
    [40, 100],
  ])(
    "a window of %i columns that becomes one of %i keeps nothing of what was drawn",
    async (before, after) => {
      const { progress, clock, screen, resize } = await seat({ columns: before });
      progress.listen({ type: "warning", message: "said before" });
      progress.listen(PACKING);
      progress.listen(came(BASE, 4, 4));
      progress.listen(came(WEB, 4, 4));
      clock.pass(2000);
      await screen();
      resize(after, 24);
      clock.pass(400);
      await screen();
      progress.end();
      expect(await screen()).toEqual(["Warning: said before"]);
    },
  );

  it("more images than there is room for are counted", async () => {
    const { progress, clock, screen } = await seat({ rows: 8 });
    const blobs = Array.from({ length: 20 }, (_, index) => blob(`b${index}`, 10));
    const items = blobs.map((one, index) => item(`image:${index}`, [one]));
    progress.listen({ type: "stage", stage: "pack", bytes: 200 * MIB, items });
    for (const one of blobs) progress.listen(came(one, 1, 1));
    clock.pass(400);
    const lines = await screen();
    expect(lines.length).toBe(6);
    expect(lines.at(-2)).toBe("  … and 16 more");
  });

  it("a name cannot move the cursor or begin a line", async () => {
    const { progress, clock, screen, written } = await seat();
    const items = [item("evil\u001b[2J\nname", [BASE]), item("b:1", [WEB])];
    progress.listen({ type: "stage", stage: "pack", bytes: 90 * MIB, items });
    progress.listen(came(BASE, 4, 4));
    clock.pass(400);
    expect(written()).not.toContain("\u001b[2J");
    expect((await screen()).length).toBe(2);
  });

  it("after Ctrl-C it says that it stops, and what a second one does", async () => {
    const { progress, clock, screen, stop } = await seat();
    progress.listen(PACKING);
    progress.listen(came(BASE, 4, 4));
    stop.abort();
    clock.pass(400);
    expect(await screen()).toEqual(["Packing: stopping; Ctrl-C again ends at once"]);
    progress.listen({ type: "stage", stage: "sync" });
    expect(await screen()).toEqual(["Waiting for the disk: stopping; that has to end first"]);
  });

  it("many charts are counted, and the one that takes long is named", async () => {
    const { progress, clock, screen } = await seat();
    const items = ["redis", "nginx", "kafka"].map((name) => ({ name }));
    progress.listen({ type: "stage", stage: "search", items });
    progress.listen({ type: "done", reference: "redis", result: "searched" });
    clock.pass(6000);
    expect(await screen()).toEqual(["Looking into charts 1 of 3, 6 s: nginx"]);
  });

  it("with --quiet nothing is drawn, and warnings are said", async () => {
    const { progress, clock, screen } = await seat({ verbosity: "quiet" });
    progress.listen(PACKING);
    progress.listen(came(BASE, 4, 4));
    clock.pass(20_000);
    progress.listen({ type: "warning", message: "look here" });
    expect(await screen()).toEqual(["Warning: look here"]);
  });
});

describe.each([
  ["where nothing is a terminal", { isTTY: false }],
  ["on a terminal that is dumb", { env: { TERM: "dumb" } }],
  ["on one of which nobody knows what it can", { env: {} }],
])("%s", (_where, options) => {
  it("there are plain lines, a few seconds apart", async () => {
    const { progress, clock, written } = await seat(options);
    progress.listen(PACKING);
    for (let second = 1; second <= 20; second++) {
      clock.pass(1000);
      progress.listen(came(WEB, 1, second));
    }
    progress.end();
    expect(written()).not.toContain("\u001b");
    expect(written().split("\n")).toEqual([
      "Packing 100 MiB",
      expect.stringMatching(/^Packing 0 of 2, 4\.0 MiB of 100 MiB/),
      expect.stringMatching(/^Packing 0 of 2, 9\.0 MiB of 100 MiB/),
      expect.stringMatching(
        /^Packing 0 of 2, 14\.0 MiB of 100 MiB \(14 %\), 1\.0 MiB\/s, 90 s left$|min left$/,
      ),
      expect.stringMatching(/^Packing 0 of 2, 19\.0 MiB of 100 MiB/),
      "",
    ]);
  });

  it("what stands still is named", async () => {
    const { progress, clock, written } = await seat(options);
    progress.listen(PACKING);
    progress.listen(came(WEB, 1, 1));
    clock.pass(15_000);
    expect(written()).toContain(
      "\n  docker.io/library/web:2: 1.0 MiB of 90.0 MiB, nothing for 15 s\n",
    );
  });

  it("an hour of it is not a line every five seconds", async () => {
    const { progress, clock, written } = await seat(options);
    progress.listen(PACKING);
    clock.pass(3_600_000);
    expect(written().split("\n").length).toBeLessThan(300);
  });
});

it("a terminal of Windows, which sets no TERM, is drawn on", async () => {
  const { progress, clock, screen } = await seat({ env: { WINDIR: "C:\\\\WINDOWS" } });
  progress.listen(PACKING);
  progress.listen(came(WEB, 1, 1));
  clock.pass(400);
  expect((await screen()).length).toBe(2);
});
