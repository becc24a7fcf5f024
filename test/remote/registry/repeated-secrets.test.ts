import { describe, expect, it } from "vitest";
import { answer, changeHead, type Fault } from "../../../fixtures/faults.ts";
import { makeLayer } from "../../../fixtures/images.ts";
import type { FaultRule } from "../../../fixtures/registry.ts";
import { basicDoor } from "../../../fixtures/token-server.ts";
import { once } from "../../../src/content/memory.ts";
import { RepositoryReferrers } from "../../../src/remote/registry/referrers.ts";
import { listTags } from "../../../src/remote/registry/tags.ts";
import type { Repository } from "../../../src/remote/registry/repository.ts";
import { refusal } from "../../refusal.ts";
import { clientOf, startRepository } from "../chart-repository/lab.ts";
import {
  fill,
  listening,
  login,
  oneLayerImage,
  read,
  repositoryOf,
  startHost,
  startRegistry,
} from "./lab.ts";

const PASSWORD = "xyzzy-plugh-1977";
const image = oneLayerImage("repeated");
const other = makeLayer("not there yet", 1000);
const PAGE = `<html><title>Hello ${PASSWORD}</title></html>`;
/** Nobody is called that. */
const ELSEWHERE = `http://${PASSWORD}.invalid/`;

const pull = (repository: Repository): Promise<unknown> => read(repository, image.layer);
const push = (repository: Repository): Promise<unknown> =>
  repository.push(other.descriptor, { from: "test", open: () => once(other.bytes) });
const look = (repository: Repository): Promise<unknown> => repository.exists(image.layer);
const list = (repository: Repository): Promise<unknown> => listTags(repository, undefined);
const referrers = (repository: Repository): Promise<unknown> =>
  new RepositoryReferrers(repository).list(image.root.descriptor.digest);
const resolve = (repository: Repository): Promise<unknown> => repository.resolve("1.0");

const blobs: FaultRule = { method: "GET", path: /\/blobs\/sha/ };
const uploads: FaultRule = { method: "POST", path: /uploads/ };
const tags: FaultRule = { path: /tags\/list/ };

type Row = readonly [
  what: string,
  misdeed: readonly [FaultRule, Fault],
  work: (repository: Repository) => Promise<unknown>,
];

const manifests: FaultRule = { path: /manifests/ };
const heads: FaultRule = { method: "HEAD", path: /blobs/ };
const elsewhere = answer(307, { Location: ELSEWHERE });
const strange = answer(
  200,
  { "Content-Type": PASSWORD },
  JSON.stringify({ mediaType: PASSWORD, schemaVersion: 2 }),
);
const strangeDigest = changeHead((headers) => {
  headers["docker-content-digest"] = `sha256:${PASSWORD}`;
  headers["content-type"] = PASSWORD;
});
const strangeList = answer(
  200,
  { "Content-Type": "application/vnd.oci.image.index.v1+json" },
  `{"manifests":[{"mediaType":"${PASSWORD}","digest":"${PASSWORD}","size":"${PASSWORD}"}]}`,
);
const strangeLogin = answer(401, {
  "WWW-Authenticate": `Bearer realm="ftp://${PASSWORD}/",service="x"`,
});
const strangeScheme = answer(202, { Location: `${PASSWORD}://x/` });

const ROWS: readonly Row[] = [
  ["leads a download to a host of that name", [blobs, elsewhere], pull],
  ["leads a question to a host of that name", [heads, elsewhere], look],
  ["sends an upload to a host of that name", [uploads, answer(202, { Location: ELSEWHERE })], push],
  ["sends an upload to an address of that scheme", [uploads, strangeScheme], push],
  ["answers a list with a page of that title", [tags, answer(200, {}, PAGE)], list],
  ["answers a list with JSON of that", [tags, answer(200, {}, `{"tags":"${PASSWORD}"}`)], list],
  ["answers a list with that alone", [tags, answer(200, {}, PASSWORD)], list],
  ["calls a manifest of that type", [manifests, strange], resolve],
  ["gives a manifest such a digest", [manifests, strangeDigest], resolve],
  ["answers with referrers of that type", [{ path: /referrers/ }, strangeList], referrers],
  ["asks for a login at such an address", [blobs, strangeLogin], pull],
];

describe("the password in what a registry says is masked where it", () => {
  it.each(ROWS)("%s", async (_what, [rule, fault], work) => {
    const registry = await startRegistry({ door: basicDoor({ alice: PASSWORD }) });
    await fill(registry, image);
    const { events, onEvent } = listening();
    const credentials = login("alice", PASSWORD);
    const repository = repositoryOf(registry, { credentials, onEvent });
    await resolve(repository);
    registry.inject(rule, fault);
    const ended = await Promise.resolve(work(repository)).catch((error: unknown) => error);
    const said = JSON.stringify([String(ended), ended, events]).toLowerCase();
    expect(said).not.toContain(PASSWORD);
  });
});

describe("the password in what others say is masked where", () => {
  it("a token server leads to a host of that name, or answers with a page of that title", async () => {
    for (const fault of [answer(307, { Location: ELSEWHERE }), answer(200, {}, PAGE)]) {
      const tokens = await startHost((request, response) =>
        fault({ request, response, proceed: () => undefined }),
      );
      const headers = { "WWW-Authenticate": `Bearer realm="${tokens.url}/token"` };
      const registry = await startRegistry({ door: () => ({ status: 401, headers }) });
      const options = {
        credentials: login("alice", PASSWORD),
        allowedTokenHosts: [tokens.host],
      };
      const error = await refusal(() => repositoryOf(registry, options).resolve("1.0"));
      expect(error.message.toLowerCase()).not.toContain(PASSWORD);
      expect(error.message).toContain("***");
    }
  });

  it("a chart repository leads to a host of that name, or answers with a page of that title", async () => {
    for (const fault of [answer(302, { Location: ELSEWHERE }), answer(200, {}, PAGE)]) {
      const charts = await startRepository();
      charts.files.set("/web.tgz", (request, response) =>
        fault({ request, response, proceed: () => undefined }),
      );
      const client = await clientOf(charts.url, {
        login: { username: "alice", password: PASSWORD },
      });
      const error = await refusal(() => client.download("web.tgz", { maxBytes: 1e6 }));
      expect(error.message.toLowerCase()).not.toContain(PASSWORD);
      expect(error.message).toContain("***");
    }
  });
});
