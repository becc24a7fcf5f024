import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Door, TestRegistry } from "../../../fixtures/registry.ts";
import { refuse } from "../../../fixtures/faults.ts";
import { basicDoor, TokenServer, type TokenServerOptions } from "../../../fixtures/token-server.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { authFile } from "../../../src/remote/registry/auth-file.ts";
import type { RegistryAccess } from "../../../src/remote/registry/access.ts";
import type { Repository } from "../../../src/remote/registry/repository.ts";
import {
  always,
  fill,
  login,
  oneLayerImage,
  read,
  repositoryOf,
  startHost,
  startPool,
  startRegistry,
} from "./lab.ts";

const PASSWORD = "correct-horse:battery";
const users = { alice: PASSWORD };
const alice = login("alice", PASSWORD);
const image = oneLayerImage("guarded");

/** A registry behind a token server that only this test's clients may ask for tokens. */
async function startGuarded(
  options: TokenServerOptions,
): Promise<{ registry: TestRegistry; tokens: TokenServer; allowedTokenHosts: string[] }> {
  const tokens = new TokenServer(options);
  const host = await startHost(tokens.listener);
  const registry = await startRegistry({ door: tokens.door(`${host.url}/token`) });
  await fill(registry, image);
  return { registry, tokens, allowedTokenHosts: [host.host] };
}

async function pullAll(repository: Repository): Promise<void> {
  const root = await repository.resolve("1.0");
  await read(repository, root);
  await read(repository, image.layer);
}

function statuses(registry: TestRegistry): number[] {
  return registry.seen.map(({ status }) => status);
}

describe("a registry that asks for nothing", () => {
  it("is never sent credentials", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    await pullAll(repositoryOf(registry, { credentials: alice }));
    expect(registry.seen).toHaveLength(4);
    for (const { headers } of registry.seen) expect(headers.authorization).toBeUndefined();
  });
});

describe("a registry that asks for Basic", () => {
  it("gets user name and password with every request after the ping", async () => {
    const registry = await startRegistry({ door: basicDoor(users) });
    await fill(registry, image);
    await pullAll(repositoryOf(registry, { credentials: alice }));
    expect(statuses(registry)).toEqual([401, 200, 200, 200]);
  });

  it("refuses who has no credentials, and the hint says how to log in", async () => {
    const registry = await startRegistry({ door: basicDoor(users) });
    await fill(registry, image);
    await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_LOGIN_MISSING",
      kind: "failed",
      status: 401,
      hint: expect.stringContaining(`dray login ${registry.host}`) as string,
    });
    expect(statuses(registry)).toEqual([401, 401]);
  });

  it("is logged in to with a password that has umlauts and colons", async () => {
    const password = "pä:ss:wörd€";
    const registry = await startRegistry({ door: basicDoor({ jörg: password }) });
    await fill(registry, image);
    await pullAll(repositoryOf(registry, { credentials: login("jörg", password) }));
    expect(statuses(registry)).toEqual([401, 200, 200, 200]);
  });

  it("is found out in the middle, when only some requests ask for it", async () => {
    const guard = basicDoor(users);
    const door: Door = (request) =>
      request.url?.includes("/blobs/") === true ? guard(request) : undefined;
    const registry = await startRegistry({ door });
    await fill(registry, image);
    await pullAll(repositoryOf(registry, { credentials: alice }));
    expect(statuses(registry)).toEqual([200, 200, 200, 401, 200]);
  });
});

