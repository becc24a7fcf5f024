import { describe, expect, it } from "vitest";
import {
  answer,
  cutRequestAfter,
  hangUp,
  loseAnswer,
  refuse,
  type Fault,
} from "../../../fixtures/faults.ts";
import { makeImage, makeLayer } from "../../../fixtures/images.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { basicDoor, TokenServer } from "../../../fixtures/token-server.ts";
import { GraphCopy } from "../../../src/content/copy.ts";
import { contentOf } from "../../../src/content/memory.ts";
import type { Source } from "../../../src/content/content.ts";
import type { RegistryPool } from "../../../src/remote/registry/pool.ts";
import { login, startHost, startPool, startRegistry, type LabOptions } from "./lab.ts";

const layer = makeLayer("shared", 200_000);
const content = contentOf(layer.bytes, "test");
const MOUNT = /\?mount=/;

interface Lab {
  readonly registry: TestRegistry;
  readonly pool: RegistryPool;
}

async function startLab(options: LabOptions = {}): Promise<Lab> {
  const registry = await startRegistry();
  return { registry, pool: startPool({ side: "target", ...options }) };
}

function pushTo({ registry, pool }: Lab, repository: string): Promise<string> {
  const target = pool.repository({ registry: registry.host, repository }, "pull,push");
  return target.push(layer.descriptor, content);
}

function isThere({ registry, pool }: Lab, repository: string): Promise<boolean> {
  const target = pool.repository({ registry: registry.host, repository }, "pull,push");
  return target.exists(layer.descriptor);
}

function bytesSent({ registry }: Lab): number {
  return registry.seen.reduce((sum, { received }) => sum + received, 0);
}

