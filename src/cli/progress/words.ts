import { formatBytes } from "../table.ts";
import type { Screen } from "./screen.ts";
import type { ActiveItem, Stage } from "./stage.ts";

/** Nothing has come for so long: whoever looks on wants to know. */
const STALLED_MS = 10_000;

/** A stage that moves nothing says how long it takes from here on. */
const LONG_MS = 3000;

const STAGES: Readonly<Record<string, string>> = {
  search: "Looking into charts",
  resolve: "Asking registries",
  pack: "Packing",
  seal: "Sealing",
  sync: "Waiting for the disk",
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

export function nameOf({ name }: Stage): string {
  return STAGES[name] ?? name;
}

/** `Packing 12 MiB` */
export function beginning(stage: Stage): string {
  return stage.total === 0 ? nameOf(stage) : `${nameOf(stage)} ${formatBytes(stage.total)}`;
}

/** The whole stage in one line, and in fewer words where that has no room. */
export function fittingSummary(stage: Stage, now: number, screen: Screen): string {
  const { total, done } = stage;
  const whole = summary(stage, now);
  if (total === 0 || screen.widthOf(whole) <= screen.columns) return whole;
  return `${nameOf(stage)} ${percentOf(done, total)}${movement(stage, now)}`;
}

/** The whole stage in one line. */
export function summary(stage: Stage, now: number): string {
  const { total, done, items, finished } = stage;
  const counted = items.length > 1 ? ` ${finished} of ${items.length}` : "";
  if (total === 0) return `${nameOf(stage)}${counted}${movement(stage, now)}`;
  const bytes = `${formatBytes(done)} of ${formatBytes(total)} (${percentOf(done, total)})`;
  return `${nameOf(stage)}${counted === "" ? "" : `${counted},`} ${bytes}${movement(stage, now)}`;
}

/** Each item that something is on its way of, in as many columns as there are. */
export function itemLines(active: readonly ActiveItem[], screen: Screen): string[] {
  const widest = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, screen.widthOf(text)), 0);
  const states = active.map(stateOf);
  const room = Math.max(8, screen.columns - 4 - widest(states));
  const names = active.map(({ name }) => screen.shortenStart(name, room));
  const width = widest(names);
  return names.map((name, index) => {
    const gap = " ".repeat(width - screen.widthOf(name));
    return `  ${name}${gap}  ${states[index] ?? ""}`;
  });
}

function percentOf(done: number, total: number): string {
  return `${Math.min(100, Math.floor((done / total) * 100))} %`;
}

/** Who lets the others wait, for where there is no line for each. */
export function stalled(active: readonly ActiveItem[]): string[] {
  return active
    .filter(({ still }) => still >= STALLED_MS)
    .map((one) => `  ${one.name}: ${stateOf(one)}`);
}

function stateOf({ moved, total, still, isHandedOver }: ActiveItem): string {
  const bytes = `${formatBytes(moved)} of ${formatBytes(total)}`;
  if (still < STALLED_MS) return bytes;
  const time = formatTime(still / 1000);
  return isHandedOver ? `${bytes}, no answer for ${time}` : `${bytes}, nothing for ${time}`;
}

function movement(stage: Stage, now: number): string {
  const { total, done, pace, begun } = stage;
  const still = stage.still(now);
  if (total === 0) {
    const time = now - begun < LONG_MS ? "" : `, ${formatTime((now - begun) / 1000)}`;
    const moved = done === 0 ? "" : `, ${formatBytes(done)}, ${formatBytes(pace.rate(now))}/s`;
    const waiting = stage.next === undefined || time === "" ? "" : `: ${stage.next}`;
    return `${moved}${time}${waiting}`;
  }
  if (still >= STALLED_MS && done < total) return `, nothing for ${formatTime(still / 1000)}`;
  const rate = pace.rate(now);
  if (rate === 0) return "";
  const seconds = pace.secondsFor(total - done, now);
  const left = seconds === undefined || done >= total ? "" : `, ${formatLeft(seconds)} left`;
  return `, ${formatBytes(rate)}/s${left}`;
}

/** Time that went by. */
function formatTime(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Time to come, no finer than anybody can know it. */
function formatLeft(seconds: number): string {
  if (seconds < 10) return `${Math.max(1, Math.ceil(seconds))} s`;
  if (seconds < 90) return `${Math.ceil(seconds / 5) * 5} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
