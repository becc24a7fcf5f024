import { createServer } from "node:net";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import { answer } from "../../../fixtures/faults.ts";
import { startProxy } from "../../../fixtures/proxy.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { registryOrigin } from "../../../src/remote/registry/connect.ts";
import {
  fill,
  oneLayerImage,
  QUICK_ATTEMPTS,
  read,
  repositoryOf,
  startHost,
  startRegistry,
} from "./lab.ts";

const image = oneLayerImage("connected");
const { descriptor } = image.root;

describe("a registry that cannot be reached", () => {
  it("because nothing listens is reported when waiting has not helped", async () => {
    const gone = await startHost(() => undefined);
    await gone.stop();
    await expect(repositoryOf(gone).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      kind: "failed",
      status: 0,
      message: expect.stringMatching(
        `^Cannot connect at source registry ${gone.host}: no answer from ${gone.host} \\(.*ECONNREFUSED`,
      ) as string,
      hint: "Nothing listens there: check host and port.",
    });
  });

  it("because its name is unknown is reported at once", async () => {
    const repository = repositoryOf({ host: "no-such-host.invalid" });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringContaining("no-such-host.invalid") as string,
    });
  });

  it("because something else listens there is reported as that", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", () => socket.end("SSH-2.0-OpenSSH_9.2\r\nhello\r\n\r\n"));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    await expect(repositoryOf({ host: `127.0.0.1:${port}` }).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
    });
  });

  it("because it is no registry is reported as that", async () => {
    const website = await startHost((_request, response) => {
      response.writeHead(404, { "Content-Type": "text/html" }).end("<h1>Not found</h1>");
    });
    await expect(repositoryOf(website).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_NOT_FOUND",
      hint: "This host answers, but not as a registry. Is the port right?",
    });
  });

  it("is tried a few times when the connection breaks, and once for many requests", async () => {
    let connections = 0;
    const broken = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(broken, "listening");
    onTestFinished(() => void broken.close());
    const address = broken.address();
    const port = typeof address === "object" ? address?.port : 0;
    const repository = repositoryOf({ host: `127.0.0.1:${port}` }, { plainHttp: true });
    for (const tag of ["1.0", "2.0", "3.0"]) {
      await expect(repository.resolve(tag)).rejects.toMatchObject({
        code: "DRAY_REGISTRY_UNREACHABLE",
      });
    }
    expect(connections).toBe(QUICK_ATTEMPTS);
  });
});

async function startSecure(): Promise<{ registry: TestRegistry; cert: string }> {
  const tls = makeCertificate(["127.0.0.1", "registry.test"]);
  const registry = await startRegistry({ tls });
  registry.inject({ path: /manifests/ }, answer(200, headOf()));
  return { registry, cert: tls.cert };
}

function headOf(): Record<string, string | number> {
  return {
    "Content-Type": descriptor.mediaType,
    "Docker-Content-Digest": descriptor.digest,
    "Content-Length": descriptor.size,
  };
}

