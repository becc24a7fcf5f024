import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { clientOf, startRepository } from "./lab.ts";

const LOGIN = { username: "ada", password: "secret" };
const BASIC = `Basic ${Buffer.from("ada:secret").toString("base64")}`;
const LIMIT = { maxBytes: 1_000_000 };

describe("the index of a chart repository", () => {
  it("is read once by a client, and again only when it has changed", async () => {
    const repository = await startRepository();
    repository.publish("web", { version: "1.0.0" });
    const cache = await temporaryDirectory();
    const first = await clientOf(repository.url, { cache });
    expect(await first.versions("web")).toMatchObject([{ version: "1.0.0" }]);
    expect(await first.versions("other")).toEqual([]);
    expect(repository.paths()).toEqual(["/index.yaml"]);
    const second = await clientOf(repository.url, { cache });
    expect(await second.versions("web")).toMatchObject([{ version: "1.0.0" }]);
    expect(repository.seen[1]?.headers["if-none-match"]).toMatch(/^"sha256:/);
    repository.publish("web", { version: "2.0.0" });
    const third = await clientOf(repository.url, { cache });
    expect(await third.versions("web")).toHaveLength(2);
  });

  it("that was damaged in the cache is fetched whole", async () => {
    const repository = await startRepository();
    repository.publish("web", { version: "1.0.0" });
    const cache = await temporaryDirectory();
    await (await clientOf(repository.url, { cache })).versions("web");
    for (const name of await readdir(cache)) {
      if (name.endsWith(".yaml")) await writeFile(join(cache, name), "entries: {}\n");
    }
    const again = await clientOf(repository.url, { cache });
    expect(await again.versions("web")).toHaveLength(1);
    expect(repository.seen[1]?.headers["if-none-match"]).toBeUndefined();
  });

  it.each([
    [404, "it is the one that `helm repo add` takes"],
    [401, "Log in"],
    [403, "Log in"],
  ])("that is answered with %s says what to do", async (status, hint) => {
    const repository = await startRepository();
    repository.door = () => status;
    const client = await clientOf(repository.url);
    await expect(client.versions("web")).rejects.toMatchObject({
      code: "DRAY_CHART_REPOSITORY_FAILED",
      status,
      hint: expect.stringContaining(hint) as string,
    });
  });

  it("is asked for again when the server is overloaded", async () => {
    const repository = await startRepository();
    repository.publish("web", { version: "1.0.0" });
    let left = 2;
    repository.door = () => (left-- > 0 ? 503 : undefined);
    const client = await clientOf(repository.url);
    expect(await client.versions("web")).toHaveLength(1);
  });

  it("that has no end is refused before it fills the memory", async () => {
    const repository = await startRepository();
    repository.files.set("/index.yaml", (_request, response) => {
      const piece = Buffer.alloc(1024 * 1024, "#");
      const fill = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", fill);
      fill();
    });
    const client = await clientOf(repository.url);
    await expect(client.versions("web")).rejects.toMatchObject({ kind: "refused" });
  });

  it("is not asked for without encryption, unless that is wanted or nobody is in between", async () => {
    await expect(clientOf("http://charts.example/")).rejects.toMatchObject({
      code: "DRAY_CHART_REPOSITORY_INVALID",
      kind: "usage",
    });
    const client = await clientOf("http://charts.example/", { plainHttp: true });
    expect(client.name).toBe("chart repository http://charts.example/");
  });
});

describe("the login of a chart repository", () => {
  it("goes to the repository and to no other host that its index names", async () => {
    const repository = await startRepository();
    const other = await startRepository();
    repository.files.set("/web.tgz", "ours");
    other.files.set("/web.tgz", "theirs");
    const client = await clientOf(repository.url, { login: LOGIN });
    expect((await client.download("web.tgz", LIMIT)).toString()).toBe("ours");
    expect((await client.download(`${other.url}/web.tgz`, LIMIT)).toString()).toBe("theirs");
    expect(repository.seen[0]?.headers.authorization).toBe(BASIC);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
  });

  it("goes to other hosts only where the user has said so", async () => {
    const repository = await startRepository();
    const other = await startRepository();
    other.files.set("/web.tgz", "theirs");
    const client = await clientOf(repository.url, { login: { ...LOGIN, passToAllHosts: true } });
    await client.download(`${other.url}/web.tgz`, LIMIT);
    expect(other.seen[0]?.headers.authorization).toBe(BASIC);
  });

  it("stays with a redirect to any host where the user has said so", async () => {
    const repository = await startRepository();
    const other = await startRepository();
    repository.files.set("/web.tgz", (_request, response) => {
      response.writeHead(302, { Location: `${other.url}/web.tgz` }).end();
    });
    other.files.set("/web.tgz", "theirs");
    const client = await clientOf(repository.url, { login: { ...LOGIN, passToAllHosts: true } });
    await client.download("web.tgz", LIMIT);
    expect(other.seen[0]?.headers.authorization).toBe(BASIC);
  });

  it("is kept back from another host that asks for it, and that is said", async () => {
    const repository = await startRepository();
    const other = await startRepository();
    other.door = ({ headers }) => (headers.authorization === undefined ? 401 : undefined);
    const client = await clientOf(repository.url, { login: LOGIN });
    await expect(client.download(`${other.url}/web.tgz`, LIMIT)).rejects.toMatchObject({
      status: 401,
      hint: expect.stringContaining("The login was kept back") as string,
    });
  });

  it("does not follow a redirect to another host, and does not come back with it", async () => {
    const repository = await startRepository();
    const other = await startRepository();
    repository.files.set("/index.yaml", (_request, response) => {
      response.writeHead(302, { Location: `${other.url}/hop` }).end();
    });
    other.files.set("/hop", (_request, response) => {
      response.writeHead(302, { Location: `${repository.url}/real.yaml` }).end();
    });
    repository.files.set("/real.yaml", "entries: {}\n");
    const client = await clientOf(repository.url, { login: LOGIN });
    expect(await client.versions("web")).toEqual([]);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
    expect(repository.seen.map(({ headers }) => headers.authorization)).toEqual([BASIC, undefined]);
  });
});

describe("a chart repository over TLS", () => {
  it("is trusted by the CA of its own entry, and no other host is for that", async () => {
    const certificate = makeCertificate(["127.0.0.1"]);
    const repository = await startRepository(certificate);
    const other = await startRepository(certificate);
    repository.files.set("/index.yaml", "entries: {}\n");
    other.files.set("/web.tgz", "theirs");
    const client = await clientOf(repository.url, { login: { ca: certificate.cert } });
    expect(await client.versions("web")).toEqual([]);
    await expect(client.download(`${other.url}/web.tgz`, LIMIT)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
    });
    expect(other.seen).toEqual([]);
  });

  it("does not send anybody on to plain http", async () => {
    const certificate = makeCertificate(["127.0.0.1"]);
    const plain = await startRepository();
    const repository = await startRepository(certificate);
    repository.files.set("/index.yaml", (_request, response) => {
      response.writeHead(301, { Location: `${plain.url}/index.yaml` }).end();
    });
    const client = await clientOf(repository.url, { ca: [certificate.cert] });
    await expect(client.versions("web")).rejects.toMatchObject({ code: "DRAY_REGISTRY_REDIRECT" });
    expect(plain.seen).toEqual([]);
  });
});

