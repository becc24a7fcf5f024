import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { TokenServer } from "../../../fixtures/token-server.ts";
import { judgeRealm } from "../../../src/remote/registry/challenge.ts";
import {
  always,
  fill,
  login,
  oneLayerImage,
  read,
  repositoryOf,
  startHost,
  startRegistry,
} from "./lab.ts";

const registry = new URL("https://registry.example.com/");
const alice = login("alice", "secret");
const image = oneLayerImage("realm");

describe("judgeRealm() gives credentials to", () => {
  it.each([
    ["the registry itself", "https://registry.example.com/token"],
    ["another port of the same host, by https", "https://registry.example.com:8443/token"],
    ["another host of the same registrable domain", "https://auth.example.com/token"],
  ])("%s", async (_what, realm) => {
    expect(await judgeRealm(realm, { registry, allowed: [] })).toMatchObject({ trusted: true });
  });

  it("a foreign host that the user allows", async () => {
    const judged = await judgeRealm("https://login.elsewhere.org/t", {
      registry,
      allowed: ["login.elsewhere.org"],
    });
    expect(judged.trusted).toBe(true);
  });

  it("the very address of a registry that is an address", async () => {
    const local = new URL("https://10.1.2.3:5000/");
    const judged = await judgeRealm("https://10.1.2.3:5001/t", { registry: local, allowed: [] });
    expect(judged.trusted).toBe(true);
  });
});

describe("judgeRealm() asks without credentials at", () => {
  it.each([
    ["a foreign domain", "https://registry.example.org/token"],
    ["a neighbour under a shared suffix", "https://evil.github.io/token"],
    ["a host that only begins the same", "https://registry.example.com.evil.org/token"],
  ])("%s", async (_what, realm) => {
    const at = realm.includes("github") ? new URL("https://good.github.io/") : registry;
    expect(await judgeRealm(realm, { registry: at, allowed: [] })).toMatchObject({
      trusted: false,
    });
  });

  it("another port of the same host, without encryption", async () => {
    const local = new URL("http://127.0.0.1:5000/");
    const judged = await judgeRealm("http://127.0.0.1:5001/t", { registry: local, allowed: [] });
    expect(judged.trusted).toBe(false);
  });
});

describe("judgeRealm() takes http:// of the registry's own host behind TLS for https://", () => {
  it.each([
    ["https://registry.example.com", "http://registry.example.com/token"],
    ["https://registry.example.com:8443", "http://registry.example.com/token"],
  ])("at %s", async (origin, realm) => {
    const judged = await judgeRealm(realm, { registry: new URL(origin), allowed: [] });
    expect(judged).toEqual({ realm: new URL("/token", origin), trusted: true });
  });
});

describe("judgeRealm() does not even ask at", () => {
  it.each([
    ["plain http, when the registry is encrypted", "http://auth.example.com/token"],
    ["plain http on an allowed host", "http://allowed.example.org/token"],
    ["an address of clouds' own services", "https://169.254.169.254/latest/meta-data"],
    ["the same address as one number", "https://2852039166/latest"],
    ["the same address inside an IPv6 address", "https://[::ffff:169.254.169.254]/"],
    ["a link-local IPv6 address", "https://[fe80::1]/"],
    ["any other address", "https://10.0.0.8/token"],
    ["this host, when the registry is elsewhere", "https://localhost/token"],
    ["a file", "file:///etc/passwd"],
    ["an address with a login in it", "https://alice:pw@registry.example.com/"],
    ["a relative address", "/token"],
    ["nothing", ""],
  ])("%s", async (_what, realm) => {
    await expect(
      judgeRealm(realm, { registry, allowed: ["allowed.example.org"] }),
    ).rejects.toMatchObject({ code: "DRAY_AUTH_REALM_REFUSED", kind: "refused" });
  });
});

/** A registry whose token server listens on another port: for plain http, that is elsewhere. */
async function startDivided(
  tokens: TokenServer,
): Promise<{ registry: TestRegistry; tokenHost: string }> {
  const host = await startHost(tokens.listener);
  const guarded = await startRegistry({ door: tokens.door(`${host.url}/token`) });
  await fill(guarded, image);
  return { registry: guarded, tokenHost: host.host };
}

