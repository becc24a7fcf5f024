import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { answer, changeHead, loseAnswer, refuse, type Fault } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, type MadeImage } from "../../fixtures/images.ts";
import type { FaultRule, TestRegistry } from "../../fixtures/registry.ts";
import { TokenServer } from "../../fixtures/token-server.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { PushIncomplete } from "../../src/delivery/incomplete.ts";
import { parseReceipt } from "../../src/delivery/receipt-schema.ts";
import { dray } from "../cli/terminal.ts";
import { refusal } from "../refusal.ts";
import {
  fill,
  oneLayerImage,
  repositoryOf,
  startHost,
  startRegistry,
} from "../remote/registry/lab.ts";
import { pushBundle, type PushChanges } from "./lab.ts";

const SIGNED = { trust: { keys: [SIGNER.publicKey] } };
const api = oneLayerImage("api");
const large = oneLayerImage("large", 9_000_000);
/** Shares its first layer with `api`. */
const shared = makeImage([makeLayer("api", 64 * 1024), makeLayer("second", 1000)]);

async function bundleOf(images: Readonly<Record<string, MadeImage>>): Promise<string> {
  return (await makeBundle({ images })).path;
}

const ONE = { "docker.io/team/api:1.0": api };
const LARGE = { "docker.io/team/large:1.0": large };

/** What is not at the target after a push; nothing if all went well. */
async function missingAfter(
  target: TestRegistry,
  images: Readonly<Record<string, MadeImage>> = ONE,
): Promise<string[]> {
  const { artifacts } = await pushBundle(await bundleOf(images), target.host, SIGNED);
  const left = artifacts.filter(({ result }) => result !== "pushed");
  target.mend();
  target.door = undefined;
  const missing = left.map((one) => one.target);
  for (const [name, { root, blobs }] of Object.entries(images)) {
    const repository = repositoryOf(target, { name: name.slice(10, name.lastIndexOf(":")) });
    for (const { descriptor } of [...blobs, root]) {
      if (!(await repository.exists(descriptor))) missing.push(descriptor.digest);
    }
  }
  return missing;
}

/** What is said of the one image that the target does not take. */
async function failure(
  target: TestRegistry,
  { images = ONE, ...changes }: PushChanges & { images?: Readonly<Record<string, MadeImage>> } = {},
): Promise<{ error?: string | undefined; hint?: string | undefined; code?: string | undefined }> {
  const path = await bundleOf(images);
  const error = await refusal(() => pushBundle(path, target.host, { ...SIGNED, ...changes }));
  return (error as PushIncomplete).report.artifacts[0] ?? {};
}

const JSON_TYPE = { "Content-Type": "application/json" };

/** Says by HEAD that it has the layer, and refuses the manifest until the layer was really sent. */
function claim(target: TestRegistry, refused: Fault): void {
  const { digest, size } = api.layer;
  let isSent = false;
  target.inject(
    { method: "HEAD", path: new RegExp(digest) },
    answer(200, { "Content-Length": size }),
  );
  target.inject({ method: "PUT", path: new RegExp(encodeURIComponent(digest)) }, ({ proceed }) => {
    isSent = true;
    proceed();
  });
  target.inject({ method: "PUT", path: /manifests/ }, (exchange) => {
    if (isSent) exchange.proceed();
    else refused(exchange);
  });
}

const { digest: layer } = api.layer;

