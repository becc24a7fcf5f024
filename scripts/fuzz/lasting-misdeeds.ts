import {
  answer,
  flipBody,
  hangUp,
  refuse,
  stallAnswerAfter,
  stayMute,
  trickleAfter,
  type Fault,
} from "../../fixtures/faults.ts";
import type { MisdeedKind } from "./misdeeds.ts";
import { RETRY_AFTER } from "./passing-misdeeds.ts";

/** A registry that repeats what it was sent, in each place that may be shown. */
const repeat =
  (form: number): Fault =>
  (exchange) => {
    const { authorization = "nothing" } = exchange.request.headers;
    const [, secret = ""] = authorization.split(" ");
    const login = Buffer.from(secret, "base64")
      .toString("latin1")
      .replace(/[^!-~]/g, "");
    const bodies = [
      JSON.stringify({ errors: [{ code: secret, message: `got ${authorization}` }] }),
      `<html><title>${login}</title></html>`,
      `<Error><Code>X</Code><Message>${secret} ${login}</Message></Error>`,
      `you are ${login}`,
    ];
    const headers = { Warning: `299 - "${secret} of ${login} is weak"` };
    answer(400, form < bodies.length ? {} : headers, bodies[form] ?? "")(exchange);
  };

/** Page after page, each with what `tagsOf` gives it. */
const endless =
  (tagsOf: (page: number) => unknown): Fault =>
  ({ request, response }) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://host");
    const page = Number(searchParams.get("page") ?? 0) + 1;
    response.writeHead(200, { Link: `<${pathname}?page=${page}>; rel="next"` });
    response.end(JSON.stringify({ tags: tagsOf(page) }));
  };

const manyTags = (page: number): string[] =>
  Array.from({ length: 2000 }, (_, at) => `v${page}-${at}`);

const LONG_PAGE = JSON.stringify({ tags: Array.from({ length: 110_000 }, (_, at) => `v${at}`) });

const reads = { pull: { method: "GET", path: /manifests|blobs/ } } as const;
const blobs = { pull: { method: "GET", path: /blobs/ } } as const;
const opens = { push: { method: "POST", path: /uploads/ } } as const;
const tags = { list: { path: /tags/ } } as const;

/** What stays: no patience helps, and somebody has to hear what it was. */
export const LASTING: Readonly<Record<string, MisdeedKind>> = {
  "is gone": { make: () => hangUp },
  "is down for good": {
    make: (random) => answer(503, { "Retry-After": random.of(RETRY_AFTER) }),
  },
  "never says anything": { make: () => stayMute, at: { ...reads, ...opens, ...tags } },
  "denies it": { make: (random) => refuse(random.of([400, 403, 404, 409]), "DENIED") },
  "wants a login of a kind that nobody knows": {
    make: (random) =>
      answer(401, {
        "WWW-Authenticate": random.of(["", "Nonsense", 'Bearer realm="', "Negotiate"]),
      }),
  },
  "names a token server that is none": {
    make: () => answer(401, { "WWW-Authenticate": 'Bearer realm="ftp://x/",service="y"' }),
  },
  "repeats what it was sent": { make: (random) => repeat(random.below(5)) },
  "damages all that it sends": { make: () => flipBody, at: reads },
  "stalls in every answer": { make: () => stallAnswerAfter(10), at: blobs },
  "trickles for good": { make: () => trickleAfter(10), at: blobs },
  "sends everything elsewhere": {
    make: (random) =>
      answer(307, {
        Location: random.of(["file:///etc/passwd", "http://[", "ftp://x/", "/v2/loop"]),
      }),
    at: { ...reads, ...tags },
  },
  "sends a part of what was asked for": {
    make: () => answer(206, { "Content-Range": "bytes 7-9/10" }, "789"),
    at: reads,
  },
  "sends nothing": { make: () => answer(200), at: { ...reads, ...tags } },
  "opens uploads nowhere": {
    make: (random) =>
      answer(202, random.of([{}, { Location: "ftp://x/" }, { Location: "http://[" }])),
    at: opens,
  },
  "takes blobs and keeps none": {
    make: () => answer(201),
    at: { push: { method: "PUT", path: /uploads/ } },
  },
  "has pages without end": { make: () => endless(manyTags), at: tags },
  "has empty pages without end": {
    make: (random) => endless(() => random.of([[], null])),
    at: tags,
  },
  "has more tags than anybody": { make: () => answer(200, {}, LONG_PAGE), at: tags },
  "lists what is no list": {
    make: (random) =>
      answer(200, {}, random.of(['{"tags":"1"}', '{"tags":[1]}', "[]", '{"tags":["1"]', "\u0000"])),
    at: tags,
  },
};
