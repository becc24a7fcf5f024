import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { packedChart } from "../../fixtures/charts.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import type { Fault } from "../../fixtures/faults.ts";
import { refuse } from "../../fixtures/faults.ts";
import { startProxy } from "../../fixtures/proxy.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { TokenServer } from "../../fixtures/token-server.ts";
import { keygen } from "../../src/stories/keygen.ts";
import { everythingIn, leaksIn } from "../secrets.ts";
import { dray, type Outcome } from "../cli/terminal.ts";
import { fill, oneLayerImage, startHost, startRegistry } from "../remote/registry/lab.ts";

/** What must stand nowhere, by what it is. */
const CANARIES = {
  password: "Canary-login-Vq81",
  token: "Canary-token-Jw52",
  passphrase: "Canary-passphrase-Zk33",
  proxy: "Canary-proxy-Hb74",
  presigned: "Canary-presigned-Lm95",
  pulling: "Canary-pulling-Rx26",
};

const image = oneLayerImage("canary");
const LOGIN = `alice:${CANARIES.password}`;

/** What is sent as one text with its user. */
const LOGINS: Readonly<Record<string, string>> = {
  password: LOGIN,
  pulling: `puller:${CANARIES.pulling}`,
};

interface Guarded {
  readonly registry: TestRegistry;
  readonly tokens: TokenServer;
  /** What it takes to be let in. */
  readonly access: readonly string[];
}

/** A registry behind a token server, of which every blob lies behind an address that is a secret. */
async function guarded(): Promise<Guarded> {
  const tokens = new TokenServer({
    users: { alice: CANARIES.password },
    mint: () => `${CANARIES.token}-${String(Math.random()).slice(2)}`,
  });
  const tokenHost = await startHost(tokens.listener);
  const registry = await startRegistry({ door: tokens.door(`${tokenHost.url}/token`) });
  return { registry, tokens, access: ["--allow-token-host", tokenHost.host, "--plain-http"] };
}

/** Leads every blob to an address with a signature in it, which is good or has expired. */
async function presigned({ expired }: { expired: boolean }): Promise<Fault> {
  const storage = await startHost((request, response) => {
    const wanted = image.blobs.find(({ descriptor }) => request.url?.includes(descriptor.digest));
    if (expired || wanted === undefined) {
      response.writeHead(403).end(`Signature ${request.url} expired`);
      return;
    }
    response.writeHead(200, { "Content-Length": wanted.bytes.length }).end(wanted.bytes);
  });
  return ({ request, response }) => {
    const Location = `${storage.url}${request.url}?X-Amz-Signature=${CANARIES.presigned}`;
    response.writeHead(307, { Location }).end();
  };
}

