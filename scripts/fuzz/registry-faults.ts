import {
  answer,
  changeHead,
  cutAnswerAfter,
  cutRequestAfter,
  flipBody,
  hangUp,
  loseAnswer,
  onlyRanges,
  refuse,
  type Fault,
} from "../../fixtures/faults.ts";
import type { FaultRule } from "../../fixtures/registry.ts";
import type { Random } from "./random.ts";

/** Something that a registry does wrong, and to which requests. */
export interface Misdeed {
  readonly what: string;
  readonly rule: FaultRule;
  readonly fault: Fault;
}

const RETRY_AFTER = ["0", "1", "-1", "soon", "", "Thu, 01 Jan 1970 00:00:00 GMT"];

/** Of what HEAD says nobody could know better. */
const promiseMore: Fault = (exchange) => {
  if (exchange.request.method === "HEAD") exchange.proceed();
  else {
    changeHead((headers) => {
      const length = headers["content-length"];
      if (length !== undefined) headers["content-length"] = String(Number(length) + 10);
    })(exchange);
  }
};

/** What passes: the same request, or another way to the same content, goes well the next time. */
const PASSING: Readonly<Record<string, (random: Random) => Fault>> = {
  "hangs up": () => hangUp,
  "loses its answer": () => loseAnswer,
  "cuts its answer": (random) => cutAnswerAfter(random.below(50_000)),
  "cuts the request": (random) => cutRequestAfter(1 + random.below(50_000)),
  "is busy": (random) => answer(429, { "Retry-After": random.of(RETRY_AFTER) }),
  "is down": (random) => answer(503, { "Retry-After": random.of(RETRY_AFTER) }),
  fails: (random) => refuse(random.of([408, 500, 502, 504]), "UNKNOWN"),
  "answers in HTML": (random) => answer(random.of([502, 504]), {}, "<h1>Bad gateway</h1>"),
  "promises too much": () => promiseMore,
  "refuses ranges": (random) => onlyRanges(answer(random.of([400, 403, 416, 501]))),
  "sends another range": () =>
    onlyRanges(
      changeHead((headers) => {
        headers["content-range"] = "bytes 3-9/10";
      }),
    ),
  "ignores ranges":
    () =>
    ({ request, proceed }) => {
      delete request.headers.range;
      proceed();
    },
};

/** What stays: no patience helps, and somebody has to hear what it was. */
const LASTING: Readonly<Record<string, (random: Random) => Fault>> = {
  "is gone": () => hangUp,
  "is down for good": (random) => answer(503, { "Retry-After": random.of(RETRY_AFTER) }),
  "denies it": (random) => refuse(random.of([400, 403, 404, 409]), "DENIED"),
  "wants a login of a kind that nobody knows": (random) =>
    answer(401, { "WWW-Authenticate": random.of(["", "Nonsense", 'Bearer realm="', "Negotiate"]) }),
  "names a token server that is none": () =>
    answer(401, { "WWW-Authenticate": 'Bearer realm="ftp://x/",service="y"' }),
  "damages all that it sends": () => flipBody,
  "sends everything elsewhere": (random) =>
    answer(307, {
      Location: random.of(["file:///etc/passwd", "http://[", "ftp://x/", "/v2/loop"]),
    }),
  "sends a part of what was asked for": () =>
    answer(206, { "Content-Range": "bytes 7-9/10" }, "789"),
  "sends nothing": () => answer(200),
};

/** Requests that a pull cannot do without. */
const PULLED: readonly FaultRule[] = [
  { path: /^\/v2\/$/ },
  { method: "HEAD", path: /manifests/ },
  { method: "GET", path: /manifests/ },
  { method: "GET", path: /blobs/ },
];

/** Requests that come in a push. */
const PUSHED: readonly FaultRule[] = [
  { path: /^\/v2\/$/ },
  { method: "HEAD", path: /blobs|manifests/ },
  { method: "POST", path: /uploads/ },
  { method: "PUT", path: /uploads/ },
  { method: "PUT", path: /manifests/ },
];

/** Misdeeds that pass, in all no more than a request may be tried. */
export function passing(random: Random, isPush: boolean): Misdeed[] {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const [name, make] = random.of(Object.entries(PASSING));
    const rule = random.of(isPush ? PUSHED : PULLED);
    return {
      what: `${name} at ${ruleName(rule)}`,
      rule: { ...rule, times: 1 },
      fault: make(random),
    };
  });
}

/** One misdeed that does not pass, of a request for content that a pull has to make. */
export function lasting(random: Random): Misdeed {
  const [name, make] = random.of(Object.entries(LASTING));
  const rule: FaultRule = { method: "GET", path: /manifests|blobs/ };
  return { what: `${name} at ${ruleName(rule)}`, rule, fault: make(random) };
}

function ruleName({ method = "any", path }: FaultRule): string {
  return `${method} ${String(path)}`;
}
