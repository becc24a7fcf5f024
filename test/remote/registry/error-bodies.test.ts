import { describe, expect, it } from "vitest";
import { answer, onlyRanges, refuse } from "../../../fixtures/faults.ts";
import { basicDoor } from "../../../fixtures/token-server.ts";
import { contentOf } from "../../../src/content/memory.ts";
import { parseErrorBody } from "../../../src/remote/registry/error-body.ts";
import { fill, login, oneLayerImage, repositoryOf, startHost, startRegistry } from "./lab.ts";

const image = oneLayerImage("refused");
const digest = `sha256:${"a".repeat(64)}`;
const JSON_TYPE = { "Content-Type": "application/json" };
const HTML = { "Content-Type": "text/html" };

describe("what an answer says of its refusal", () => {
  it.each([
    ["one error", { errors: [{ code: "DENIED", message: "no" }] }, "DENIED: no"],
    [
      "several, each with its detail",
      {
        errors: [
          { code: "MANIFEST_BLOB_UNKNOWN", message: "blob unknown to registry", detail: digest },
          { code: "MANIFEST_INVALID", message: "manifest invalid", detail: { size: 3 } },
        ],
      },
      `MANIFEST_BLOB_UNKNOWN: blob unknown to registry [${digest}]; MANIFEST_INVALID: manifest invalid [{"size":3}]`,
    ],
    [
      "one with an empty detail",
      { errors: [{ code: "UNKNOWN", message: "unknown error", detail: {} }] },
      "UNKNOWN: unknown error",
    ],
    ["a number for a code", { errors: [{ status: 403, message: "Forbidden" }] }, "403: Forbidden"],
    ["the same twice", { errors: [{ code: "A" }, { code: "A" }] }, "A"],
    [
      "no list",
      { message: "Resource not accessible by integration" },
      "Resource not accessible by integration",
    ],
    [
      "the form of OAuth",
      { error: "invalid_scope", error_description: "no such" },
      "invalid_scope: no such",
    ],
    ["a text in the place of the list", { errors: "nope, no list", code: 42 }, "nope, no list"],
    ["one error in its place", { errors: { code: "DENIED", message: "no" } }, "DENIED: no"],
    ["what is wrong by its name", { errors: { tag: ["is taken"] } }, '[{"tag":["is taken"]}]'],
    ["nothing in its place", { errors: null, message: "quota exceeded" }, "quota exceeded"],
    ["an empty list", { errors: [], error: "Forbidden", status: 403 }, "403: Forbidden"],
    [
      "holes and texts in the list",
      { errors: [null, 7, "no room", { code: null, message: { a: 1 } }] },
      'no room; [{"a":1}]',
    ],
    [
      "the form of Google",
      { error: { code: 403, message: "Permission denied", status: "PERMISSION_DENIED" } },
      "403: Permission denied",
    ],
    ["a list by itself", [{ code: "DENIED", message: "no" }], "DENIED: no"],
    ["a text by itself", "not today", "not today"],
    ["a message of several", { message: ["one", "two"] }, '[["one","two"]]'],
    [
      "a problem document",
      { type: "about:blank", title: "Forbidden", status: 403, detail: "by policy 7" },
      "403: Forbidden [by policy 7]",
    ],
    ["details of a hub", { detail: "Too many requests" }, "[Too many requests]"],
    ["nothing that is known", { trouble: true }, ""],
  ])("is shown for %s", (_what, body, text) => {
    expect(parseErrorBody(JSON.stringify(body), "application/json").text).toBe(text);
  });

  it.each([
    [
      "<html><head><title>413 Request Entity Too Large</title></head>",
      'an HTML page, "413 Request Entity Too Large"',
    ],
    ["<!DOCTYPE html>\n<html><body>hello", "an HTML page"],
    [
      "\n<!-- squid -->\n<HTML><HEAD><TITLE>ERROR: The requested URL\n could not be retrieved</TITLE>",
      'an HTML page, "ERROR: The requested URL could not be retrieved"',
    ],
    [
      '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
      "AccessDenied: Request has expired",
    ],
    ["no healthy upstream", "no healthy upstream"],
    ["", ""],
    ["{", "{"],
  ])("is named where it is %j", (text, said) => {
    expect(parseErrorBody(text).text).toBe(said);
  });

  it("is nothing for what is nested beyond all measure", () => {
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    expect(parseErrorBody(`{"errors":[{"code":"DENIED","detail":${deep}}]}`).text).toBe("DENIED");
    expect(parseErrorBody(deep).text).toBe("");
  });

  it("repeats no password, in whatever form it comes back", async () => {
    const password = 's3cr"et\\pass';
    const registry = await startRegistry();
    registry.door = () => ({ status: 401, headers: { "WWW-Authenticate": "Basic realm=x" } });
    const body = { errors: [{ code: password, message: `not ${password}`, detail: { password } }] };
    registry.inject({ path: /manifests/ }, answer(403, JSON_TYPE, JSON.stringify(body)));
    const error: unknown = await repositoryOf(registry, { credentials: login("u", password) })
      .resolve("1.0")
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ status: 403 });
    expect(String(error)).toContain("not ***");
    expect(String(error)).not.toMatch(/s3cr|et.?.?pass/);
  });

  it("has an end, however much is said", () => {
    const errors = Array.from({ length: 500 }, (_one, index) => ({
      code: `C${index}`,
      message: "m".repeat(5000),
      detail: { long: "d".repeat(5000) },
    }));
    const { text } = parseErrorBody(JSON.stringify({ errors }));
    expect(text.length).toBeLessThan(6000);
    expect(text).toMatch(/; and 492 more$/);
  });

  it("names the content that it speaks of, wherever that stands", () => {
    const other = `sha256:${"b".repeat(64)}`;
    const body = {
      errors: [
        { code: "X", message: `no ${digest}` },
        { code: "X", detail: { digest: other } },
      ],
    };
    expect(parseErrorBody(JSON.stringify(body)).digests).toEqual([digest, other]);
  });
});

