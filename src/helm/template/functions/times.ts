import { withMethods } from "../field.ts";
import { goQuote } from "../go-quote.ts";
import { CLOCK } from "../read.ts";
import { fn, type Call, type TemplateFunction } from "../signature.ts";
import { TemplateError } from "../template-error.ts";
import { Integer, integerOf, Struct, typeOf, type Value } from "../value.ts";

/** The clock stands, so that every rendering is the same. In milliseconds. */
const NOW = Date.parse("2024-01-01T00:00:00Z");

function now(call: Call): number {
  call.asked(CLOCK);
  return NOW;
}

/** Milliseconds of the times that templates have in hand, all of them in UTC. */
const moments = new WeakMap<Struct, number>();

/** A time, as far as templates use one: printed, formatted, moved and compared. */
function timeAt(moment: number): Struct {
  const time = new Struct(
    "time.Time",
    {},
    {
      text: format(moment, "2006-01-02 15:04:05 -0700 MST"),
      json: format(moment, "2006-01-02T15:04:05Z"),
    },
  );
  moments.set(time, moment);
  const of = (layout: string): bigint => BigInt(format(moment, layout));
  return withMethods(time, {
    Unix: fn([], () => Integer.int64(BigInt(Math.floor(moment / 1000)))),
    UnixNano: fn([], () => Integer.int64(BigInt(moment) * 1_000_000n)),
    Year: fn([], () => of("2006")),
    Day: fn([], () => of("2")),
    Hour: fn([], () => BigInt(new Date(moment).getUTCHours())),
    Minute: fn([], () => of("4")),
    Second: fn([], () => of("5")),
    UTC: fn([], () => time),
    Format: fn(["string"], ([layout]) => format(moment, layout)),
    String: fn([], () => time.shown.text ?? ""),
  });
}

/** True if both are times, and the same one. */
export function isSameTime(a: Value, b: Value): boolean {
  if (!(a instanceof Struct && b instanceof Struct)) return false;
  const [left, right] = [moments.get(a), moments.get(b)];
  return left !== undefined && left === right;
}

/** What is no time stands for now, as in Sprig, but for whole numbers. */
function momentOf(value: Value | undefined, call: Call): number {
  if (value instanceof Struct) return moments.get(value) ?? now(call);
  const isOther = value instanceof Integer && value.kind !== "int64";
  const seconds = isOther ? undefined : integerOf(value ?? null);
  return seconds === undefined ? now(call) : Number(seconds) * 1000;
}

/** What has to be a time. */
function timeOf(value: Value): number {
  const moment = value instanceof Struct ? moments.get(value) : undefined;
  if (moment !== undefined) return moment;
  throw new TemplateError(`expected time.Time, found ${typeOf(value)}`);
}

const date = fn(["string", "any"], ([layout, time], call) => format(momentOf(time, call), layout));
const dateIn = fn(["string", "any", "string"], ([layout, time], call) =>
  format(momentOf(time, call), layout),
);
const moved = fn(["string", "any"], ([by, time]) =>
  timeAt(timeOf(time) + (millisecondsOf(by) ?? 0)),
);
const surelyMoved = fn(["string", "any"], ([by, time]) => {
  const duration = millisecondsOf(by);
  if (duration === undefined)
    throw new TemplateError(`time: invalid duration ${JSON.stringify(by)}`);
  return timeAt(timeOf(time) + duration);
});
const parsed = fn(["string", "string"], ([, text]) => timeAt(parse(text) ?? NO_TIME));
const surelyParsed = fn(["string", "string"], ([layout, text]) => {
  const moment = parse(text);
  if (moment !== undefined) return timeAt(moment);
  throw new TemplateError(`parsing time ${goQuote(text)} as ${goQuote(layout)}: it is none`);
});

/** What Go has where there is no time. */
const NO_TIME = Date.parse("0001-01-01T00:00:00Z");

function parse(text: string): number | undefined {
  const moment = Date.parse(/\dT\d/.test(text) ? text : `${text.trim()} UTC`);
  return Number.isNaN(moment) ? undefined : moment;
}

/** Sprig's dates. https://masterminds.github.io/sprig/date.html */
export const TIMES: Readonly<Record<string, TemplateFunction>> = {
  now: fn([], (_none, call) => timeAt(now(call))),
  toDate: parsed,
  mustToDate: surelyParsed,
  dateModify: moved,
  date_modify: moved,
  mustDateModify: surelyMoved,
  must_date_modify: surelyMoved,
  date,
  dateInZone: dateIn,
  date_in_zone: dateIn,
  htmlDate: fn(["any"], ([time], call) => format(momentOf(time, call), "2006-01-02")),
  htmlDateInZone: fn(["any", "string"], ([time], call) =>
    format(momentOf(time, call), "2006-01-02"),
  ),
  unixEpoch: fn(["any"], ([time]) => String(Math.floor(timeOf(time) / 1000))),
  ago: fn(["any"], ([time], call) => durationText((now(call) - momentOf(time, call)) / 1000)),
  duration: fn(["any"], ([seconds]) => durationText(wholeSeconds(seconds))),
  durationRound: fn(["any"], ([by], call) => roundedDuration(durationOf(by, call))),
};

