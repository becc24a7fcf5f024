import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { authFile } from "../../../src/remote/registry/auth-file.ts";
import { firstOf, type Credentials } from "../../../src/remote/registry/credentials.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";

async function ask(
  content: unknown,
  registry: string,
  repository?: string,
): Promise<Credentials | undefined> {
  const path = join(await temporaryDirectory(), "config.json");
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return authFile(path)(registry, repository);
}

function encoded(login: string): { auth: string } {
  return { auth: Buffer.from(login).toString("base64") };
}

const ALICE: Credentials = { kind: "password", username: "alice", password: "pw" };

describe("authFile() finds a login", () => {
  it.each([
    ["registry.example.com", "registry.example.com"],
    ["registry.example.com:5000", "registry.example.com:5000"],
    ["https://registry.example.com", "registry.example.com"],
    ["https://registry.example.com/", "registry.example.com"],
    ["https://registry.example.com/v1/", "registry.example.com"],
    ["https://registry.example.com/v2/", "registry.example.com"],
    ["https://registry.example.com/v2", "registry.example.com"],
    ["http://registry.example.com:5000", "registry.example.com:5000"],
    ["http://registry.example.com:5000/", "registry.example.com:5000"],
    ["registry.example.com/v1/", "registry.example.com"],
    ["https://index.docker.io/v1/", "docker.io"],
    ["index.docker.io", "docker.io"],
    ["docker.io", "docker.io"],
    ["https://registry-1.docker.io/v2/", "docker.io"],
  ])("under %s for %s", async (key, registry) => {
    expect(await ask({ auths: { [key]: encoded("alice:pw") } }, registry, "a/b")).toEqual(ALICE);
  });

  it("whose password has colons", async () => {
    const found = await ask({ auths: { r: encoded("alice:p:w:") } }, "r");
    expect(found).toEqual({ kind: "password", username: "alice", password: "p:w:" });
  });

  it("whose base64 ends with the NULs that old versions wrote", async () => {
    expect(await ask({ auths: { r: encoded("alice:pw\0\0") } }, "r")).toEqual(ALICE);
  });

  it("that is written as user name and password", async () => {
    const entry = { username: "alice", password: "pw" };
    expect(await ask({ auths: { r: entry } }, "r")).toEqual(ALICE);
  });

  it("that is an identity token, rather than the user name beside it", async () => {
    const entry = { ...encoded("00000000-0000-0000-0000-000000000000:"), identitytoken: "id" };
    expect(await ask({ auths: { r: entry } }, "r")).toEqual({ kind: "identity", token: "id" });
  });

  it("that is a registry token", async () => {
    const found = await ask({ auths: { r: { registrytoken: "t" } } }, "r");
    expect(found).toEqual({ kind: "bearer", token: "t" });
  });
});

describe("authFile() takes the most specific path", () => {
  const auths = {
    "r.test": encoded("host:1"),
    "r.test/team": encoded("team:1"),
    "r.test/team/app": encoded("app:1"),
    "r.test/team/application/x": encoded("deep:1"),
  };

  it.each([
    ["team/app", "app"],
    ["team/app/more", "app"],
    ["team/application", "team"],
    ["team/application/x", "deep"],
    ["teamwork/app", "host"],
    [undefined, "host"],
  ])("for %s", async (repository, username) => {
    expect(await ask({ auths }, "r.test", repository)).toMatchObject({ username });
  });

  it("and nothing of another host or port", async () => {
    expect(await ask({ auths }, "r.test:5000", "team/app")).toBeUndefined();
    expect(await ask({ auths }, "test", "team/app")).toBeUndefined();
    expect(await ask({ auths }, "r.test.evil.org", "team/app")).toBeUndefined();
  });
});

describe("authFile() takes null for nothing, as Go writes it", () => {
  it.each([
    { auths: null },
    { credHelpers: null, credsStore: null, auths: { r: encoded("alice:pw") } },
    { credHelpers: { r: null }, auths: { r: encoded("alice:pw") } },
    { auths: { r: null, "https://r": encoded("alice:pw") } },
    { auths: { r: { ...encoded("alice:pw"), identitytoken: null, registrytoken: null } } },
    { auths: { r: { auth: null, username: "alice", password: "pw", identitytoken: null } } },
  ])("in %j", async (content) => {
    const wanted = content.auths === null ? undefined : ALICE;
    expect(await ask(content, "r")).toEqual(wanted);
  });
});

describe("authFile() is kept from no login", () => {
  it.each([
    ["of another host that is a number", { auths: { bad: 5, r: encoded("alice:pw") } }],
    ["of another host that is none", { auths: { bad: { auth: 5 }, r: encoded("alice:pw") } }],
    ["of another host without a colon", { auths: { bad: encoded("x"), r: encoded("alice:pw") } }],
    ["under an address with a path", { auths: { "https://r/some/path/": encoded("alice:pw") } }],
    ["behind a byte order mark", `\uFEFF${JSON.stringify({ auths: { r: encoded("alice:pw") } })}`],
  ])("by an entry, or finds it: %s", async (_what, content) => {
    expect(await ask(content, "r")).toEqual(ALICE);
  });

  it("of a host by that of a namespace in it", async () => {
    expect(await ask({ auths: { "r/team": encoded("alice:pw") } }, "r")).toBeUndefined();
  });
});

describe("authFile() has nothing", () => {
  it.each(["", " \n", "\uFEFF"])("of a file that is empty: %j", async (content) => {
    expect(await ask(content, "r")).toBeUndefined();
  });

  it.each([
    ["of an empty entry", { auths: { r: {} } }],
    ["of a file without logins", {}],
    ["of a user name alone", { auths: { r: { username: "alice" } } }],
  ])("%s", async (_what, content) => {
    expect(await ask(content, "r")).toBeUndefined();
  });

  it("where there is no file", async () => {
    expect(await authFile(join(await temporaryDirectory(), "missing.json"))("r")).toBeUndefined();
  });
});

describe("authFile() refuses", () => {
  it("base64 that holds no colon, and names the entry, not its content", async () => {
    const error: unknown = await ask({ auths: { r: encoded("s3cr3t") } }, "r").catch(
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({ code: "DRAY_CREDENTIALS_INVALID" });
    expect(inspect(error, { depth: 9 })).not.toContain("s3cr3t");
  });

  it.each([
    ["a comma too many", '{"auths":{"r":{"auth":"czNjcjN0OnB3"},}}'],
    ["plain text", "s3cr3t czNjcjN0OnB3"],
    ["a web page", "<html>s3cr3t"],
    ["a cut file", '{"auths":{"r":{"auth":"czNjcjN0OnB3'],
    ["a list where an object belongs", '{"auths":["czNjcjN0OnB3"]}'],
    ["a number as password", '{"auths":{"r":{"username":"s3cr3t","password":12345678}}}'],
  ])("%s without quoting it", async (_what, content) => {
    const error: unknown = await ask(content, "r").catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "DRAY_CREDENTIALS_INVALID" });
    expect(inspect(error, { depth: 9 })).not.toMatch(/s3cr3t|czNjcjN0|12345678/);
  });
});

describe("firstOf()", () => {
  it("asks one file after another until one has a login", async () => {
    const directory = await temporaryDirectory();
    const paths = ["1.json", "2.json", "3.json"].map((name) => join(directory, name));
    await writeFile(paths[1] ?? "", JSON.stringify({ auths: { r: encoded("alice:pw") } }));
    await writeFile(paths[2] ?? "", JSON.stringify({ auths: { r: encoded("bob:pw") } }));
    expect(await firstOf(paths.map((path) => authFile(path)))("r")).toEqual(ALICE);
  });
});
