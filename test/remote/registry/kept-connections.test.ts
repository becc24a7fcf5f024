import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import { makeLayer } from "../../../fixtures/images.ts";
import { DEFAULT_CONCURRENCY } from "../../../src/content/concurrency.ts";
import { contentOf } from "../../../src/content/memory.ts";
import { secureContextFor } from "../../../src/remote/http/secure-context.ts";
import { withLogin } from "../../../src/remote/chart-repository/repository-login.ts";
import { fill, oneLayerImage, repositoryOf, startRegistry } from "./lab.ts";

const image = oneLayerImage("kept");

/** One that is used, and one on which the last answer has just ended. */
const AT_A_TIME = 2;

describe("the connections to a registry", () => {
  it("are used again by every kind of request, also after HEAD", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const before = registry.connections;
    const repository = repositoryOf(registry);
    for (let round = 0; round < 10; round++) {
      const layer = makeLayer(`kept-${round}`, 1000);
      expect(await repository.exists(layer.descriptor)).toBe(false);
      await repository.push(layer.descriptor, contentOf(layer.bytes, "test"));
      expect(await repository.has("1.0")).toBe(true);
      await repository.resolve("1.0");
    }
    expect(registry.requests("HEAD").length).toBeGreaterThan(20);
    expect(registry.connections - before).toBeLessThanOrEqual(AT_A_TIME);
  });

  it("are no more than what runs at the same time, over TLS too", async () => {
    const tls = makeCertificate(["127.0.0.1"]);
    const registry = await startRegistry({ tls });
    const before = registry.connections;
    const repository = repositoryOf(registry, { ca: [tls.cert] });
    const layers = Array.from({ length: 60 }, (_one, index) => makeLayer(`tls-${index}`, 500));
    await Promise.all(
      layers.map(({ descriptor, bytes }) =>
        repository.client.limit(async () => {
          await repository.exists(descriptor);
          await repository.push(descriptor, contentOf(bytes, "test"));
        }),
      ),
    );
    expect(registry.requests("HEAD")).toHaveLength(60);
    expect(registry.connections - before).toBeLessThanOrEqual(
      (DEFAULT_CONCURRENCY + 1) * AT_A_TIME,
    );
  });
});

/** Answers on the bare socket, whatever is asked; `strayed` is sent before the answer to the next one. */
async function startTalkative(strayed: "at once" | "later"): Promise<{
  host: string;
  lines: string[];
  sockets: Set<Socket>;
}> {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const body = '{"errors":[]}';
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let owed = "";
    socket.on("data", (data) => {
      const line = data.toString().split("\r\n")[0] ?? "";
      lines.push(line);
      const head = `HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n`;
      if (line.startsWith("HEAD")) {
        socket.write(strayed === "at once" ? head + body : head);
        owed = strayed === "later" ? body : "";
        return;
      }
      const ping = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
      socket.write(owed + (line.includes("/v2/ ") ? ping : head + body));
      owed = "";
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, lines, sockets };
}

describe("a server that sends a body to HEAD", () => {
  it.each(["at once", "later"] as const)(
    "harms no request when the body comes %s",
    async (strayed) => {
      const server = await startTalkative(strayed);
      const repository = repositoryOf(server, { plainHttp: true, retryFor: 0 });
      for (let round = 0; round < 5; round++) {
        expect(await repository.has("1.0")).toBe(false);
        expect(await repository.find("1.0")).toBeUndefined();
        await expect(repository.digestBehind("1.0", { like: image.layer.digest })).resolves.toBe(
          undefined,
        );
      }
      expect(server.lines.filter((line) => line.startsWith("GET"))).not.toHaveLength(0);
    },
  );

  it("loses that connection alone", async () => {
    const server = await startTalkative("later");
    const repository = repositoryOf(server, { plainHttp: true, retryFor: 0 });
    for (let round = 0; round < 3; round++) {
      await repository.has("1.0");
      await repository.digestBehind("1.0", { like: image.layer.digest });
    }
    const after = server.sockets.size;
    for (let round = 0; round < 5; round++) {
      await repository.digestBehind("1.0", { like: image.layer.digest });
    }
    expect(server.sockets.size).toBeLessThanOrEqual(after + 1);
  });
});

describe("the certificates that are trusted", () => {
  it("are parsed once for all who trust the same", () => {
    const ca = [makeCertificate(["one.test"]).cert];
    const first = secureContextFor({ ca });
    expect(first).toBeDefined();
    expect(secureContextFor({ ca, insecureSkipTlsVerify: true })).toBe(first);
    expect(secureContextFor(withLogin({ ca }, { username: "u", password: "p" }))).toBe(first);
    expect(secureContextFor({ ca: [...ca] })).not.toBe(first);
  });

  it("are left to Node.js where nobody names any", () => {
    expect(secureContextFor({})).toBeUndefined();
  });
});
