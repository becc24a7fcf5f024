import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { makeCertificate } from "../../fixtures/certificates.ts";
import { startProxy } from "../../fixtures/proxy.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { startRepository } from "../remote/chart-repository/lab.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { dray } from "./terminal.ts";

const certificate = makeCertificate(["there.test", "127.0.0.1"]);

/** What servers for https alone say to somebody who speaks plain http. */
const TO_PLAIN = {
  "breaks off": undefined,
  "answers as nginx does":
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>",
  "answers as Go does":
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
} as const;

/** Before a server of https: it speaks to nobody but those who begin with TLS. */
async function startFront(port: number, toPlain: string | undefined): Promise<number> {
  const front = createServer((client) => {
    client.on("error", () => undefined);
    client.once("data", (first) => {
      if (first[0] !== 0x16) {
        if (toPlain === undefined) client.destroy();
        else client.end(toPlain);
        return;
      }
      const server = connect(port, "127.0.0.1", () => {
        server.write(first);
        server.pipe(client);
        client.pipe(server);
      });
      server.on("error", () => client.destroy());
      client.on("close", () => server.destroy());
    });
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  onTestFinished(() => void front.close());
  return (front.address() as AddressInfo).port;
}

/** Another host, `there.test:5000`, is what listens at `port`. */
async function leadingTo(port: number): Promise<Readonly<Record<string, string>>> {
  const proxy = await startProxy({ "there.test:5000": port });
  onTestFinished(() => proxy.stop());
  return { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url };
}

interface Desk {
  readonly env: Readonly<Record<string, string>>;
  readonly host: string;
  readonly bundle: string;
  readonly ca: string;
  readonly directory: string;
}

async function deskAt(port: number, host = "there.test:5000"): Promise<Desk> {
  const directory = await temporaryDirectory();
  const ca = join(directory, "ca.pem");
  await writeFile(ca, certificate.cert);
  const env = { ...(await leadingTo(port)), DRAY_STORE: join(directory, "store") };
  return { env, ca, directory, host, bundle: (await makeBundle()).path };
}

const REGISTRY_LINES: readonly (readonly [string, (desk: Desk) => string[]])[] = [
  ["push", ({ bundle, host }) => ["push", bundle, `${host}/m`, "--allow-unsigned"]],
  [
    "a dry run",
    ({ bundle, host }) => ["push", bundle, `${host}/m`, "--allow-unsigned", "--dry-run"],
  ],
  [
    "pack",
    ({ directory, host }) => [
      "pack",
      "--image",
      `${host}/nobody/here:1`,
      "--unsigned",
      "-o",
      join(directory, "out.tar.gz"),
    ],
  ],
];

/** How each ends when the registry answers. Nobody has put that image there. */
const ANSWERED: Readonly<Record<string, readonly unknown[]>> = {
  push: [0, expect.any(String)],
  "a dry run": [0, expect.any(String)],
  pack: [3, expect.stringContaining("there is no such manifest")],
};

const NEEDLESS = "hint: It seems to speak https: leave out --plain-http.";
const NEEDED = "hint: It seems to speak plain http: --plain-http allows that.";

describe.each(Object.entries(TO_PLAIN))("a registry of https that %s", (_what, toPlain) => {
  it.each(REGISTRY_LINES)("is told from one that is gone: %s", async (name, line) => {
    const registry = await startRegistry({ tls: certificate });
    const front = await startFront(registry.port, toPlain);
    const desk = await deskAt(front, `127.0.0.1:${front}`);
    const wrong = await dray([...line(desk), "--plain-http", "--retry-for", "0"], desk);
    expect(wrong.code).toBeGreaterThan(0);
    expect(wrong.stderr).toContain(NEEDLESS);
    const right = await dray([...line(desk), "--ca-file", desk.ca], desk);
    expect(right.stderr).not.toContain(NEEDLESS);
    expect([right.code, right.stderr]).toEqual(ANSWERED[name]);
  });
});

describe("a registry of plain http", () => {
  it.each(REGISTRY_LINES)("is spoken to when its hint is followed: %s", async (name, line) => {
    const registry = await startRegistry();
    const desk = await deskAt(registry.port);
    const wrong = await dray(line(desk), desk);
    expect(wrong.code).toBeGreaterThan(0);
    expect(wrong.stderr).toContain(NEEDED);
    const right = await dray([...line(desk), "--plain-http"], desk);
    expect([right.code, right.stderr]).toEqual(ANSWERED[name]);
  });
});

describe("a chart repository", () => {
  it.each(Object.entries(TO_PLAIN))("of https that %s is told so", async (_what, toPlain) => {
    const repository = await startRepository(certificate);
    repository.publish("web", { version: "1.0.0" });
    const front = await startFront(Number(repository.host.split(":")[1]), toPlain);
    const desk = await deskAt(front, `127.0.0.1:${front}`);
    const chart = `${desk.host}#web`;
    const wrong = await dray(
      ["images", `http://${chart}`, "--plain-http", "--retry-for", "0"],
      desk,
    );
    expect([wrong.code > 0, wrong.stderr]).toEqual([
      true,
      expect.stringContaining("hint: It seems to speak https: write https:// in its address."),
    ]);
    const right = await dray(["images", `https://${chart}`, "--ca-file", desk.ca], desk);
    expect(right.code).toBe(0);
  });

  it("of plain http is told so", async () => {
    const repository = await startRepository();
    repository.publish("web", { version: "1.0.0" });
    const desk = await deskAt(Number(repository.host.split(":")[1]));
    const wrong = await dray(["images", "https://there.test:5000#web", "--retry-for", "0"], desk);
    expect([wrong.code > 0, wrong.stderr]).toEqual([
      true,
      expect.stringContaining(
        "hint: It seems to speak plain http: write http:// in its address, with --plain-http.",
      ),
    ]);
    const right = await dray(["images", "http://there.test:5000#web", "--plain-http"], desk);
    expect(right.code).toBe(0);
  });
});