describe("a registry with a certificate of its own", () => {
  it("is refused, and the hint names --ca-file", async () => {
    const { registry } = await startSecure();
    await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringContaining("self-signed") as string,
      hint: expect.stringContaining("--ca-file") as string,
    });
    expect(registry.seen).toEqual([]);
  });

  it("that speaks only old versions of TLS is told from one that is not trusted", async () => {
    const old = { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" };
    const tls = { ...makeCertificate(["127.0.0.1"]), ...old };
    const registry = await startRegistry({ tls });
    await expect(repositoryOf(registry, { ca: [tls.cert] }).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      hint: expect.stringContaining("versions of TLS") as string,
    });
  });

  it("says of plain http that it is asked for without need", async () => {
    const { registry } = await startSecure();
    await expect(repositoryOf(registry, { plainHttp: true }).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      hint: "It seems to speak https: leave out --plain-http.",
    });
  });

  it("is trusted with that certificate", async () => {
    const { registry, cert } = await startSecure();
    expect(await repositoryOf(registry, { ca: [cert] }).resolve("1.0")).toEqual(descriptor);
  });

  it("is not trusted with another one", async () => {
    const { registry } = await startSecure();
    const ca = [makeCertificate(["127.0.0.1"]).cert];
    await expect(repositoryOf(registry, { ca }).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
    });
  });

  it("is not trusted under another name than its own", async () => {
    const tls = makeCertificate(["elsewhere.test"]);
    const registry = await startRegistry({ tls });
    await expect(repositoryOf(registry, { ca: [tls.cert] }).resolve("1.0")).rejects.toMatchObject({
      message: expect.stringContaining("altnames") as string,
      hint: "The certificate is for other names: use one of those.",
    });
  });

  it("is taken without any check where the user says so", async () => {
    const { registry } = await startSecure();
    const repository = repositoryOf(registry, { insecureSkipTlsVerify: true });
    expect(await repository.resolve("1.0")).toEqual(descriptor);
  });
});

describe("plain http", () => {
  it("is spoken to this very host without asking", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    expect(await repositoryOf(registry).resolve("1.0")).toEqual(descriptor);
    const local = { host: `localhost:${registry.port}` };
    expect(await repositoryOf(local).resolve("1.0")).toEqual(descriptor);
  });

  it("is never spoken to another host, and the hint says how it would be", async () => {
    const registry = await startRegistry();
    const proxy = await startProxy({ "registry.test:5000": registry.port });
    onTestFinished(() => proxy.stop());
    const repository = repositoryOf(
      { host: "registry.test:5000" },
      { proxy: { https: proxy.url, http: proxy.url } },
    );
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringMatching(/\(wrong version number\)$/) as string,
      hint: expect.stringContaining("--plain-http") as string,
    });
    expect(registry.seen).toEqual([]);
  });

  it("is spoken to another host where the user says so", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const proxy = await startProxy({ "registry.test:5000": registry.port });
    onTestFinished(() => proxy.stop());
    const repository = repositoryOf(
      { host: "registry.test:5000" },
      { plainHttp: true, proxy: { http: proxy.url } },
    );
    expect(await repository.resolve("1.0")).toEqual(descriptor);
    const fresh = oneLayerImage("through-proxy", 300_000);
    await repository.push(fresh.layer, {
      from: "test",
      open: async function* () {
        yield fresh.blobs[1]?.bytes ?? Buffer.alloc(0);
      },
    });
    expect(await read(repository, fresh.layer)).toHaveLength(fresh.layer.size);
    // Proxies let CONNECT through to the ports of https alone.
    expect(proxy.tunnels).toEqual([]);
    expect(proxy.forwarded[0]).toBe("http://registry.test:5000/v2/");
  });

  it("gives way to https on this host when the registry speaks that", async () => {
    const { registry, cert } = await startSecure();
    expect(await repositoryOf(registry, { ca: [cert] }).resolve("1.0")).toEqual(descriptor);
    expect(registry.requests("GET", /^\/v2\/$/)).toHaveLength(1);
  });

  it("gives way to https when a server says in plain words that it wants TLS", async () => {
    const { registry, cert } = await startSecure();
    const grumpy = await startHost((_request, response) => {
      response.writeHead(400).end("Client sent an HTTP request to an HTTPS server.");
    });
    const repository = repositoryOf(grumpy, { ca: [cert] });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringContaining(grumpy.host) as string,
    });
    expect(registry.seen).toEqual([]);
  });
});

describe("registryOrigin()", () => {
  it("knows where Docker Hub's API is", () => {
    expect(registryOrigin("docker.io", "https").href).toBe("https://registry-1.docker.io/");
  });

  it("refuses what is no host", () => {
    expect(() => registryOrigin("a b", "https")).toThrow(
      expect.objectContaining({ code: "DRAY_REFERENCE_INVALID", kind: "usage" }),
    );
  });
});