/** Go's units. https://pkg.go.dev/time@go1.25.0#ParseDuration */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

function millisecondsOf(text: string): number | undefined {
  const [, sign, parts] = /^([+-]?)((?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/.exec(text) ?? [];
  if (parts === undefined) return /^[+-]?0$/.test(text) ? 0 : undefined;
  let sum = 0;
  for (const [, count, unit = ""] of parts.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(count) * (UNITS[unit] ?? 0);
  }
  return sign === "-" ? -sum : sum;
}

/** Sprig takes an `int64` and a text of one; a float is nothing to it, and neither is an `int`. */
function wholeSeconds(value: Value): number {
  if (value instanceof Integer) return value.kind === "int64" ? Number(value.value) : 0;
  return typeof value === "string" && /^[+-]?\d+$/.test(value) ? Number(value) : 0;
}

/** Milliseconds of a text, of nanoseconds, or since a time. */
function durationOf(value: Value, call: Call): number {
  if (typeof value === "string") return millisecondsOf(value) ?? 0;
  if (value instanceof Struct) return now(call) - momentOf(value, call);
  return value instanceof Integer && value.kind === "int64" ? Number(value.value) / 1e6 : 0;
}

/** `1h2m3s`, as Go prints a duration of whole seconds. */
function durationText(seconds: number): string {
  const [rest, sign] = [Math.abs(seconds), seconds < 0 ? "-" : ""];
  const [hours, minutes] = [Math.floor(rest / 3600), Math.floor((rest % 3600) / 60)];
  if (hours > 0) return `${sign}${hours}h${minutes}m${rest % 60}s`;
  return minutes > 0 ? `${sign}${minutes}m${rest % 60}s` : `${sign}${rest}s`;
}

const SPANS: readonly (readonly [string, number])[] = [
  ["y", 365 * 24 * 3_600_000],
  ["mo", 30 * 24 * 3_600_000],
  ["d", 24 * 3_600_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** The largest unit alone, `3mo`. */
function roundedDuration(milliseconds: number): string {
  const [length, sign] = [Math.abs(milliseconds), milliseconds < 0 ? "-" : ""];
  const span = SPANS.find(([, size]) => length > size);
  return span === undefined ? "0s" : `${sign}${Math.floor(length / span[1])}${span[0]}`;
}

const MONTHS =
  "January February March April May June July August September October November December";
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday";

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/** Parts of a layout, the longer ones first. https://pkg.go.dev/time@go1.25.0#Layout */
const PART =
  /January|Jan|Monday|Mon|MST|2006|-07:00|-0700|Z07:00|Z0700|01|02|03|04|05|06|15|PM|pm|_2|1|2|3|4|5/g;

/** Writes a time the way Go's layouts do, which name the parts of one reference time. */
function format(moment: number, layout: string): string {
  const time = new Date(moment);
  const month = MONTHS.split(" ")[time.getUTCMonth()] ?? "";
  const day = DAYS.split(" ")[time.getUTCDay()] ?? "";
  const hour = time.getUTCHours() % 12 || 12;
  const afternoon = time.getUTCHours() >= 12;
  const parts: Readonly<Record<string, string>> = {
    January: month,
    Jan: month.slice(0, 3),
    Monday: day,
    Mon: day.slice(0, 3),
    MST: "UTC",
    "2006": String(time.getUTCFullYear()).padStart(4, "0"),
    "-07:00": "+00:00",
    "-0700": "+0000",
    "Z07:00": "Z",
    Z0700: "Z",
    "01": two(time.getUTCMonth() + 1),
    "02": two(time.getUTCDate()),
    "03": two(hour),
    "04": two(time.getUTCMinutes()),
    "05": two(time.getUTCSeconds()),
    "06": two(time.getUTCFullYear() % 100),
    "15": two(time.getUTCHours()),
    PM: afternoon ? "PM" : "AM",
    pm: afternoon ? "pm" : "am",
    _2: String(time.getUTCDate()).padStart(2, " "),
    "1": String(time.getUTCMonth() + 1),
    "2": String(time.getUTCDate()),
    "3": String(hour),
    "4": String(time.getUTCMinutes()),
    "5": String(time.getUTCSeconds()),
  };
  return layout.replace(PART, (part) => parts[part] ?? part);
}