describe("a refusal of HEAD, which has no body", () => {
  it.each([403, 429])("with %i is explained by the answer to GET", async (status) => {
    const registry = await startRegistry();
    registry.inject({ path: /manifests/ }, refuse(status, "DENIED", "the trial has ended"));
    await expect(repositoryOf(registry, { retryFor: 0 }).resolve("1.0")).rejects.toMatchObject({
      status,
      message: expect.stringContaining("(DENIED: the trial has ended)") as string,
    });
  });

  it("with 403 means nothing where GET is let through", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject({ method: "HEAD" }, answer(403));
    const repository = repositoryOf(registry);
    expect(await repository.resolve("1.0")).toEqual(image.root.descriptor);
    expect(await repository.exists(image.layer)).toBe(true);
    const [get] = registry.requests("GET", /blobs/);
    expect(get?.sent).toBe(1);
  });
});

describe("a busy registry that refuses ranges", () => {
  it.each([400, 403, 416, 501])(
    "with %i to the question why it is busy is waited for",
    async (status) => {
      const registry = await startRegistry();
      await fill(registry, image);
      registry.inject({ method: "HEAD", times: 2 }, answer(429));
      registry.inject({ method: "GET" }, onlyRanges(answer(status)));
      const repository = repositoryOf(registry);
      expect(await repository.resolve("1.0")).toEqual(image.root.descriptor);
      registry.inject({ method: "HEAD", times: 2 }, answer(429));
      expect(await repository.exists(image.layer)).toBe(true);
    },
  );
});

