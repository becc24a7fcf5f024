import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { makeCertificate } from "../../fixtures/certificates.ts";
import { answer, changeHead, refuse } from "../../fixtures/faults.ts";
import { startProxy } from "../../fixtures/proxy.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { PreflightCheck, PreflightReport } from "../../src/index.ts";
import { dray } from "../cli/terminal.ts";
import { fill, oneLayerImage, startHost, startRegistry } from "../remote/registry/lab.ts";

interface Asked {
  readonly code: number;
  readonly report: PreflightReport;
  readonly stderr: string;
}

/** Asks with nothing of this machine. */
async function ask(flags: readonly string[], env: Record<string, string> = {}): Promise<Asked> {
  const store = join(await temporaryDirectory(), "store");
  const argv = ["preflight", ...flags, "--store", store, "--json"];
  const { code, stdout, stderr } = await dray(argv, { env });
  return { code, report: JSON.parse(stdout) as PreflightReport, stderr };
}

function checksOf({ hosts }: PreflightReport, host: string): readonly PreflightCheck[] {
  return hosts.find((one) => one.host === host)?.checks ?? [];
}

function verdicts(checks: readonly PreflightCheck[]): string[] {
  return checks.map(({ check, verdict }) => `${check} ${verdict}`);
}

async function startFilled(): Promise<TestRegistry> {
  const registry = await startRegistry();
  await fill(registry, oneLayerImage("preflight"));
  return registry;
}

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: c, image: "${image}"}]}\n`;

const WRITES = /POST|PUT|PATCH|DELETE/;

describe("dray preflight", () => {
  it("goes the way to a registry, and asks for each image, and writes nothing", async () => {
    const [source, target] = [await startFilled(), await startFilled()];
    const image = `${source.host}/team/app:1.0`;
    const { code, report } = await ask(["--image", image, "--target", target.host]);
    expect([code, report.good]).toEqual([0, true]);
    expect(verdicts(checksOf(report, source.host))).toEqual([
      "dns ok",
      "tcp ok",
      "clock ok",
      "login ok",
      "pull ok",
    ]);
    expect(verdicts(checksOf(report, target.host))).toEqual([
      "dns ok",
      "tcp ok",
      "clock ok",
      "login ok",
      "repository ok",
      "push unknown",
    ]);
    expect(verdicts(report.here)).toEqual(["space ok"]);
    expect(target.seen.filter(({ method }) => WRITES.test(method))).toEqual([]);
  });

  it("tells hosts in the order of the images, whoever answers first", async () => {
    const [first, second] = [await startFilled(), await startFilled()];
    const answered = new Promise<void>((resolve) => {
      second.inject({ path: /manifests/, times: 1 }, ({ response, proceed }) => {
        response.once("close", resolve);
        proceed();
      });
    });
    first.inject({ path: /manifests/, times: 1 }, ({ proceed }) => void answered.then(proceed));
    const images = [first, second].flatMap(({ host }) => ["--image", `${host}/team/app:1.0`]);
    const { report } = await ask(images);
    expect(report.hosts.map(({ host }) => host)).toEqual([first.host, second.host]);
  });

  it("begins an upload and cancels it where it is asked to, and only where a repository is", async () => {
    const [source, target] = [await startFilled(), await startFilled()];
    await fill(source, oneLayerImage("other"), "team/other:1");
    const images = ["app:1.0", "other:1"].map((name) => ["--image", `${source.host}/team/${name}`]);
    const { code, report } = await ask([...images.flat(), "--target", target.host, "--try-write"]);
    expect(code).toBe(0);
    const checks = checksOf(report, target.host);
    expect(checks.filter(({ check }) => check === "write")).toMatchObject([
      { verdict: "ok", about: `${target.host}/team/app` },
    ]);
    expect(checks.find(({ about }) => about?.endsWith("team/other"))?.detail).toBe(
      "is not there: the registry makes it",
    );
    const written = target.seen.filter(({ method }) => WRITES.test(method));
    expect(written.map(({ method }) => method)).toEqual(["POST", "DELETE"]);
  });

  it.each([
    ["cannot be read", "http://["],
    ["is not there", undefined],
    ["is of no web scheme", "ftp://storage.test/upload"],
  ])("finds that an upload cannot go on where its address %s", async (_what, location) => {
    const [source, target] = [await startFilled(), await startFilled()];
    const fault = changeHead((headers) => {
      delete headers["location"];
      if (location !== undefined) headers["location"] = location;
    });
    target.inject({ method: "POST" }, fault);
    const image = `${source.host}/team/app:1.0`;
    const { code, report } = await ask(["--image", image, "--target", target.host, "--try-write"]);
    expect(code).toBe(3);
    expect(checksOf(report, target.host).find(({ check }) => check === "write")).toMatchObject({
      verdict: "failed",
      detail: expect.stringContaining("an address that is refused") as string,
    });
  });

  it.each([
    ["all of a target", /^/],
    ["all of a target but its hello", /^\/v2\/./],
  ])("sees that %s is behind a login page, which it names", async (_what, path) => {
    const [source, target] = [await startFilled(), await startFilled()];
    const page = "<!DOCTYPE html><html><head><title>Sign in - Corp</title></head></html>";
    target.inject({ path }, answer(302, { Location: "/login" }));
    target.inject({ path: /^\/login/ }, answer(200, { "Content-Type": "text/html" }, page));
    const image = `${source.host}/team/app:1.0`;
    const { code, report } = await ask(["--image", image, "--target", target.host]);
    expect([code, report.good]).toEqual([3, false]);
    const checks = checksOf(report, target.host);
    expect(checks.find(({ check }) => check === "push")).toMatchObject({
      verdict: "failed",
      detail: expect.stringContaining('"Sign in - Corp"') as string,
    });
    expect(verdicts(checks)).not.toContain("repository ok");
  });

  it("ends with 3 where something would fail, and says at which step", async () => {
    const [source, target] = [await startFilled(), await startFilled()];
    const images = ["--image", `${source.host}/team/none:1`, "--image", "127.0.0.1:1/team/app:1"];
    const { code, report, stderr } = await ask([...images, "--target", target.host]);
    expect([code, report.good, stderr]).toEqual([3, false, expect.stringContaining("would fail")]);
    expect(verdicts(checksOf(report, source.host))).toContain("pull failed");
    expect(verdicts(checksOf(report, "127.0.0.1:1"))).toContain("tcp failed");
    // What cannot be had is asked after at the target all the same.
    expect(verdicts(checksOf(report, target.host))).toContain("repository ok");
  });

  it("finds the storage behind a redirect, and that it cannot be reached", async () => {
    const source = await startFilled();
    const location = "http://127.0.0.1:1/bucket/blob";
    source.inject({ method: "GET", path: /\/blobs\// }, answer(307, { location }));
    const { code, report } = await ask(["--image", `${source.host}/team/app:1.0`]);
    expect(code).toBe(3);
    const storage = report.hosts.find(({ host }) => host === "127.0.0.1:1");
    expect(storage?.roles).toEqual(["storage"]);
    expect(verdicts(storage?.checks ?? [])).toContain("tcp failed");
  });

  it("names who has issued a certificate, trusted or not", async () => {
    const tls = makeCertificate(["127.0.0.1"]);
    const registry = await startRegistry({ tls });
    await fill(registry, oneLayerImage("tls"));
    const ca = join(await temporaryDirectory(), "ca.pem");
    await writeFile(ca, tls.cert);
    const image = ["--image", `${registry.host}/team/app:1.0`];
    const trusted = await ask([...image, "--ca-file", ca]);
    expect(trusted.code).toBe(0);
    const tlsCheck = checksOf(trusted.report, registry.host).find(({ check }) => check === "tls");
    expect(tlsCheck?.detail).toContain("issued by dray test");
    const untrusted = await ask(image);
    expect(untrusted.code).toBe(3);
    // What speaks TLS alone is found by speaking plain http to loopback first.
    const failed = checksOf(untrusted.report, registry.host).filter(
      ({ verdict }) => verdict === "failed",
    );
    expect(failed.length).toBeGreaterThan(0);
  });

  it("goes through a proxy, and names it where it refuses", async () => {
    const tls = makeCertificate(["registry.test"]);
    const registry = await startRegistry({ tls });
    await fill(registry, oneLayerImage("proxied"));
    const proxy = await startProxy({ "registry.test:443": registry.port });
    onTestFinished(() => proxy.stop());
    const ca = join(await temporaryDirectory(), "ca.pem");
    await writeFile(ca, tls.cert);
    const flags = ["--ca-file", ca, "--image", "registry.test/team/app:1.0"];
    const { code, report } = await ask([...flags, "--image", "other.test/team/app:1"], {
      HTTPS_PROXY: proxy.url,
    });
    expect(code).toBe(3);
    const through = new URL(proxy.url).host;
    expect(checksOf(report, "registry.test:443")).toContainEqual({
      check: "proxy",
      verdict: "ok",
      detail: `through ${through}`,
    });
    expect(verdicts(checksOf(report, "registry.test:443"))).toContain("tls ok");
    const [refused] = checksOf(report, "other.test:443");
    expect(refused).toMatchObject({
      check: "proxy",
      verdict: "failed",
      detail: expect.stringContaining(`proxy ${through} answered 403`),
    });
  });

  it("compares clocks", async () => {
    const source = await startFilled();
    const early = new Date(Date.now() - 10 * 60_000).toUTCString();
    source.inject(
      {},
      changeHead((headers) => void (headers["Date"] = early)),
    );
    const { code, report } = await ask(["--image", `${source.host}/team/app:1.0`]);
    const clock = checksOf(report, source.host).find(({ check }) => check === "clock");
    expect([code, clock?.verdict, clock?.detail]).toEqual([
      3,
      "failed",
      expect.stringMatching(/this host is \d+ s ahead/),
    ]);
  });

  it("finds the token service, and that it grants no push", async () => {
    const target = await startFilled();
    const claims = { access: [{ type: "repository", name: "team/app", actions: ["pull"] }] };
    const token = `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;
    const service = await startHost((_request, response) =>
      response.end(JSON.stringify({ token })),
    );
    const challenge = `Bearer realm="${service.url}/token",service="test"`;
    target.door = ({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { "WWW-Authenticate": challenge } }
        : undefined;
    const source = await startFilled();
    const image = ["--image", `${source.host}/team/app:1.0`];
    const { code, report } = await ask([...image, "--target", target.host]);
    expect(code).toBe(3);
    const push = checksOf(report, target.host).find(({ check }) => check === "push");
    expect(push).toMatchObject({ verdict: "failed", detail: expect.stringContaining("no right") });
    expect(report.hosts.find(({ host }) => host === service.host)?.roles).toEqual([
      "token service",
    ]);
  });

  it("minds no mirror that lacks what the origin has", async () => {
    const [source, mirror] = [await startFilled(), await startRegistry()];
    const image = ["--image", `${source.host}/team/app:1.0`];
    const { code, report } = await ask([...image, "--mirror", `${source.host}=${mirror.host}`]);
    expect(code).toBe(0);
    expect(verdicts(checksOf(report, mirror.host))).toContain("pull note");
  });

  it("needs a login where a registry takes nobody without a password", async () => {
    const target = await startFilled();
    target.door = () => ({ status: 401, headers: { "WWW-Authenticate": "Basic realm=x" } });
    const { code, report } = await ask(["--target", target.host]);
    expect([code, report.good]).toEqual([3, false]);
    expect(verdicts(checksOf(report, target.host))).toContain("login failed");
  });

  it("says that the target refuses", async () => {
    const [source, target] = [await startFilled(), await startFilled()];
    target.inject({ path: /tags\/list/ }, refuse(403, "DENIED"));
    const image = ["--image", `${source.host}/team/app:1.0`];
    const { code, report } = await ask([...image, "--target", target.host]);
    expect([code, verdicts(checksOf(report, target.host))]).toEqual([
      3,
      expect.arrayContaining(["push failed"]),
    ]);
  });

  it("prints HOST:PORT lines, and marks what only optional images need", async () => {
    const source = await startFilled();
    const directory = await temporaryDirectory();
    const chart = join(directory, "shop");
    await mkdir(join(chart, "templates"), { recursive: true });
    await writeFile(join(chart, "Chart.yaml"), "apiVersion: v2\nname: shop\nversion: 1.0.0\n");
    await writeFile(join(chart, "values.yaml"), "extra: {enabled: false}\n");
    await writeFile(
      join(chart, "templates", "pods.yaml"),
      `${pod(`${source.host}/team/app:1.0`)}{{- if .Values.extra.enabled }}\n---\n${pod("127.0.0.1:1/extra/app:1")}{{- end }}\n`,
    );
    const store = join(directory, "store");
    const argv = ["preflight", "--chart", chart, "--hosts", "--store", store];
    const { code, stdout } = await dray(argv);
    expect([code, stdout]).toEqual([
      0,
      `127.0.0.1:1  # for optional images only\n${source.host}\n`,
    ]);
  });

  it("fails where a pack could not write its file: 3", async () => {
    const source = await startFilled();
    const directory = await temporaryDirectory();
    const there = join(directory, "there.tar.gz");
    await writeFile(there, "something");
    await writeFile(join(directory, "parts.tar.gz.001"), "something");
    await writeFile(join(directory, "notes.tar.gz.sha256"), "something");
    for (const [output, reason] of [
      [join(directory, "none", "x.tar.gz"), "is not there"],
      [there, "exists already"],
      [join(directory, "parts.tar.gz"), 'parts.tar.gz.001": it exists already'],
      [join(directory, "notes.tar.gz"), 'notes.tar.gz.sha256": it exists already'],
      [directory, "it is a directory"],
    ] as const) {
      const { code, report } = await ask(["--image", `${source.host}/team/app:1.0`, "-o", output]);
      expect([code, report.good, verdicts(report.here)]).toEqual([3, false, ["space failed"]]);
      expect(report.here[0]?.detail).toContain(reason);
    }
  });

  it("wants somebody to ask: 2", async () => {
    const { code, stderr } = await dray(["preflight"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("nobody to ask")]);
    const from = await dray(["preflight", "--from", "missing.tar.gz"]);
    expect([from.code, from.stderr]).toEqual([
      2,
      expect.stringContaining("Expected --target beside --from"),
    ]);
  });
});

