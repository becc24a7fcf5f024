import { describe, expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import { startProxy, type TestProxy } from "../../../fixtures/proxy.ts";
import type { NetworkAccess } from "../../../src/remote/http/network-access.ts";
import { probeHost } from "../../../src/remote/http/probe-host.ts";
import { startRegistry } from "../registry/lab.ts";

/** Both show it. */
const certificate = makeCertificate(["registry.test", "localhost"]);

async function startSecureProxy(): Promise<TestProxy & { readonly name: string }> {
  const registry = await startRegistry({ tls: certificate });
  const proxy = await startProxy({ "registry.test:443": registry.port }, certificate);
  onTestFinished(() => proxy.stop());
  return { ...proxy, name: `https://localhost:${new URL(proxy.url).port}` };
}

async function stepsTo(proxy: string, access: NetworkAccess): Promise<string[]> {
  const { signal } = new AbortController();
  const url = new URL("https://registry.test");
  const steps = await probeHost(url, { ...access, proxy: { https: proxy } }, signal);
  return steps.map(({ step, isGood }) => `${step} ${isGood ? "ok" : "failed"}`);
}

describe("the way to a host through a proxy that is spoken to in https", () => {
  it("asks the proxy for the certificate of its name", async () => {
    const proxy = await startSecureProxy();
    const ca = [certificate.cert];
    expect(await stepsTo(proxy.name, { ca })).toEqual(["proxy ok", "tls ok"]);
    expect(proxy.serverNames).toEqual(["localhost"]);
  });

  it("does not trust the proxy for what is trusted of the host alone", async () => {
    const proxy = await startSecureProxy();
    const ofHost = { ca: [certificate.cert], certificate: undefined };
    const access = { hostCertificates: () => Promise.resolve(ofHost) };
    expect(await stepsTo(proxy.name, access)).toEqual(["proxy failed"]);
    expect(proxy.tunnels).toEqual([]);
  });

  it("checks no certificate where none is to be checked", async () => {
    const proxy = await startSecureProxy();
    const access = { insecureSkipTlsVerify: true };
    expect(await stepsTo(proxy.name, access)).toEqual(["proxy ok", "tls ok"]);
  });
});
