import { randomBytes, sign } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { makeCertificate } from "../../fixtures/certificates.ts";
import type { DockerRegistry } from "../../fixtures/docker-registry.ts";
import { makeImage, makeLayer, type MadeImage } from "../../fixtures/images.ts";
import type { KeyAndCertificate } from "../../fixtures/loopback-server.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { TokenServer } from "../../fixtures/token-server.ts";
import type { RegistryAccess } from "../../src/remote/registry/access.ts";
import { parseImage } from "../../src/intake/recipe/recipe.ts";
import { needs } from "../programs.ts";
import { fill, login, repositoryOf, startHost, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle } from "../stories/lab.ts";
import { dockerRegistry } from "./lab.ts";

const ISSUER = "dray test";
const SERVICE = "test";

/** A signed token as distribution wants it (docs/content/spec/auth/jwt.md of distribution). */
function jwt(scopes: readonly string[], { key, cert }: KeyAndCertificate): string {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope) => {
    const [type, name, actions = ""] = scope.split(":");
    return { type, name, actions: actions.split(",") };
  });
  const x5c = [cert.replace(/-----.*-----|\s/g, "")];
  const claims = {
    iss: ISSUER,
    sub: "alice",
    aud: SERVICE,
    jti: randomBytes(8).toString("hex"),
    iat: now,
    nbf: now - 10,
    exp: now + 300,
    access,
  };
  const encoded = [{ typ: "JWT", alg: "ES256", x5c }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const body = encoded.join(".");
  const signature = sign("sha256", Buffer.from(body), { key, dsaEncoding: "ieee-p1363" });
  return `${body}.${signature.toString("base64url")}`;
}

interface Guarded {
  readonly registry: DockerRegistry;
  readonly tokens: TokenServer;
  readonly options: RegistryAccess;
}

/** A docker-registry that takes the tokens of a server in this process, and of nobody else. */
async function guarded(context: TestContext): Promise<Guarded> {
  needs(context, "docker-registry");
  const signer = makeCertificate(["tokens.test"]);
  const tokens = new TokenServer({
    users: { alice: "secret" },
    mint: (scopes) => jwt(scopes, signer),
  });
  const { url, host } = await startHost(tokens.listener);
  const rootcertbundle = join(await temporaryDirectory(), "signer.pem");
  await writeFile(rootcertbundle, signer.cert);
  const registry = await dockerRegistry({
    auth: {
      token: {
        realm: `${url}/token`,
        service: SERVICE,
        issuer: ISSUER,
        rootcertbundle,
      },
    },
  });
  const options = { credentials: login("alice", "secret"), allowedTokenHosts: [host] };
  return { registry, tokens, options };
}

async function bundleOf(images: Readonly<Record<string, MadeImage>>): Promise<string> {
  const source = await startRegistry();
  for (const [name, image] of Object.entries(images)) await fill(source, image, name);
  const at = await desk(source);
  await packImages(at, Object.keys(images));
  return at.output;
}

describe("a docker-registry that wants signed tokens", () => {
  it("is pushed to, with mounts, and pulled from", async (context) => {
    const { registry, tokens, options } = await guarded(context);
    const base = makeLayer("base", 200_000);
    const images = {
      "team/a:1": makeImage([base, makeLayer("a", 1000)]),
      "team/b:1": makeImage([base, makeLayer("b", 1000)]),
    };
    const path = await bundleOf(images);
    const report = await pushBundle(path, registry.host, { registry: options });
    expect(report.artifacts.map(({ result }) => result)).toEqual(["pushed", "pushed"]);
    expect(report.totals.mounted).toEqual({ blobs: 1, bytes: base.bytes.length });
    // One for each repository, one for the mount.
    expect(tokens.seen).toHaveLength(3);
    const names = Object.keys(images).map((name) => `${registry.host}/${name}`);
    const at = await desk(await startRegistry());
    const { manifest } = await packImages(at, [], {
      recipe: { images: names.map((name) => ({ reference: parseImage(name) })) },
      registry: options,
    });
    expect(manifest?.artifacts.map(({ digest }) => digest)).toEqual(
      Object.values(images).map(({ root }) => root.descriptor.digest),
    );
  });

  it("is not pulled from without a login, nor with a wrong one", async (context) => {
    const { registry, tokens, options } = await guarded(context);
    const anonymous = repositoryOf(registry, { ...options, credentials: async () => undefined });
    await expect(anonymous.resolve("1")).rejects.toMatchObject({
      code: "DRAY_AUTH_FAILED",
      hint: expect.stringContaining("dray login") as string,
    });
    const wrong = repositoryOf(registry, { ...options, credentials: login("alice", "wrong") });
    await expect(wrong.resolve("1")).rejects.toMatchObject({ code: "DRAY_LOGIN_REFUSED" });
    expect(tokens.seen).toHaveLength(2);
  });
});