describe("a target that says to have a layer that it has not is sent it when the manifest is refused", () => {
  it.each<[string, Fault]>([
    ["as invalid, without a reason", refuse(400, "MANIFEST_INVALID", "manifest invalid")],
    [
      "as invalid, with the name of a file",
      answer(
        400,
        JSON_TYPE,
        `{"errors":[{"code":"MANIFEST_INVALID","detail":{"description":"Failed to find blob ${layer.replace(":", "__")}"}}]}`,
      ),
    ],
    [
      "with a 404 that has no code",
      answer(
        404,
        JSON_TYPE,
        `{"errors":[{"status":404,"message":"Blob ${layer} does not exist"}]}`,
      ),
    ],
    [
      "with a code for tags, in words",
      refuse(
        400,
        "TAG_INVALID",
        `Layers with digests '[${layer}]' required for pushing do not exist`,
      ),
    ],
    ["with a code in a 400", refuse(400, "BLOB_UNKNOWN", "blob unknown to registry")],
    ["with a code in a 404", refuse(404, "MANIFEST_BLOB_UNKNOWN")],
  ])("%s", async (_how, fault) => {
    const target = await startRegistry();
    claim(target, fault);
    expect(await missingAfter(target)).toEqual([]);
  });

  it("and hears why once it has all of it and refuses it still", async () => {
    const target = await startRegistry();
    target.inject({ method: "PUT", path: /manifests/ }, refuse(400, "MANIFEST_INVALID"));
    target.inject(
      { method: "HEAD", path: new RegExp(layer) },
      answer(200, { "Content-Length": api.layer.size }),
    );
    const { hint } = await failure(target);
    expect(hint).toMatch(/^What it said to have already was sent again, whole/);
    const sent = target.requests("PUT", new RegExp(encodeURIComponent(layer)));
    expect(sent).toHaveLength(1);
  });

  it("but nothing is sent again where all of it was sent", async () => {
    const target = await startRegistry();
    target.inject({ method: "PUT", path: /manifests/ }, refuse(400, "MANIFEST_INVALID"));
    await failure(target);
    expect(target.requests("PUT", /uploads/)).toHaveLength(2);
  });

  it("as invalid after a mount that it answered with 201", async () => {
    const target = await startRegistry();
    target.inject({ method: "POST", path: /mount=/ }, answer(201));
    target.inject({ method: "PUT", path: /team\/shared\/manifests/ }, (exchange) => {
      const sent = target.requests("PUT", /team\/shared\/blobs/).map(({ path }) => path);
      if (sent.some((path) => path.includes(encodeURIComponent(layer)))) exchange.proceed();
      else refuse(400, "MANIFEST_INVALID")(exchange);
    });
    expect(await missingAfter(target, { ...ONE, "docker.io/team/shared:1.0": shared })).toEqual([]);
  });

  it("also when that shows with the tag, as the manifest is there and its blobs are lost", async () => {
    const target = await startRegistry();
    expect(await missingAfter(target)).toEqual([]);
    const { digest, size } = api.root.descriptor;
    const other = await startRegistry();
    const found = { "Content-Length": size, "Content-Type": api.root.descriptor.mediaType };
    other.inject({ path: new RegExp(`manifests/${digest}`) }, answer(200, found, api.root.bytes));
    for (const { descriptor } of api.blobs) {
      const there = answer(200, { "Content-Length": descriptor.size });
      other.inject({ method: "HEAD", path: new RegExp(`blobs/${descriptor.digest}`) }, there);
    }
    expect(await missingAfter(other)).toEqual([]);
  });
});

describe("a target that refuses a tag which it has not written", () => {
  it.each([400, 409, 412])("with %s is heard", async (status) => {
    const target = await startRegistry();
    const rule = { method: "PUT", path: /manifests\/1\.0$/ };
    target.inject(rule, refuse(status, "CONFLICT", "the tag is immutable"));
    const { error } = await failure(target);
    expect(error).toMatch(new RegExp(`^Cannot push manifest team/api:1\\.0 .*answered ${status}`));
  });
});

describe("a target that takes nothing now", () => {
  it.each<[string, Fault]>([
    [
      "403 of Harbor",
      refuse(403, "DENIED", "The system is in read only mode. Any modification is prohibited."),
    ],
    ["503 of Nexus", refuse(503, "UNKNOWN", "Repository manager is in read-only mode")],
    ["405 of distribution", refuse(405, "UNSUPPORTED", "The operation is unsupported.")],
  ])(
    "with %s is said to be read-only, and nobody is sent to make repositories",
    async (_how, fault) => {
      const target = await startRegistry();
      target.inject({ method: "POST" }, fault);
      const { hint } = await failure(target);
      expect(hint).toContain("it is read-only");
      expect(hint).not.toMatch(/Log in|--list-repositories/);
    },
  );
});