describe("a token server elsewhere", () => {
  it("is asked without credentials, and its refusal names the way out", async () => {
    const tokens = new TokenServer({ users: { alice: "secret" } });
    const { registry: divided, tokenHost } = await startDivided(tokens);
    const repository = repositoryOf(divided, { credentials: alice });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_AUTH_REALM_REFUSED",
      hint: `If this server is right, allow it with --allow-token-host ${tokenHost}.`,
    });
    expect(tokens.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it("that gives a token worth nothing is explained when the registry denies", async () => {
    const tokens = new TokenServer({ users: { alice: "secret" }, anonymous: () => undefined });
    const { registry: divided, tokenHost } = await startDivided(tokens);
    const repository = repositoryOf(divided, { credentials: alice });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_DENIED",
      hint: expect.stringContaining(`--allow-token-host ${tokenHost}`) as string,
    });
  });

  it("gets no identity token", async () => {
    const tokens = new TokenServer({ identityTokens: ["id-secret"] });
    const { registry: divided } = await startDivided(tokens);
    const credentials = always({ kind: "identity", token: "id-secret" });
    await expect(repositoryOf(divided, { credentials }).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_AUTH_REALM_REFUSED",
    });
    expect(
      tokens.seen.map(({ method, parameters }) => [method, parameters.get("refresh_token")]),
    ).toEqual([["GET", null]]);
  });

  it("gets credentials when the user allows it", async () => {
    const tokens = new TokenServer({ users: { alice: "secret" } });
    const { registry: divided, tokenHost } = await startDivided(tokens);
    const repository = repositoryOf(divided, {
      credentials: alice,
      allowedTokenHosts: [tokenHost],
    });
    await expect(repository.resolve("1.0")).resolves.toEqual(image.root.descriptor);
  });

  it("has its certificate checked, whatever the registry's is worth", async () => {
    const tokens = new TokenServer({ users: { alice: "secret" } });
    const trusted = makeCertificate(["127.0.0.1"]);
    const host = await startHost(tokens.listener, makeCertificate(["127.0.0.1"]));
    const secure = await startRegistry({ tls: trusted, door: tokens.door(`${host.url}/token`) });
    const repository = repositoryOf(secure, { credentials: alice, ca: [trusted.cert] });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringContaining(host.host) as string,
    });
    expect(tokens.seen).toEqual([]);
  });

  it("on the registry's own origin gets credentials", async () => {
    const tokens = new TokenServer({ users: { alice: "secret" } });
    const guarded = await startRegistry();
    await fill(guarded, image);
    guarded.inject({ path: /^\/token/ }, ({ request, response }) =>
      tokens.listener(request, response),
    );
    guarded.door = tokens.door(`${guarded.url}/token`);
    const repository = repositoryOf(guarded, { credentials: alice });
    await expect(repository.resolve("1.0")).resolves.toEqual(image.root.descriptor);
  });
});

describe("a token endpoint that redirects", () => {
  it("on its own host is followed with the login", async () => {
    const tokens = new TokenServer({ users: { alice: "secret" } });
    const host = await startHost((request, response) => {
      if (request.url?.startsWith("/old") !== true) return tokens.listener(request, response);
      response.writeHead(301, { Location: request.url.replace("/old", "/new") }).end();
    });
    const guarded = await startRegistry({ door: tokens.door(`${host.url}/old`) });
    await fill(guarded, image);
    const repository = repositoryOf(guarded, {
      credentials: login("alice", "secret"),
      allowedTokenHosts: [host.host],
    });
    expect(await repository.resolve("1.0")).toEqual(image.root.descriptor);
  });

  it("to another host is followed without the login, with POST not at all", async () => {
    const tokens = new TokenServer({ users: { alice: "secret" }, identityTokens: ["refresh"] });
    const other = await startHost(tokens.listener);
    const host = await startHost((request, response) => {
      request.resume();
      response.writeHead(307, { Location: `${other.url}${request.url ?? ""}` }).end();
    });
    const guarded = await startRegistry({ door: tokens.door(`${host.url}/token`) });
    await fill(guarded, image);
    const allowedTokenHosts = [host.host];
    const credentials = login("alice", "secret");
    await expect(
      repositoryOf(guarded, { credentials, allowedTokenHosts }).resolve("1.0"),
    ).rejects.toMatchObject({
      code: "DRAY_AUTH_FAILED",
      message: expect.stringContaining(`${other.host}, where it sent this on to,`) as string,
    });
    expect(tokens.seen[0]?.authorization).toBeUndefined();
    const identity = always({ kind: "identity", token: "refresh" });
    await expect(
      repositoryOf(guarded, { credentials: identity, allowedTokenHosts }).resolve("1.0"),
    ).rejects.toMatchObject({
      message: expect.stringContaining("answered 307 with a redirect") as string,
    });
    expect(tokens.seen).toHaveLength(1);
  });
});

describe("a challenge that names another scope than the path", () => {
  it("is asked for as well, and the token is good for both", async () => {
    const tokens = new TokenServer({ users: { alice: "secret" } });
    const host = await startHost(tokens.listener);
    const behind = "repository:upstream/team/app:pull";
    const door = tokens.door(`${host.url}/token`);
    const guarded = await startRegistry();
    await fill(guarded, image);
    guarded.door = (request) => {
      const denial = door(request);
      if (!request.url?.includes("/team/app/")) return denial;
      if (denial === undefined && tokens.seen.at(-1)?.scopes.includes(behind)) return undefined;
      const challenge = `Bearer realm="${host.url}/token",service="test",scope="${behind}"`;
      return { status: 401, headers: { "WWW-Authenticate": challenge } };
    };
    const repository = repositoryOf(guarded, {
      credentials: login("alice", "secret"),
      allowedTokenHosts: [host.host],
    });
    expect(await repository.resolve("1.0")).toEqual(image.root.descriptor);
    expect(tokens.seen.at(-1)?.scopes).toEqual(["repository:team/app:pull,push", behind]);
    const before = tokens.seen.length;
    await read(repository, image.layer);
    expect(tokens.seen).toHaveLength(before);
  });
});