describe("provenance in a chart repository", () => {
  it("lies beside the chart, with the same query", async () => {
    const repository = await startRepository();
    const text = "-----BEGIN PGP SIGNED MESSAGE-----\n";
    repository.files.set("/web.tgz.prov", text);
    const client = await clientOf(repository.url);
    expect((await client.provenance("web.tgz?token=1", LIMIT))?.toString()).toBe(text);
    expect(repository.paths()).toEqual(["/web.tgz.prov?token=1"]);
  });

  it("is none where the answer is a page, or that there is nothing or nothing for you", async () => {
    const repository = await startRepository();
    repository.files.set("/page.tgz.prov", "<html>No such page</html>");
    repository.door = ({ url }) => (url === "/hidden.tgz.prov" ? 403 : undefined);
    const client = await clientOf(repository.url);
    for (const name of ["page.tgz", "hidden.tgz", "missing.tgz"]) {
      expect(await client.provenance(name, LIMIT)).toBeUndefined();
    }
  });
});

describe("a page where an index or a chart was to come", () => {
  it("is named with its title", async () => {
    const repository = await startRepository();
    const page = "<!DOCTYPE html><html><head><title>Sign in to GitLab</title></head></html>";
    repository.files.set("/index.yaml", page);
    repository.files.set("/web.tgz", page);
    const client = await clientOf(repository.url);
    const named = {
      code: "DRAY_CHART_REPOSITORY_FAILED",
      message: expect.stringContaining('an HTML page, "Sign in to GitLab"') as string,
    };
    await expect(client.versions("web")).rejects.toMatchObject(named);
    await expect(client.download("web.tgz", LIMIT)).rejects.toMatchObject(named);
  });
});