describe("a blob that the registry has in another repository", () => {
  it("is mounted from there, and no byte of it is sent", async () => {
    const lab = await startLab();
    expect(await pushTo(lab, "team/a")).toBe("copied");
    lab.registry.forget();
    expect(await pushTo(lab, "team/b")).toBe("mounted");
    expect(
      lab.registry.seen.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`),
    ).toEqual([`POST /v2/team/b/blobs/uploads/?mount=${layer.descriptor.digest}&from=team/a`]);
    expect(await isThere(lab, "team/b")).toBe(true);
  });

  it("is mounted too when it was only found there", async () => {
    const lab = await startLab();
    await pushTo(lab, "team/a");
    const pool = startPool({ side: "target" });
    const later = { registry: lab.registry, pool };
    expect(await isThere(later, "team/a")).toBe(true);
    expect(await pushTo(later, "team/b")).toBe("mounted");
  });

  it("is sent once for twenty repositories at the same time", async () => {
    const lab = await startLab({ concurrency: 8 });
    const images = Array.from({ length: 20 }, (_item, index) =>
      makeImage([layer, makeLayer(`own-${index}`, 1000)]),
    );
    const results = new Map<string, number>();
    await Promise.all(
      images.map(async (image, index) => {
        const repository = `team/app-${index}`;
        const target = lab.pool.repository(
          { registry: lab.registry.host, repository },
          "pull,push",
        );
        const blobs = new Map(
          [image.root, ...image.blobs].map((blob) => [blob.descriptor.digest, blob.bytes]),
        );
        const source: Source = {
          name: "test",
          async *fetch({ digest }) {
            yield blobs.get(digest) ?? Buffer.alloc(0);
          },
        };
        const copy = new GraphCopy(source, target, {
          limit: target.client.limit,
          onEvent: (event) => {
            if (!("descriptor" in event)) return;
            if (event.descriptor.digest !== layer.descriptor.digest) return;
            results.set(event.type, (results.get(event.type) ?? 0) + 1);
          },
        });
        await copy.copy(image.root.descriptor);
      }),
    );
    expect(Object.fromEntries(results)).toEqual({ copied: 1, mounted: 19 });
    const rest = images.flatMap(({ root, blobs }) => [
      root,
      ...blobs.filter(({ descriptor }) => descriptor.digest !== layer.descriptor.digest),
    ]);
    const expected = rest.reduce((sum, { bytes }) => sum + bytes.length, layer.bytes.length);
    expect(bytesSent(lab)).toBe(expected);
  });

  it("is not mounted from a repository where sending it failed", async () => {
    const lab = await startLab();
    lab.registry.inject({ method: "PUT", path: /team\/a/ }, refuse(403, "DENIED"));
    lab.registry.inject({ method: "POST", path: /team\/a/ }, ({ proceed }) =>
      setTimeout(proceed, 50),
    );
    const first = pushTo(lab, "team/a");
    const second = pushTo(lab, "team/b");
    await expect(first).rejects.toMatchObject({ code: "DRAY_REGISTRY_DENIED" });
    expect(await second).toBe("copied");
    expect(lab.registry.requests("POST", MOUNT)).toEqual([]);
  });
});

const withoutSession: Fault = ({ request, response }) => {
  request.resume();
  response.writeHead(202).end();
};

describe("a mount that is refused", () => {
  const ways: [string, Fault][] = [
    ["400, as where a parameter is not known", refuse(400, "UNSUPPORTED")],
    ["401, as from a private project", refuse(401, "UNAUTHORIZED")],
    ["403", refuse(403, "DENIED")],
    ["404, as from a project that is missing", refuse(404, "NAME_UNKNOWN")],
    ["405", refuse(405, "UNSUPPORTED")],
    ["429", refuse(429, "TOOMANYREQUESTS")],
    ["500", refuse(500, "UNKNOWN")],
    ["a page of a proxy", answer(502, { "Content-Type": "text/html" }, "<h1>bad</h1>")],
    ["a session without a Location", withoutSession],
    ["a session at a forbidden place", answer(202, { Location: "file:///etc/passwd" })],
    ["a closed connection", hangUp],
    ["an answer that is lost", loseAnswer],
  ];

  it.each(ways)("with %s becomes an ordinary upload", async (_what, fault) => {
    const lab = await startLab();
    await pushTo(lab, "team/a");
    lab.registry.inject({ path: MOUNT }, fault);
    lab.registry.forget();
    expect(await pushTo(lab, "team/b")).toBe("copied");
    expect(lab.registry.requests("POST", MOUNT)).toHaveLength(1);
    expect(lab.registry.requests("PUT").map(({ received }) => received)).toEqual([
      layer.bytes.length,
    ]);
    expect(await isThere(lab, "team/b")).toBe(true);
  });

  it("with 202 goes on in the very session that was opened", async () => {
    const lab = await startLab();
    await pushTo(lab, "team/a");
    lab.registry.inject({ path: MOUNT }, ({ request, proceed }) => {
      request.url = request.url?.replace(/\?.*/, "") ?? "";
      proceed();
    });
    lab.registry.forget();
    expect(await pushTo(lab, "team/b")).toBe("copied");
    expect(lab.registry.requests("POST")).toHaveLength(1);
    expect(await isThere(lab, "team/b")).toBe(true);
  });

  it("with 202 opens another session when the first is cut", async () => {
    const lab = await startLab();
    await pushTo(lab, "team/a");
    lab.registry.inject({ path: MOUNT }, ({ request, proceed }) => {
      request.url = request.url?.replace(/\?.*/, "") ?? "";
      proceed();
    });
    lab.registry.inject({ method: "PUT", times: 1 }, cutRequestAfter(1000));
    lab.registry.forget();
    expect(await pushTo(lab, "team/b")).toBe("copied");
    expect(lab.registry.requests("POST")).toHaveLength(2);
    expect(await isThere(lab, "team/b")).toBe(true);
  });

  it("by the door is no reason to think that the password is wrong", async () => {
    const lab = await startLab({ credentials: login("alice", "secret") });
    const guard = basicDoor({ alice: "secret" });
    lab.registry.door = (request) =>
      MOUNT.test(request.url ?? "")
        ? { status: 401, headers: { "WWW-Authenticate": 'Basic realm="private"' } }
        : guard(request);
    await pushTo(lab, "team/a");
    expect(await pushTo(lab, "team/b")).toBe("copied");
    expect(await pushTo(lab, "team/c")).toBe("copied");
  });

  it.each([400, 401, 403, 500])(
    "by a token server that answers %i to the wider scope becomes an ordinary upload",
    async (status) => {
      const tokens = new TokenServer({ users: { alice: "secret" } });
      const host = await startHost((request, response) => {
        const { searchParams } = new URL(request.url ?? "", "http://host");
        if (searchParams.getAll("scope").length > 1) response.writeHead(status).end();
        else tokens.listener(request, response);
      });
      const lab = await startLab({
        credentials: login("alice", "secret"),
        allowedTokenHosts: [host.host],
      });
      lab.registry.door = tokens.door(`${host.url}/token`);
      await pushTo(lab, "team/a");
      expect(await pushTo(lab, "team/b")).toBe("copied");
      expect(await pushTo(lab, "team/c")).toBe("copied");
    },
  );
});

describe("a mount at a registry that asks for Bearer", () => {
  it("asks for the right to pull from the other repository too", async () => {
    const tokens = new TokenServer({ users: { alice: "secret" } });
    const host = await startHost(tokens.listener);
    const lab = await startLab({
      credentials: login("alice", "secret"),
      allowedTokenHosts: [host.host],
    });
    lab.registry.door = tokens.door(`${host.url}/token`);
    await pushTo(lab, "team/a");
    expect(await pushTo(lab, "team/b")).toBe("mounted");
    expect(tokens.seen.at(-1)?.scopes).toEqual([
      "repository:team/b:pull,push",
      "repository:team/a:pull",
    ]);
  });
});
