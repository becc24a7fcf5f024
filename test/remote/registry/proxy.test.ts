import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import { startProxy, type TestProxy } from "../../../fixtures/proxy.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { proxyFor } from "../../../src/remote/http/proxy.ts";
import { fill, oneLayerImage, read, repositoryOf, startHost, startRegistry } from "./lab.ts";

const image = oneLayerImage("proxied");

async function startBehindProxy(): Promise<{
  registry: TestRegistry;
  proxy: TestProxy;
  ca: string[];
}> {
  const tls = makeCertificate(["registry.test"]);
  const registry = await startRegistry({ tls });
  await fill(registry, image);
  const proxy = await startProxy({ "registry.test:443": registry.port });
  onTestFinished(() => proxy.stop());
  return { registry, proxy, ca: [tls.cert] };
}

const there = { host: "registry.test" };

describe("a proxy", () => {
  it("carries everything to a registry that only it can reach", async () => {
    const { proxy, ca } = await startBehindProxy();
    const repository = repositoryOf(there, { ca, proxy: { https: proxy.url } });
    const root = await repository.resolve("1.0");
    expect(await read(repository, root)).toEqual(image.root.bytes);
    expect(new Set(proxy.tunnels)).toEqual(new Set(["registry.test:443"]));
    expect(proxy.logins[0]).toBeUndefined();
  });

  it("without a scheme is reached by http, and gets the login in its address", async () => {
    const { proxy, ca } = await startBehindProxy();
    const address = proxy.url.replace("http://", "");
    const repository = repositoryOf(there, { ca, proxy: { https: `user:p%40ss@${address}` } });
    await repository.resolve("1.0");
    expect(proxy.logins[0]).toBe(`Basic ${Buffer.from("user:p@ss").toString("base64")}`);
  });

  it("does not weaken the check of the registry's certificate", async () => {
    const { proxy, registry } = await startBehindProxy();
    const repository = repositoryOf(there, { proxy: { https: proxy.url } });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      hint: expect.stringContaining("--ca-file") as string,
    });
    expect(registry.seen).toEqual([]);
  });

  it("that refuses is reported, without the login in its address", async () => {
    const { proxy, ca } = await startBehindProxy();
    const https = proxy.url.replace("://", "://user:s3cr3t@");
    const repository = repositoryOf({ host: "other.test" }, { ca, proxy: { https } });
    const error: unknown = await repository.resolve("1.0").catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringMatching(/: the proxy 127\.0\.0\.1:\d+ answered 403 itself$/) as string,
    });
    expect(inspect(error, { depth: 9 })).not.toContain("s3cr3t");
  });

  it("that is not there is reported", async () => {
    const { proxy, ca } = await startBehindProxy();
    await proxy.stop();
    const repository = repositoryOf(there, { ca, proxy: { https: proxy.url } });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringMatching(/: the proxy \S+ does not answer \(.*ECONNREFUSED/) as string,
      hint: expect.stringContaining("NO_PROXY") as string,
    });
  });

  it.each([
    [["NTLM", "Negotiate"], "by NTLM or Negotiate", "cntlm"],
    [['Basic realm="proxy"'], "by Basic", "USER:PASSWORD"],
    [[], "a login of its own", "USER:PASSWORD"],
  ])("that wants a login is named, with its ways: %j", async (offers, said, hint) => {
    const proxy = await startHost((_request, response) => {
      response.writeHead(407, { "Proxy-Authenticate": offers }).end();
    });
    proxy.server.on("connect", (_request, socket) => {
      const lines = offers.map((offer) => `Proxy-Authenticate: ${offer}\r\n`).join("");
      socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\n${lines}\r\n`);
    });
    const access = { proxy: { https: proxy.url, http: proxy.url } };
    const message = expect.stringContaining(`the proxy ${proxy.host} answered 407`) as string;
    const resolving = repositoryOf(there, access).resolve("1.0");
    await expect(resolving).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message,
      hint: expect.stringContaining(hint) as string,
    });
    await expect(resolving).rejects.toThrow(said);
    const plainly = repositoryOf(there, { ...access, plainHttp: true }).resolve("1.0");
    await expect(plainly).rejects.toMatchObject({ message });
  });

  it("that is not there is blamed for plain http too", async () => {
    const gone = await startHost(() => undefined);
    await gone.stop();
    const access = { plainHttp: true, proxy: { http: gone.url } };
    await expect(repositoryOf(there, access).resolve("1.0")).rejects.toMatchObject({
      message: expect.stringContaining(`the proxy ${gone.host} does not answer`) as string,
    });
  });

  it("is left out for names in NO_PROXY", async () => {
    const { proxy } = await startBehindProxy();
    const repository = repositoryOf(there, { proxy: { https: proxy.url, no: ".test" } });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
    });
    expect(proxy.tunnels).toEqual([]);
  });

  it("is left out for this very host", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const proxy = await startProxy({});
    onTestFinished(() => proxy.stop());
    const options = { proxy: { https: proxy.url, http: proxy.url } };
    for (const host of [registry.host, `localhost:${registry.port}`]) {
      expect(await repositoryOf({ host }, options).resolve("1.0")).toEqual(image.root.descriptor);
    }
    expect(proxy.tunnels).toEqual([]);
  });
});

describe("proxyFor()", () => {
  const proxies = { https: "http://secure:3128", http: "plain:8080" };

  it("chooses by scheme", () => {
    expect(proxyFor(new URL("https://r.test/"), proxies)).toBe("http://secure:3128");
    expect(proxyFor(new URL("http://r.test/"), proxies)).toBe("http://plain:8080");
    expect(proxyFor(new URL("http://r.test/"), { https: "x" })).toBeUndefined();
    expect(proxyFor(new URL("http://r.test/"), { http: "" })).toBeUndefined();
  });

  it("takes ALL_PROXY for what has none of its own", () => {
    const url = new URL("https://r.test/");
    expect(proxyFor(url, { all: "http://all:1" })).toBe("http://all:1");
    expect(proxyFor(url, { all: "http://all:1", https: "" })).toBe("http://all:1");
    expect(proxyFor(url, { all: "http://all:1", ...proxies })).toBe("http://secure:3128");
    expect(proxyFor(url, { all: "http://all:1", no: "r.test" })).toBeUndefined();
  });

  it.each(["socks5://p:1080", "socks5h://p:1080", "socks4a://p:1080", "socks://p:1080"])(
    "says that it cannot use %s, and of which variable",
    (all) => {
      expect(() => proxyFor(new URL("https://r.test/"), { all })).toThrow(
        expect.objectContaining({
          code: "DRAY_PROXY_INVALID",
          message: expect.stringContaining("ALL_PROXY") as string,
          hint: expect.stringContaining("SOCKS proxies are not supported") as string,
        }),
      );
    },
  );

  it.each([
    ["*", "https://r.test/"],
    ["r.test", "https://r.test/"],
    ["R.TEST", "https://r.test/"],
    ["test", "https://a.r.test/"],
    [".r.test", "https://a.r.test/"],
    ["*.r.test", "https://a.r.test/"],
    ["x, r.test:443 y", "https://r.test/"],
    ["r.test:5000", "https://r.test:5000/"],
    ["10.0.0.0/8", "https://10.1.2.3:5000/"],
    ["10.1.2.3", "https://10.1.2.3/"],
    ["10.1.2.3:5000", "https://10.1.2.3:5000/"],
    ["192.168.0.0/16,10.1.2.0/30", "https://10.1.2.3/"],
    ["2001:db8::/32", "https://[2001:db8::7]/"],
    ["2001:db8::7", "https://[2001:db8::7]/"],
    ["[2001:db8::7]", "https://[2001:db8::7]:5000/"],
    ["[2001:db8::7]:5000", "https://[2001:db8::7]:5000/"],
    ["", "https://127.0.0.1/"],
    ["", "https://[::1]:5000/"],
    ["", "https://localhost/"],
  ])("goes directly with NO_PROXY=%s to %s", (no, url) => {
    expect(proxyFor(new URL(url), { ...proxies, no })).toBeUndefined();
  });

  it.each([
    ["", "https://r.test/"],
    ["r.tes", "https://r.test/"],
    ["est", "https://r.test/"],
    ["a.r.test", "https://r.test/"],
    ["r.test:5000", "https://r.test/"],
    ["[2001:db8::7]:5000", "https://[2001:db8::7]/"],
    ["10.0.0.0/8", "https://11.1.2.3/"],
    ["10.0.0.0/8", "https://10.example.test/"],
    ["10.0.0.0/99", "https://10.1.2.3/"],
    ["10.0.0.0/x", "https://10.1.2.3/"],
    ["10.1.2", "https://10.1.2.3/"],
    ["2001:db8::/32", "https://10.1.2.3/"],
  ])("goes through the proxy with NO_PROXY=%s to %s", (no, url) => {
    expect(proxyFor(new URL(url), { ...proxies, no })).toBe("http://secure:3128");
  });
});

describe("a proxy that is none", () => {
  it.each([
    ["http://user:secret@:8080", "what is no address"],
    ["http://", "what is no address"],
    ["http://proxy:port", "what is no address"],
    ["socks5://user:secret@proxy:1080", "the scheme socks5:"],
  ])("%s is refused without repeating it", async (https, found) => {
    const repository = repositoryOf(there, { proxy: { https } });
    const refusing = repository.resolve("1.0");
    await expect(refusing).rejects.toMatchObject({
      code: "DRAY_PROXY_INVALID",
      kind: "usage",
      message: `Cannot use the proxy of HTTPS_PROXY: expected http://HOST:PORT, found ${found}`,
    });
  });
});