/** A host with a login, a key and a proxy, each with its secret; it keeps all that it is told. */
class Host {
  readonly said: Outcome[] = [];
  readonly folder: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.#env = env;
  }

  static async open(registries: readonly TestRegistry[]): Promise<Host> {
    const [home, folder] = [await temporaryDirectory(), await temporaryDirectory()];
    await mkdir(join(home, ".docker"));
    const auth = Buffer.from(LOGIN).toString("base64");
    const auths = Object.fromEntries(registries.map(({ host }) => [host, { auth }]));
    await writeFile(join(home, ".docker/config.json"), JSON.stringify({ auths }));
    const proxy = await startProxy({});
    const url = new URL(proxy.url);
    url.username = "proxy-user";
    url.password = CANARIES.proxy;
    return new Host(folder, {
      HOME: home,
      DRAY_KEY_PASSPHRASE: CANARIES.passphrase,
      HTTP_PROXY: url.href,
      HTTPS_PROXY: url.href,
      NO_PROXY: "127.0.0.1",
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async run(...argv: readonly string[]): Promise<number> {
    return this.told("", ...argv);
  }

  /** The same with something on standard input. */
  async told(stdin: string, ...argv: readonly string[]): Promise<number> {
    const outcome = await dray(argv, { env: this.#env, stdin });
    this.said.push(outcome);
    return outcome.code;
  }

  /** Until it says that it is there. */
  async serve(...argv: readonly string[]): Promise<number> {
    const stop = new AbortController();
    const onStdout = (): void => stop.abort();
    const how = { env: this.#env, signal: stop.signal, onStdout };
    const outcome = await dray(["serve", ...argv, "--port", "0"], how);
    this.said.push(outcome);
    return outcome.code;
  }

  /** The same three times: in few words, in many and as a document. */
  async thrice(...argv: readonly string[]): Promise<number[]> {
    const codes: number[] = [];
    for (const flag of ["--quiet", "--verbose", "--json"])
      codes.push(await this.run(...argv, flag));
    return codes;
  }
}

/** Every secret that stands in what was said or written, and where. */
async function leaked(host: Host): Promise<string[]> {
  const texts = host.said.map(({ stdout, stderr }) => stdout + stderr);
  texts.push(await everythingIn(host.folder));
  return Object.entries(CANARIES).flatMap(([what, secret]) =>
    texts.flatMap((text) => leaksIn(text, secret, LOGINS[what] ?? secret)),
  );
}

function podWith(spec: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec:\n${spec}`;
}

describe("a secret", () => {
  it("stands in nothing that a journey says and writes, whatever kind it is of", async () => {
    const [{ registry: source, access }, there] = [await guarded(), await guarded()];
    const target = there.registry;
    const host = await Host.open([source, target]);
    const door = source.door;
    source.door = undefined;
    await fill(source, image);
    source.door = door;
    source.inject({ method: "GET", path: /blobs/ }, await presigned({ expired: false }));
    const { privateKey, publicKey } = await keygen(host.path("release"), CANARIES.passphrase);
    const name = `${source.host}/team/app:1.0`;
    const [bundle, store] = [host.path("bundle.tar.gz"), host.path("store")];
    const trust = ["--key", publicKey];
    const pack = ["pack", "--image", name, "--store", store, "-o", bundle, "--force", ...access];
    const signed = ["--sign-key", privateKey, "--lock", host.path("bundle.lock")];
    expect(await host.thrice(...pack, ...signed)).toEqual([0, 0, 0]);
    expect(await host.thrice("verify", bundle, ...trust)).toEqual([0, 0, 0]);
    expect(await host.thrice("inspect", bundle, "--sbom", ...trust)).toEqual([0, 0, 0]);
    const push = ["push", bundle, `${target.host}/mirror`, ...trust, ...there.access];
    const receipt = ["--receipt", host.path("receipt.json")];
    expect(await host.thrice(...push, ...receipt, "--dry-run")).toEqual([0, 0, 0]);
    expect(await host.thrice(...push, ...receipt)).toEqual([0, 0, 0]);
    const audit = ["check", ...receipt, "--content", ...there.access];
    expect(await host.thrice(...audit)).toEqual([0, 0, 0]);
    expect(await host.thrice("diff", receipt[1] ?? "", bundle, ...trust)).toEqual([0, 0, 0]);
    for (const form of ["html", "md", "json"]) {
      const page = ["-o", host.path(`report.${form}`), ...receipt, ...trust];
      expect(await host.run("report", bundle, ...page)).toBe(0);
    }
    const file = `tokenHosts: ["${there.access[1]}"]\nsource: { tokenHosts: ["${access[1]}"] }\n`;
    await writeFile(host.path("target.yaml"), file);
    const how = ["--target-file", host.path("target.yaml"), "--receipt", host.path("copy.json")];
    const copy = ["copy", "--image", name, `${target.host}/copy`, "--store", store];
    expect(await host.thrice(...copy, ...how)).toEqual([0, 0, 0]);
    const both = [...access, ...there.access];
    await host.thrice("preflight", "--image", name, "--target", target.host, ...both);
    expect(await host.run("unpack", bundle, host.path("unpacked"), ...trust)).toBe(0);
    expect(source.requests("GET", /blobs/).length).toBeGreaterThan(0);
    expect(source.requests("GET", /manifests/).at(-1)?.headers.authorization).toContain(
      CANARIES.token,
    );
    expect(await leaked(host)).toEqual([]);
  });

  it("stands in nothing of the other commands, but in the secret that one writes", async () => {
    const there = await guarded();
    const [{ registry: target, access }, host] = [there, await Host.open([there.registry])];
    const secrets = "  imagePullSecrets: {{ toJson .Values.imagePullSecrets }}\n";
    const container = '  containers: [{ name: web, image: "{{ .Values.image }}" }]\n';
    const texts = {
      "values.yaml": "image: ghcr.io/acme/web:2.0\nimagePullSecrets: []\n",
      "templates/web.yaml": podWith(secrets + container),
    };
    const tgz = packedChart(texts, { name: "shop" });
    const { path: made } = await makeBundle({
      images: { "ghcr.io/acme/web:2.0": makeImage([makeLayer("web", 500)]) },
      charts: [{ tgz }],
    });
    const [bundle, chart, key] = ["shop.tar.gz", "shop.tgz", "release.pub"].map((name) =>
      host.path(name),
    ) as [string, string, string];
    await writeFile(chart, tgz);
    await writeFile(bundle, await readFile(made));
    await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
    const trust = ["--key", key];
    const login = ["--username", "alice", "--password-stdin", ...access];
    expect(await host.told(CANARIES.password, "login", target.host, ...login)).toBe(0);
    expect(await host.told("wrong", "login", target.host, ...login)).toBeGreaterThan(0);
    expect(await host.thrice("images", chart)).toEqual([0, 0, 0]);
    expect(await host.run("keygen", host.path("second"))).toBe(0);
    expect(await host.run("sign", bundle, "--sign-key", host.path("second.key"))).toBe(0);
    await mkdir(host.path("parts"));
    expect(await host.run("split", bundle, "--size", "20KB", "-o", host.path("parts"))).toBe(0);
    expect(await host.thrice("check", bundle, ...trust)).toEqual([0, 0, 0]);
    expect(await host.serve(bundle, ...trust)).toBe(130);
    const at = [bundle, `${target.host}/mirror`, ...trust];
    await host.thrice("preflight", "--from", bundle, "--target", target.host, ...trust, ...access);
    expect(await host.thrice("push", ...at, "--list-repositories")).toEqual([0, 0, 0]);
    const secret = ["--pull-secret", "mirror", "--pull-login", "-", "--no-helm"];
    const deploy = (name: string): string[] => [...secret, "-o", host.path(name)];
    const puller = `puller:${CANARIES.pulling}`;
    const pushed = ["push", ...at, ...access, "--repoint", host.path("pushed"), ...secret];
    expect(await host.told(puller, ...pushed)).toBe(0);
    const repoint = ["repoint", ...at, "--ask", ...access];
    for (const how of ["--quiet", "--verbose", "--json"]) {
      expect(await host.told(puller, ...repoint, ...deploy("deploy"), how)).toBe(0);
    }
    const filter = ["repoint", "--stdin", ...at];
    expect(
      await host.told(podWith("  containers: [{ image: ghcr.io/acme/web:2.0 }]\n"), ...filter),
    ).toBe(0);
    expect(await host.told(`${puller}\nmore`, ...repoint, ...deploy("refused"))).toBe(2);
    expect(await host.run("logout", target.host)).toBe(0);
    for (const name of ["pushed", "deploy"]) {
      const written = host.path(`${name}/pull-secret.yaml`);
      expect(await everythingIn(host.path(name))).toContain("pull-secret.yaml");
      await rm(written);
    }
    expect(await leaked(host)).toEqual([]);
  });

  it("stands in no reason why a journey ends", async () => {
    const { registry: source, tokens, access: way } = await guarded();
    const host = await Host.open([source]);
    const door = source.door;
    source.door = undefined;
    await fill(source, image);
    source.door = door;
    const access = [...way, "--retry-for", "0s"];
    const pack = ["pack", "--unsigned", "-o", host.path("b.tar.gz"), "--force", ...access];
    const tried = async (reference: string): Promise<void> => {
      const codes = await host.thrice(...pack, "--image", reference, "--store", host.path("store"));
      expect(codes.every((code) => code > 0)).toBe(true);
    };
    const name = `${source.host}/team/app:1.0`;
    source.inject({ method: "GET", path: /blobs/ }, await presigned({ expired: true }));
    await tried(name);
    source.mend();
    source.inject({ path: /manifests/ }, refuse(403, "DENIED", `Bearer ${CANARIES.token}`));
    await tried(name);
    source.mend();
    await tried("registry.test/behind/the-proxy:1");
    tokens.users = { alice: "another" };
    await tried(name);
    const wrong = ["--sign-key", "/nonexistent/release.key"];
    expect(await host.run("pack", "--image", name, ...wrong, "--verbose")).toBe(2);
    expect(await leaked(host)).toEqual([]);
  });
});