describe("a page where a program was to answer", () => {
  it("is named, with its title, in the place of an error", async () => {
    const registry = await startRegistry();
    const page = "<html><head><title>Blocked by Zscaler</title></head></html>";
    registry.inject({ path: /manifests/ }, answer(403, HTML, page));
    await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
      message: expect.stringContaining(
        'answered 403 (an HTML page, "Blocked by Zscaler")',
      ) as string,
      hint: expect.stringContaining("a proxy stands in between") as string,
    });
  });

  it("is named in the place of a manifest", async () => {
    const registry = await startRegistry();
    registry.inject(
      { path: /manifests/ },
      answer(200, HTML, "<!doctype html><title>Sign in</title>"),
    );
    await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_FAILED",
      message: expect.stringContaining('an HTML page, "Sign in"') as string,
      hint: expect.stringContaining("a login page") as string,
    });
  });

  it("is named in the place of a registry", async () => {
    const portal = await startHost((_request, response) => {
      response.writeHead(200, HTML).end("<html><title>Welcome to the guest network</title></html>");
    });
    await expect(repositoryOf(portal).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_NOT_FOUND",
      message: expect.stringContaining('an HTML page, "Welcome to the guest network"') as string,
    });
  });

  it("is named however large it is", async () => {
    const page = `<html><title>Corporate sign-on</title>${" ".repeat(400_000)}</html>`;
    const portal = await startHost((_request, response) => {
      response.writeHead(200, HTML).end(page);
    });
    await expect(repositoryOf(portal).resolve("1.0")).rejects.toMatchObject({
      message: expect.stringContaining('"Corporate sign-on"') as string,
    });
    const registry = await startRegistry();
    registry.inject({ path: /manifests/ }, answer(403, HTML, page));
    registry.door = basicDoor({ u: "p" });
    const repository = repositoryOf(registry, { credentials: login("u", "p") });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      message: expect.stringContaining(
        'answered 403 (an HTML page, "Corporate sign-on")',
      ) as string,
    });
  });

  it("is named in the place of a token", async () => {
    const registry = await startRegistry();
    const tokens = await startHost((_request, response) => {
      response.writeHead(200, HTML).end("<html><title>Single sign-on</title></html>");
    });
    registry.door = () => ({
      status: 401,
      headers: { "WWW-Authenticate": `Bearer realm="${tokens.url}/token",service="s"` },
    });
    await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_AUTH_FAILED",
      message: expect.stringContaining('an HTML page, "Single sign-on"') as string,
    });
  });
});

describe("what a registry refuses for good", () => {
  it.each<[string, [number, string, string]]>([
    [
      "Harbor's rule",
      [412, "PRECONDITION", "Failed to process request due to 'app:1.0' configured as immutable."],
    ],
    [
      "ECR's",
      [
        400,
        "TAG_INVALID",
        "The image tag '1.0' already exists in the 'app' repository and cannot be overwritten because the repository is immutable.",
      ],
    ],
    ["Quay's", [409, "TAG_EXISTS", "conflict"]],
    ["Nexus's", [400, "UNKNOWN", "Repository does not allow updating assets: docker-hosted"]],
    [
      "Artifactory's",
      [
        403,
        "DENIED",
        "Not enough permissions to delete/overwrite artifact 'app/1.0/manifest.json'",
      ],
    ],
    [
      "a lock of ACR",
      [405, "UNSUPPORTED", "The operation is disallowed on this registry, repository or image."],
    ],
  ])("names the tag: %s", async (_what, [status, code, message]) => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT", path: /manifests/ }, refuse(status, code, message));
    const repository = repositoryOf(registry, { credentials: login("u", "p") });
    const { descriptor, bytes } = image.root;
    const pushing = repository.push(descriptor, contentOf(bytes, "test"));
    await expect(pushing).rejects.toMatchObject({
      isPermanent: true,
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining("trying again changes nothing") as string,
    });
    expect(registry.requests("PUT")).toHaveLength(1);
  });

  it.each<[string, [number, string, string]]>([
    [
      "Harbor's quota",
      [
        403,
        "DENIED",
        "adding 10 MiB of storage resource, which when updated to current usage of 95 MiB will exceed the configured upper limit of 100 MiB.",
      ],
    ],
    ["Quay's quota", [403, "DENIED", "Quota has been exceeded on namespace"]],
    ["a full disk", [507, "UNKNOWN", "Insufficient Storage"]],
  ])("names the room: %s", async (_what, [status, code, message]) => {
    const registry = await startRegistry();
    registry.inject({ method: "POST" }, refuse(status, code, message));
    const pushing = repositoryOf(registry).push(image.layer, contentOf(Buffer.alloc(0), "test"));
    await expect(pushing).rejects.toMatchObject({
      isPermanent: true,
      hint: expect.stringContaining("raises the quota") as string,
    });
    expect(registry.requests("POST")).toHaveLength(1);
  });

  it("is no passing trouble", async () => {
    const registry = await startRegistry();
    registry.inject({}, answer(503, JSON_TYPE, "{}"));
    await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
      isPermanent: false,
    });
  });
});