describe("a push is told what to do about", () => {
  it.each<[string, FaultRule, Fault, RegExp]>([
    [
      "a firewall of the registry",
      {},
      refuse(
        403,
        "DENIED",
        "client with IP '1.2.3.4' is not allowed access. Refer https://aka.ms/acr/firewall",
      ),
      /own firewall keeps this host out/,
    ],
    [
      "a manifest that is too large",
      { method: "PUT", path: /manifests/ },
      refuse(413, "MANIFEST_INVALID", "manifest exceeds maximum size of 262144 bytes"),
      /no manifest as large as this/,
    ],
    [
      "a token that is too large for a proxy",
      { path: /blobs/ },
      answer(
        400,
        { "Content-Type": "text/html" },
        "<html><head><title>400 Request Header Or Cookie Too Large</title></head></html>",
      ),
      /large_client_header_buffers/,
    ],
    [
      "a client certificate that is missing",
      { path: /manifests/ },
      answer(
        400,
        { "Content-Type": "text/html" },
        "<html><head><title>400 No required SSL certificate was sent</title></head></html>",
      ),
      /wants a client certificate/,
    ],
    [
      "headers that are too large to be read",
      { path: /blobs/ },
      answer(200, { "Set-Cookie": "a".repeat(40_000) }),
      /larger than 16 KiB/,
    ],
    [
      "uploads that other nodes do not know",
      { method: "PUT", path: /uploads/ },
      refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry"),
      /several of its nodes/,
    ],
    [
      "bytes that are changed on the way",
      { method: "PUT", path: /uploads/ },
      refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content"),
      /something in between changes or cuts them/,
    ],
    [
      "writes that are sent on to another name",
      { method: "POST" },
      answer(307, { Location: "https://other.example/v2/" }),
      /Name the registry as it names itself, if other\.example is right/,
    ],
  ])("%s", async (_what, ...[rule, fault, way]) => {
    const target = await startRegistry();
    target.inject(rule, fault);
    const path = await bundleOf(ONE);
    const error = await refusal(() => pushBundle(path, target.host, SIGNED));
    const hint =
      "report" in error ? (error as PushIncomplete).report.artifacts[0]?.hint : error.hint;
    expect(hint).toMatch(way);
  });

  it("https behind plain http", async () => {
    const target = await startRegistry();
    target.inject({ method: "POST" }, answer(301, { Location: `https://${target.host}/v2/` }));
    expect((await failure(target)).hint).toMatch(/leave out --plain-http/);
  });
});

describe("a push goes well where the registry", () => {
  it.each<[string, FaultRule, Fault]>([
    [
      "answers 202 to the end of an upload",
      { method: "PUT", path: /uploads/ },
      changeHead((_, status) => (status === 201 ? 202 : status)),
    ],
    [
      "loses an upload that it has just begun",
      { method: "PUT", path: /uploads/, times: 1 },
      refuse(400, "BLOB_UPLOAD_INVALID"),
    ],
    [
      "finds two uploads at once",
      { method: "PUT", path: /uploads/, times: 1 },
      refuse(409, "BLOB_UPLOAD_INVALID", "blob upload conflict"),
    ],
    [
      "finds two manifests at once",
      { method: "PUT", path: /manifests/, times: 1 },
      refuse(409, "CONFLICT", "manifest is being updated concurrently, please retry"),
    ],
    [
      "names another digest of a blob",
      { method: "PUT", path: /uploads/ },
      changeHead((headers) => void (headers["docker-content-digest"] = `sha256:${"0".repeat(64)}`)),
    ],
  ])("%s", async (_what, rule, fault) => {
    const target = await startRegistry();
    target.inject(rule, fault);
    expect(await missingAfter(target)).toEqual([]);
  });

  it.each<[string, RegExp, Fault, Fault]>([
    [
      "loses the answer to a tag, which nobody may write again",
      /manifests\/1\.0$/,
      loseAnswer,
      refuse(
        412,
        "PRECONDITION",
        "Failed to process request due to api:1.0 configured as immutable.",
      ),
    ],
    [
      "answers 500 to a tag that it has written, and 409 to the next attempt",
      /manifests\/1\.0$/,
      changeHead(() => 500),
      refuse(409, "TAG_ALREADY_EXISTS", "immutable"),
    ],
    [
      "answers 504 to a manifest that it has stored, and takes none twice",
      /manifests\/sha256:/,
      changeHead(() => 504),
      refuse(400, "ImageAlreadyExistsException", "Image with digest already exists"),
    ],
  ])("%s", async (_what, ...[path, lost, refused]) => {
    const target = await startRegistry();
    target.inject({ method: "PUT", path }, refused);
    target.inject({ method: "PUT", path, times: 1 }, lost);
    expect(await missingAfter(target)).toEqual([]);
    expect(target.requests("PUT", path)).toHaveLength(2);
  });

  it.each([
    ["gives chunks no Location and another status", 204],
    ["gives chunks no Location", 202],
  ])("%s", async (_what, status) => {
    const target = await startRegistry();
    wantChunks(target);
    target.inject(
      { method: "PATCH" },
      changeHead((headers, given) => {
        delete headers["location"];
        return given === 202 ? status : given;
      }),
    );
    expect(await missingAfter(target, LARGE)).toEqual([]);
    expect(target.requests("PATCH").length).toBeGreaterThan(1);
  });

  it("says nothing of where an upload goes on when it is asked how far that came", async () => {
    const target = await startRegistry();
    wantChunks(target);
    target.inject(
      { method: "GET", path: /uploads/ },
      changeHead((headers) => void delete headers["location"]),
    );
    target.inject({ method: "PATCH", times: 2 }, answer(502));
    expect(await missingAfter(target, LARGE)).toEqual([]);
  });

  it("lets tokens end in the middle of a blob", async () => {
    const tokens = new TokenServer({ anonymous: (scope) => scope });
    const target = await startRegistry();
    const realm = `${target.url}/token`;
    target.inject({ path: /^\/token/ }, ({ request, response }) =>
      tokens.listener(request, response),
    );
    let left = 3;
    target.inject({ method: "PUT", path: /uploads/ }, ({ proceed }) => {
      if (left-- > 0) tokens.expireAll();
      proceed();
    });
    target.door = tokens.door(realm);
    expect(await missingAfter(target)).toEqual([]);
  });

  it.each(['expires_in":"300', 'expires_in":"soon', 'expires_in":"-1'])(
    "writes %s in its tokens",
    async (field) => {
      const target = await startRegistry();
      const challenge = `Bearer realm="${target.url}/token",service="x"`;
      target.door = ({ headers }) =>
        headers.authorization === "Bearer abc"
          ? undefined
          : { status: 401, headers: { "WWW-Authenticate": challenge } };
      target.inject({ path: /^\/token/ }, answer(200, JSON_TYPE, `{"token":"abc","${field}"}`));
      expect(await missingAfter(target)).toEqual([]);
    },
  );
});