describe("a registry that asks for Bearer", () => {
  it("gets a token for the very scope, and one token is enough", async () => {
    const { registry, tokens, ...options } = await startGuarded({ users });
    await pullAll(repositoryOf(registry, { credentials: alice, ...options }));
    expect(statuses(registry)).toEqual([401, 200, 200, 200]);
    expect(tokens.seen).toHaveLength(1);
    expect(tokens.seen[0]?.scopes).toEqual(["repository:team/app:pull,push"]);
    expect(tokens.seen[0]?.parameters.get("service")).toBe("test");
    expect(tokens.seen[0]?.parameters.get("account")).toBe("alice");
  });

  it("gets one token for each repository, however many requests start at once", async () => {
    const { registry, tokens, ...options } = await startGuarded({ users });
    for (const name of ["a", "b", "c"]) await fill(registry, image, `team/${name}:1.0`);
    const pool = startPool({ credentials: alice, ...options });
    const pulls = ["a", "b", "c", "a", "b", "c"].map((name) =>
      pullAll(pool.repository({ registry: registry.host, repository: `team/${name}` })),
    );
    await Promise.all(pulls);
    expect(tokens.seen.map(({ scopes }) => scopes.join()).toSorted()).toEqual([
      "repository:team/a:pull",
      "repository:team/b:pull",
      "repository:team/c:pull",
    ]);
  });

  it("lets anonymous users in with an anonymous token", async () => {
    const { registry, tokens } = await startGuarded({ anonymous: (scope) => scope });
    await pullAll(repositoryOf(registry));
    expect(statuses(registry)).toEqual([401, 200, 200, 200]);
    expect(tokens.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it("takes a token that is called access_token", async () => {
    const { registry, ...options } = await startGuarded({ users, field: "access_token" });
    await pullAll(repositoryOf(registry, { credentials: alice, ...options }));
    expect(statuses(registry)).toEqual([401, 200, 200, 200]);
  });

  it("gets tokens by OAuth2 for an identity token, and the token is only in the body", async () => {
    const { registry, tokens, ...options } = await startGuarded({ identityTokens: ["id-secret"] });
    const credentials = always({ kind: "identity", token: "id-secret" });
    await pullAll(repositoryOf(registry, { credentials, ...options }));
    expect(statuses(registry)).toEqual([401, 200, 200, 200]);
    const [request] = tokens.seen;
    expect(request?.method).toBe("POST");
    expect(request?.authorization).toBeUndefined();
    expect(Object.fromEntries(request?.parameters ?? [])).toEqual({
      grant_type: "refresh_token",
      refresh_token: "id-secret",
      client_id: "dray",
      service: "test",
      scope: "repository:team/app:pull,push",
    });
  });

  it("gets a registry token as it stands, and no token server is asked", async () => {
    const { registry, tokens } = await startGuarded({ users });
    registry.door = ({ headers }) =>
      headers.authorization === "Bearer ready-made"
        ? undefined
        : { status: 401, headers: { "WWW-Authenticate": 'Bearer realm="https://x.test/"' } };
    const credentials = always({ kind: "bearer", token: "ready-made" });
    await pullAll(repositoryOf(registry, { credentials }));
    expect(statuses(registry)).toEqual([401, 200, 200, 200]);
    expect(tokens.seen).toEqual([]);
  });

  it("is preferred to Basic when one header offers both, with commas inside quotes", async () => {
    const { registry, tokens, ...options } = await startGuarded({ users });
    const guard = registry.door;
    registry.door = (request) => {
      const denial = guard?.(request);
      const bearer = String(denial?.headers["WWW-Authenticate"]);
      return (
        denial && {
          status: 401,
          headers: { "WWW-Authenticate": `Basic realm="a, b", ${bearer}, error="no, you, don't"` },
        }
      );
    };
    await pullAll(repositoryOf(registry, { credentials: alice, ...options }));
    expect(tokens.seen).toHaveLength(1);
    expect(statuses(registry)).toEqual([401, 200, 200, 200]);
  });

  it("is preferred to Basic when the two come as two headers", async () => {
    const { registry, tokens, ...options } = await startGuarded({ users });
    const guard = registry.door;
    registry.door = (request) => {
      const denial = guard?.(request);
      const bearer = String(denial?.headers["WWW-Authenticate"]);
      return (
        denial && {
          status: 401,
          headers: { "WWW-Authenticate": ['Basic realm="first"', bearer] },
        }
      );
    };
    await pullAll(repositoryOf(registry, { credentials: alice, ...options }));
    expect(tokens.seen).toHaveLength(1);
  });

  it("that grants less than was asked for answers 403 or 401, and there is no storm", async () => {
    const { registry, tokens, ...options } = await startGuarded({
      users,
      grant: (scope) => scope.replace(":pull,push", ":pull"),
    });
    const repository = repositoryOf(registry, { credentials: alice, ...options });
    await pullAll(repository);
    const other = oneLayerImage("more");
    const [blob] = other.blobs;
    await expect(
      repository.push(other.layer, {
        from: "test",
        open: async function* () {
          yield blob?.bytes ?? Buffer.alloc(0);
        },
      }),
    ).rejects.toMatchObject({
      code: "DRAY_REGISTRY_DENIED",
      message: expect.stringContaining("start upload") as string,
    });
    expect(registry.requests("POST")).toHaveLength(2);
    expect(tokens.seen).toHaveLength(2);
  });
});

describe("a login that ends in the middle of a long run", () => {
  it("is renewed when the registry stops taking a token", async () => {
    const { registry, tokens, ...options } = await startGuarded({ users });
    const repository = repositoryOf(registry, { credentials: alice, ...options });
    const root = await repository.resolve("1.0");
    tokens.expireAll();
    await read(repository, root);
    expect(statuses(registry)).toEqual([401, 200, 401, 200]);
    expect(tokens.seen).toHaveLength(2);
  });

  it("is renewed once when many requests find out at the same time", async () => {
    const { registry, tokens, ...options } = await startGuarded({ users });
    const repository = repositoryOf(registry, { credentials: alice, ...options });
    const root = await repository.resolve("1.0");
    tokens.expireAll();
    await Promise.all([1, 2, 3, 4].map(() => read(repository, root)));
    expect(tokens.seen).toHaveLength(2);
  });

  it("is renewed before a token expires by the clock", async () => {
    const { registry, tokens, ...options } = await startGuarded({ users, lifetime: 0 });
    const repository = repositoryOf(registry, { credentials: alice, ...options });
    await pullAll(repository);
    expect(statuses(registry)).toEqual([401, 200, 200, 200]);
    expect(tokens.seen).toHaveLength(3);
  });

  it("is renewed when it ends on the PUT of a blob, which is sent again from the start", async () => {
    const { registry, tokens, ...options } = await startGuarded({ users });
    const repository = repositoryOf(registry, { credentials: alice, ...options });
    const made = oneLayerImage("late", 300_000);
    const [, blob] = made.blobs;
    let opened = 0;
    registry.inject({ method: "PUT", times: 1 }, ({ proceed }) => {
      tokens.expireAll();
      proceed();
    });
    await repository.push(made.layer, {
      from: "test",
      open: async function* () {
        opened += 1;
        yield blob?.bytes ?? Buffer.alloc(0);
      },
    });
    expect(await repository.exists(made.layer)).toBe(true);
    expect(registry.requests("PUT").map(({ status }) => status)).toEqual([401, 201]);
    expect(opened).toBe(2);
  });

  it("goes on with the password that the store says now", async () => {
    const registry = await startRegistry({ door: basicDoor({ alice: "old" }) });
    await fill(registry, image);
    const asked: (boolean | undefined)[] = [];
    const credentials: RegistryAccess["credentials"] = async (_registry, _name, options) => {
      asked.push(options?.fresh);
      return { kind: "password", username: "alice", password: asked.length === 1 ? "old" : "new" };
    };
    const repository = repositoryOf(registry, { credentials });
    const root = await repository.resolve("1.0");
    registry.door = basicDoor({ alice: "new" });
    await read(repository, root);
    expect(statuses(registry)).toEqual([401, 200, 401, 200]);
    expect(asked).toEqual([false, true]);
  });
});

describe("logins in a file", () => {
  it("may be another one for each path below a registry", async () => {
    const registry = await startRegistry();
    for (const name of ["red/app", "blue/app"]) await fill(registry, image, `${name}:1.0`);
    const path = join(await temporaryDirectory(), "auth.json");
    const auths = {
      [`${registry.host}/red`]: { auth: Buffer.from("red:1").toString("base64") },
      [`${registry.host}/blue`]: { auth: Buffer.from("blue:2").toString("base64") },
    };
    await writeFile(path, JSON.stringify({ auths }));
    const doors = { red: basicDoor({ red: "1" }), blue: basicDoor({ blue: "2" }) };
    registry.door = (request) =>
      request.url?.startsWith("/v2/blue/") === true ? doors.blue(request) : doors.red(request);
    const pool = startPool({ credentials: authFile(path) });
    for (const repository of ["red/app", "blue/app"]) {
      await pullAll(pool.repository({ registry: registry.host, repository }));
    }
    expect(statuses(registry)).toEqual([401, 200, 200, 200, 200, 200, 200]);
  });

  it("are read again when one of them is refused in the middle of a run", async () => {
    const registry = await startRegistry({ door: basicDoor({ alice: "old" }) });
    await fill(registry, image);
    const path = join(await temporaryDirectory(), "config.json");
    const write = (password: string): Promise<void> => {
      const auth = Buffer.from(`alice:${password}`).toString("base64");
      return writeFile(path, JSON.stringify({ auths: { [registry.host]: { auth } } }));
    };
    await write("old");
    const repository = repositoryOf(registry, { credentials: authFile(path) });
    const root = await repository.resolve("1.0");
    await write("new");
    registry.door = basicDoor({ alice: "new" });
    await read(repository, root);
    expect(statuses(registry)).toEqual([401, 200, 401, 200]);
  });
});

describe("a wrong password", () => {
  const wrong = login("alice", "wrong");

  it("is one refused request to a Basic registry, however many follow", async () => {
    const registry = await startRegistry({ door: basicDoor(users) });
    await fill(registry, image);
    const repository = repositoryOf(registry, { credentials: wrong });
    for (const tag of ["1.0", "2.0", "3.0"]) {
      await expect(repository.resolve(tag)).rejects.toMatchObject({
        code: "DRAY_LOGIN_REFUSED",
        status: 401,
        hint: "Check user name and password (or token) for this registry.",
      });
    }
    expect(statuses(registry)).toEqual([401, 401]);
  });

  it("is one refused request to a token server, however many repositories follow", async () => {
    const { registry, tokens, ...options } = await startGuarded({ users });
    const pool = startPool({ credentials: wrong, ...options });
    for (const name of ["a", "b", "c"]) {
      const repository = pool.repository({ registry: registry.host, repository: name });
      await expect(repository.resolve("1.0")).rejects.toMatchObject({
        code: "DRAY_LOGIN_REFUSED",
        kind: "failed",
        status: 401,
        message: expect.stringMatching(
          /^Cannot log in to .*: its token server http:.* refuses the credentials and answered 401$/,
        ) as string,
        hint: "Check user name and password (or token) for this registry.",
      });
    }
    expect(tokens.seen).toHaveLength(1);
    expect(statuses(registry)).toEqual([401]);
  });

  it("does not stand in any error", async () => {
    const { registry, ...options } = await startGuarded({ users });
    const repository = repositoryOf(registry, {
      credentials: login("alice", "s3cr3t-pass"),
      ...options,
    });
    const error: unknown = await repository.resolve("1.0").catch((cause: unknown) => cause);
    const { inspect } = await import("node:util");
    const text = inspect(error, { depth: 10, showHidden: true });
    expect(text).toContain("DRAY_LOGIN_REFUSED");
    expect(text).not.toContain("s3cr3t-pass");
    expect(text).not.toContain(Buffer.from("alice:s3cr3t-pass").toString("base64"));
  });

  it("that worked before is asked for again, since a registry may deny one repository with 401", async () => {
    const registry = await startRegistry({ door: basicDoor(users) });
    await fill(registry, image);
    await fill(registry, image, "team/other:1.0");
    const pool = startPool({ credentials: alice });
    const open = pool.repository({ registry: registry.host, repository: "team/app" });
    await pullAll(open);
    registry.inject({ path: /closed/ }, refuse(401, "UNAUTHORIZED"));
    registry.inject({ path: /walled/ }, ({ response }) => {
      response.writeHead(401, { "WWW-Authenticate": 'Basic realm="test"' }).end();
    });
    for (const name of ["closed", "walled"]) {
      const repository = pool.repository({ registry: registry.host, repository: name });
      await expect(repository.resolve("1.0")).rejects.toMatchObject({ status: 401 });
    }
    await pullAll(pool.repository({ registry: registry.host, repository: "team/other" }));
  });
});

describe("a token server with a problem", () => {
  it("is asked again when it answers 503, and when it hangs up", async () => {
    const { registry, tokens, allowedTokenHosts } = await startGuarded({ users });
    let failures = 0;
    const flaky = await startHost((request, response) => {
      failures += 1;
      if (failures === 1) response.writeHead(503).end();
      else if (failures === 2) request.socket.destroy();
      else tokens.listener(request, response);
    });
    registry.door = tokens.door(`${flaky.url}/token`);
    const repository = repositoryOf(registry, {
      credentials: alice,
      allowedTokenHosts: [...allowedTokenHosts, flaky.host],
    });
    await pullAll(repository);
    expect(failures).toBe(3);
  });

  it("is named in the error when it cannot be reached", async () => {
    const { registry, tokens } = await startGuarded({ users });
    const gone = await startHost(tokens.listener);
    await gone.stop();
    registry.door = tokens.door(`${gone.url}/token`);
    const repository = repositoryOf(registry, { allowedTokenHosts: [gone.host] });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringContaining(`no answer from ${gone.host}`) as string,
    });
  });

  it.each([
    ["no token", "{}", "there is no token in it"],
    ["a token with a line break", '{"token":"a\\nb: c"}', "there is no token in it"],
    ["no JSON", "token=abc", "line 1, column 1: expected a value"],
    ["two tokens of one name", '{"token":"a","token":"b"}', "expected every name once in a table"],
  ])("is refused when it answers with %s", async (_what, body, reason) => {
    const { registry, tokens } = await startGuarded({ users });
    const odd = await startHost((_request, response) => response.end(body));
    registry.door = tokens.door(`${odd.url}/token`);
    const repository = repositoryOf(registry, { allowedTokenHosts: [odd.host] });
    await expect(repository.resolve("1.0")).rejects.toThrow(reason);
  });

  it("is refused when its answer does not end", async () => {
    const { registry, tokens } = await startGuarded({ users });
    const chatty = await startHost((_request, response) => {
      const more = (): void =>
        void (response.write(Buffer.alloc(65_536, " "))
          ? setImmediate(more)
          : response.once("drain", more));
      more();
    });
    registry.door = tokens.door(`${chatty.url}/token`);
    const repository = repositoryOf(registry, { allowedTokenHosts: [chatty.host] });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_ANSWER_TOO_LARGE",
    });
  });
});