describe("dray preflight --from", () => {
  it("asks about every repository of a bundle at the target, on nobody's word", async () => {
    const target = await startRegistry();
    await fill(target, oneLayerImage("there"), "mirror/team/app:0.9");
    const missing = refuse(404, "NAME_UNKNOWN", "repository name not known to registry");
    target.inject({ path: /mirror\/web\// }, missing);
    const { path } = await makeBundle();
    const { code, report } = await ask(["--from", path, "--target", `${target.host}/mirror`]);
    expect(code).toBe(3);
    const about = checksOf(report, target.host).flatMap(({ about: name, check, verdict }) =>
      name === undefined ? [] : [`${name.slice(target.host.length)} ${check} ${verdict}`],
    );
    expect(about).toEqual([
      "/mirror/web repository failed",
      "/mirror/team/app repository ok",
      "/mirror/team/app push unknown",
    ]);
    expect(report.here[0]).toMatchObject({ check: "bundle", verdict: "ok", about: path });
    expect(target.seen.filter(({ method }) => WRITES.test(method))).toEqual([]);
  });

  it("says of a bundle that it cannot read why, and asks on", async () => {
    const target = await startRegistry();
    const path = join(await temporaryDirectory(), "none.tar.gz");
    await writeFile(path, "no bundle");
    const { code, report } = await ask(["--from", path, "--target", target.host]);
    expect([code, report.here[0]?.check]).toEqual([3, "bundle"]);
    expect(verdicts(checksOf(report, target.host))).toContain("login ok");
  });
});