/** Takes no large blob in one request. */
function wantChunks(target: TestRegistry): void {
  target.inject({ method: "PUT", path: /uploads/ }, (exchange) => {
    const isLarge = Number(exchange.request.headers["content-length"]) > 5_000_000;
    if (isLarge) answer(405)(exchange);
    else exchange.proceed();
  });
}

describe("a target that wants a login", () => {
  it.each<[string, string[], RegExp]>([
    [
      "with a password",
      ['Basic realm="x"'],
      /^Cannot log in to \S+: it answered 401: it wants a login, and none is known$/,
    ],
    [
      "of another kind",
      ["Negotiate", "NTLM"],
      /a kind that dray does not speak \(negotiate, ntlm\)$/,
    ],
    ["and does not say which", [], /it answered 401, and does not say how to log in$/],
  ])("%s says so of all artifacts with one reason", async (_how, challenge, message) => {
    const target = await startRegistry();
    target.door = () => ({ status: 401, headers: { "WWW-Authenticate": challenge } });
    const path = await bundleOf({ ...ONE, ...LARGE });
    const error = await refusal(() => pushBundle(path, target.host, SIGNED));
    const { artifacts } = (error as PushIncomplete).report;
    expect(new Set(artifacts.map(({ error: reason, hint }) => `${reason} ${hint}`)).size).toBe(1);
    expect(artifacts[0]).toMatchObject({
      code: "DRAY_LOGIN_MISSING",
      error: expect.stringMatching(message) as string,
    });
  });
});

describe("a target whose storage does not answer from here", () => {
  it("is believed, and report, receipt and audit say of how many blobs", async () => {
    const target = await startRegistry();
    await fill(target, api, "team/api:1.0");
    const closed = await startHost(() => undefined);
    await closed.stop();
    const away = answer(307, { Location: `${closed.url}/blob` });
    target.inject({ path: /blobs\/sha256/ }, away);
    const receipt = join(await temporaryDirectory(), "receipt.json");
    const argv = ["push", await bundleOf(ONE), target.host, "--allow-unsigned", "--retry-for", "0"];
    const { code, stdout } = await dray([...argv, "--receipt", receipt]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("Size not checked of 2 blobs")]);
    const { artifacts } = parseReceipt(await readFile(receipt), receipt);
    const unchecked = artifacts[0]?.blobs.filter((one) => one.sizeUnchecked === true);
    expect(unchecked?.map(({ digest }) => digest).toSorted()).toEqual(
      api.blobs.map(({ descriptor }) => descriptor.digest).toSorted(),
    );
    const audit = await dray(["check", "--receipt", receipt, "--retry-for", "0"]);
    expect(audit.stdout).toContain("Size not checked of 2 blobs");
    target.mend();
    expect((await dray([...argv, "--receipt", receipt])).stdout).not.toContain("not checked");
  });
});

