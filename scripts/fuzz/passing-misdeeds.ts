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
  stallAnswerAfter,
  stayMute,
  trickleAfter,
  type Fault,
} from "../../fixtures/faults.ts";
import type { MisdeedKind } from "./misdeeds.ts";

export const RETRY_AFTER = ["0", "1", "-1", "soon", "", "Thu, 01 Jan 1970 00:00:00 GMT"];

export const ODD_LOGIN = "asks for a login in an odd form";

/** Where tokens are to be had, by whoever asks for one. */
export const TOKEN_PATH = "/token";

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

/** Says 100, 102 or 103 before the answer, to whom nobody has asked for it. */
const speakFirst =
  (status: number): Fault =>
  ({ response, proceed }) => {
    if (status === 100) response.writeContinue();
    if (status === 102) response.writeProcessing();
    if (status === 103) response.writeEarlyHints({ link: "</x>; rel=preload" });
    proceed();
  };

/** Asks for a login, in one header or several, of kinds of which the client knows one or two. */
const askForLogin =
  (form: number): Fault =>
  (exchange) => {
    const bearer = `Bearer realm="http://${exchange.request.headers.host}${TOKEN_PATH}",service="x"`;
    const forms = [
      `Negotiate, ${bearer}, Basic realm="a, b"`,
      [`Basic realm="x"`, bearer],
      `NTLM, Basic realm="x\\"y"`,
      bearer.replace("Bearer", "bEARER"),
    ];
    answer(401, { "WWW-Authenticate": forms[form] })(exchange);
  };

/** A page that has nothing, and leads to the list. */
const emptyPage: Fault = ({ request, response }) => {
  const { pathname } = new URL(request.url ?? "", "http://host");
  const headers = { Link: `<${pathname}?after=nothing>; rel="next"` };
  response.writeHead(200, headers).end(JSON.stringify({ tags: null }));
};

/** A whole page that leads back to itself. */
const goRound: Fault = (exchange) =>
  changeHead((headers) => {
    headers["link"] = `<${exchange.request.url ?? ""}>; rel="next"`;
  })(exchange);

const blobs = { pull: { method: "GET", path: /blobs/ } } as const;
const tags = { list: { path: /tags/ } } as const;
const looks = { push: { method: "HEAD", path: /blobs/ } } as const;

/** What passes: the same request, or another way to the same content, goes well the next time. */
export const PASSING: Readonly<Record<string, MisdeedKind>> = {
  "hangs up": { make: () => hangUp, times: 3 },
  "loses its answer": { make: () => loseAnswer },
  "cuts its answer": { make: (random) => cutAnswerAfter(random.below(50_000)) },
  "cuts the request": { make: (random) => cutRequestAfter(1 + random.below(50_000)) },
  "is busy": {
    make: (random) => answer(429, { "Retry-After": random.of(RETRY_AFTER) }),
    times: 4,
  },
  "is down": {
    make: (random) => answer(503, { "Retry-After": random.of(RETRY_AFTER) }),
    times: 4,
  },
  fails: { make: (random) => refuse(random.of([408, 500, 502, 504]), "UNKNOWN") },
  "answers in HTML": {
    make: (random) => answer(random.of([502, 504]), {}, "<h1>Bad gateway</h1>"),
  },
  "promises too much": { make: () => promiseMore },
  "speaks before it is asked": { make: (random) => speakFirst(random.of([100, 102, 103])) },
  [ODD_LOGIN]: {
    make: (random) => askForLogin(random.below(4)),
    at: { pull: { path: /^\/v2\/$/ }, push: { path: /^\/v2\/$/ }, list: { path: /^\/v2\/$/ } },
  },
  "says nothing": { make: () => stayMute, at: { ...blobs, ...looks, ...tags } },
  "stalls in its answer": { make: (random) => stallAnswerAfter(random.below(50_000)), at: blobs },
  trickles: { make: (random) => trickleAfter(random.below(30_000)), at: blobs },
  "damages what it sends": { make: () => flipBody, at: blobs, passesOnce: true },
  "refuses ranges": {
    make: (random) => onlyRanges(answer(random.of([400, 403, 416, 501]))),
    at: blobs,
  },
  "sends another range": {
    make: () =>
      onlyRanges(
        changeHead((headers) => {
          headers["content-range"] = "bytes 3-9/10";
        }),
      ),
    at: blobs,
  },
  "ignores ranges": {
    make:
      () =>
      ({ request, proceed }) => {
        delete request.headers.range;
        proceed();
      },
    at: blobs,
  },
  "has only the beginning of a blob": {
    make: () => answer(200, { "Content-Length": 1000 }),
    at: looks,
  },
  "redirects to itself": {
    make: () => (exchange) => answer(307, { Location: exchange.request.url })(exchange),
    at: blobs,
  },
  "gives an empty page": { make: () => emptyPage, at: tags, passesOnce: true },
  "goes round in its pages": { make: () => goRound, at: tags },
  "names a tag twice": {
    make: () => answer(200, { Link: `<?after=x>; rel="next"` }, '{"tags":["1","1"]}'),
    at: tags,
    passesOnce: true,
  },
};