describe("a target that checks no manifest and says to have stored what it does not show", () => {
  const TWO = { ...ONE, "docker.io/team/shared:1.0": shared };
  const manifests = { method: "PUT", path: /manifests/ };
  const tags = /manifests\/1\.0$/;

  /** Takes every manifest, whatever it needs. */
  function trustManifests(target: TestRegistry): void {
    target.inject(manifests, answer(201));
    for (const [name, { root }] of Object.entries({ api, shared })) {
      const { digest, mediaType } = root.descriptor;
      const path = new RegExp(`${name}/manifests/(?:${digest}|1\\.0)$`);
      target.inject(
        { method: "GET", path },
        answer(200, { "Content-Type": mediaType }, root.bytes),
      );
    }
  }

  it("is sent after all what it has not mounted, and the receipt says sent", async () => {
    const target = await startRegistry();
    trustManifests(target);
    target.inject({ method: "POST", path: /mount=/ }, answer(201));
    target.inject({ method: "HEAD", path: /blobs\/sha256/ }, (exchange) => {
      const [repository = "", digest = ""] = (exchange.request.url ?? "").split("/blobs/");
      const sent = target.requests("PUT", new RegExp(encodeURIComponent(digest)));
      if (sent.some(({ path }) => path.startsWith(repository))) exchange.proceed();
      else refuse(404, "BLOB_UNKNOWN")(exchange);
    });
    const warnings: string[] = [];
    const report = await pushBundle(await bundleOf(TWO), target.host, {
      ...SIGNED,
      onEvent: (event) => {
        if (event.type === "warning") warnings.push(event.message);
      },
    });
    expect(report.artifacts.map(({ result }) => result)).toEqual(["pushed", "pushed"]);
    expect(report.totals.mounted.blobs).toBe(0);
    expect(warnings.join()).toMatch(
      /said that it has mounted sha256:\w+ in team\/\w+, and does not/,
    );
    const sent = target.requests("PUT", new RegExp(encodeURIComponent(layer)));
    expect(sent).toHaveLength(2);
    const confirmed = target.seen.findLastIndex(({ path }) => path.endsWith(`blobs/${layer}`));
    const tagged = target.seen.findIndex(({ method, path }) => method === "PUT" && tags.test(path));
    expect(tagged).toBeGreaterThan(confirmed);
  });

  it("writes no tag for that, and is named with the blob", async () => {
    const target = await startRegistry();
    trustManifests(target);
    const upload = { method: "PUT", path: new RegExp(`uploads.*${encodeURIComponent(layer)}`) };
    target.inject(upload, answer(201));
    const found = await failure(target);
    expect(found).toMatchObject({
      code: "DRAY_TARGET_DAMAGED",
      error: `The target does not show what it took: ${target.host}/team/api@${layer} is not there`,
      hint: expect.stringMatching(
        /^The registry said that it had stored the blob and does/,
      ) as string,
    });
    expect(target.requests("PUT", tags)).toEqual([]);
  });

  it("writes the tags of what is not concerned, and ends with 4", async () => {
    const target = await startRegistry();
    const upload = {
      method: "PUT",
      path: new RegExp(`large.*${encodeURIComponent(large.layer.digest)}`),
    };
    target.inject(upload, answer(201));
    target.inject({ method: "PUT", path: /large\/manifests/ }, answer(201));
    const path = await bundleOf({ ...ONE, ...LARGE });
    const argv = ["push", path, target.host, "--allow-unsigned", "--retry-for", "0"];
    const { code, stderr } = await dray(argv);
    expect([code, stderr]).toEqual([4, expect.stringContaining("is not there")]);
    expect(target.requests("PUT", tags).map((one) => one.path)).toEqual([
      "/v2/team/api/manifests/1.0",
    ]);
  });

  it("is asked once more where it shows late what it was sent", async () => {
    const target = await startRegistry();
    let isSent = false;
    target.inject({ method: "PUT", path: /uploads/ }, ({ proceed }) => {
      isSent = true;
      proceed();
    });
    let late = 2;
    target.inject({ method: "HEAD", path: new RegExp(layer) }, (exchange) => {
      if (isSent && late-- > 0) refuse(404, "BLOB_UNKNOWN")(exchange);
      else exchange.proceed();
    });
    expect(await missingAfter(target)).toEqual([]);
    expect(late).toBeLessThanOrEqual(0);
  });
});
