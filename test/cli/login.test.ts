import { chmod, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { describe, expect, it, vi } from "vitest";
import { makeCertificate } from "../../fixtures/certificates.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { basicDoor, TokenServer } from "../../fixtures/token-server.ts";
import { needsShell } from "../programs.ts";
import { startHost, startRegistry } from "../remote/registry/lab.ts";
import { dray, type Outcome } from "./terminal.ts";

const users = { ada: "correct horse" };

interface Place {
  readonly file: string;
  /** What docker's configuration holds now. */
  readonly config: () => Promise<Record<string, unknown>>;
  readonly login: (host: string, password?: string, more?: readonly string[]) => Promise<Outcome>;
  readonly logout: (host: string) => Promise<Outcome>;
}

async function place(config?: object): Promise<Place> {
  const directory = await temporaryDirectory();
  const env = { DOCKER_CONFIG: join(directory, "docker") };
  const file = join(env.DOCKER_CONFIG, "config.json");
  if (config !== undefined) {
    await mkdir(env.DOCKER_CONFIG);
    await writeFile(file, JSON.stringify(config));
  }
  return {
    file,
    config: async () => JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>,
    login: (host, password = users.ada, more = []) =>
      dray(["login", host, "--username", "ada", "--password-stdin", ...more], {
        env,
        stdin: `${password}\n`,
      }),
    logout: (host) => dray(["logout", host], { env }),
  };
}

function guarded(): Promise<TestRegistry> {
  return startRegistry({ door: basicDoor(users) });
}

function encoded(text: string): { auth: string } {
  return { auth: Buffer.from(text).toString("base64") };
}

describe("dray login", () => {
  it("keeps what the registry takes where docker would, for its owner alone", async () => {
    const { host } = await guarded();
    const { file, config, login } = await place();
    const { code, stdout } = await login(host);
    expect([code, stdout]).toEqual([
      0,
      `${host} takes the login of ada.\nIt is kept in ${file}, not encrypted.\n`,
    ]);
    expect(await config()).toEqual({ auths: { [host]: encoded("ada:correct horse") } });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("keeps nothing that the registry refuses: 1, and no word of the password", async () => {
    const { host } = await guarded();
    const { config, login } = await place({ auths: {}, detachKeys: "ctrl-e" });
    const { code, stdout, stderr } = await login(host, "wrong horse");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("Cannot log in");
    expect(stderr).not.toContain("wrong horse");
    expect(await config()).toEqual({ auths: {}, detachKeys: "ctrl-e" });
  });

  it("keeps nothing where a page for people answers, which it names", async () => {
    const { host } = await startHost(({ url }, response) => {
      if (url === "/login") response.end("<html><title>Sign in - Corp</title></html>");
      else response.writeHead(302, { Location: "/login" }).end();
    });
    const { config, login } = await place({ auths: {} });
    const { code, stderr } = await login(host);
    expect(code).toBe(1);
    expect(stderr).toContain(`sends this on to http://${host}/login`);
    expect(stderr).toContain('"Sign in - Corp"');
    expect(await config()).toEqual({ auths: {} });
  });

  it("asks the token server of a registry that has one", async () => {
    const tokens = new TokenServer({ users });
    const server = await startHost(tokens.listener);
    const { host } = await startRegistry({ door: tokens.door(`${server.url}/token`) });
    const { config, login } = await place();
    const allowed = ["--allow-token-host", server.host];
    expect((await login(host, "wrong", allowed)).code).toBe(1);
    expect((await login(host, users.ada, allowed)).code).toBe(0);
    expect(await config()).toHaveProperty(["auths", host]);
  });

  it("says so where a registry asks nobody", async () => {
    const { host } = await startRegistry();
    const { login } = await place();
    expect((await login(host)).stdout).toContain("whether this login is right is not known");
  });

  it("changes nothing else in the file, and replaces what was there for the registry", async () => {
    const { host } = await guarded();
    const other = encoded("bob:x");
    const { config, login } = await place({
      auths: { "other.example": other, [`https://${host}/v1/`]: other },
      HttpHeaders: { "User-Agent": "x" },
      psFormat: "table",
    });
    expect((await login(`https://${host}/`)).code).toBe(0);
    expect(await config()).toEqual({
      auths: { "other.example": other, [host]: encoded("ada:correct horse") },
      HttpHeaders: { "User-Agent": "x" },
      psFormat: "table",
    });
  });

  it("writes through a link that its owner has made", async () => {
    const { host } = await guarded();
    const { file, config, login } = await place();
    const real = join(await temporaryDirectory(), "dotfiles.json");
    await writeFile(real, "{}");
    await mkdir(join(file, ".."));
    await symlink(real, file);
    expect((await login(host)).code).toBe(0);
    expect(await config()).toHaveProperty(["auths", host]);
    expect(await readFile(real, "utf8")).toContain(host);
  });

  it("hands the login to the helper that the file names", async (context) => {
    needsShell(context);
    const { host } = await guarded();
    const directory = await temporaryDirectory();
    const helper = join(directory, "docker-credential-test");
    await writeFile(helper, `#!/bin/sh\necho "$1 $(cat)" >> ${directory}/told\n`);
    await chmod(helper, 0o755);
    vi.stubEnv("PATH", `${directory}${delimiter}${process.env["PATH"] ?? ""}`);
    const { config, login } = await place({ credsStore: "test" });
    const { code, stdout } = await login(host);
    expect([code, stdout]).toEqual([0, expect.stringContaining("by docker-credential-test")]);
    expect(await readFile(join(directory, "told"), "utf8")).toBe(
      `store ${JSON.stringify({ ServerURL: host, Username: "ada", Secret: users.ada })}\n`,
    );
    expect(await config()).toEqual({ credsStore: "test", auths: { [host]: {} } });
  });

  it.each([
    [["login", "r.example/team", "--username", "ada", "--password-stdin"], "expected HOST[:PORT]"],
    [["login", "r.example", "--password-stdin"], "expected --username, found none"],
    [["login", "r.example", "--username", "ada"], "there is nobody to type the password"],
    [["login", "r.example", "--username", "ada", "--password-stdin"], "the password is empty"],
  ])("is used wrongly as %j: 2", async (argv, message) => {
    const stdin = message.includes("HOST") ? "pw" : "";
    const { code, stderr } = await dray(argv, { stdin });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it("reads no file that is none, and leaves it as it is", async () => {
    const { host } = await guarded();
    const { file, login } = await place();
    await mkdir(join(file, ".."));
    await writeFile(file, "{ not json");
    expect((await login(host)).code).toBe(2);
    expect(await readFile(file, "utf8")).toBe("{ not json");
  });
});

describe("dray logout", () => {
  it("forgets the login, under every name that the registry has there", async () => {
    const { config, logout } = await place({
      auths: { "https://index.docker.io/v1/": encoded("a:b"), "r.example": encoded("c:d") },
    });
    expect((await logout("docker.io")).code).toBe(0);
    expect(await config()).toEqual({ auths: { "r.example": encoded("c:d") } });
    expect((await logout("docker.io")).stdout).toBe("There was no login for docker.io.\n");
  });
});

describe("a login by variables", () => {
  const env = { DRAY_USERNAME: "ada", DRAY_PASSWORD: users.ada };

  it("is used for its registry", async () => {
    const { host } = await guarded();
    const argv = ["images", `oci://${host}/charts/none:1.0.0`];
    const without = await dray(argv);
    expect(without.stderr).toContain("401");
    const { stderr } = await dray(argv, { env: { ...env, DRAY_REGISTRY: host } });
    expect(stderr).toContain("Cannot find charts/none:1.0.0");
  });

  it("that lacks a part is a mistake: 2", async () => {
    const { code, stderr } = await dray(["images", "oci://127.0.0.1:1/a:1"], { env });
    expect([code, stderr]).toEqual([2, expect.stringContaining("DRAY_REGISTRY is not set")]);
  });
});

describe("--ca-file", () => {
  it("with a file of which one certificate cannot be read is a mistake: 2", async () => {
    const good = makeCertificate(["127.0.0.1"]).cert;
    const begin = "-----BEGIN CERTIFICATE-----\n";
    const file = join(await temporaryDirectory(), "ca.pem");
    const { login } = await place({});
    const rubbish = `${begin}AAAA\n-----END CERTIFICATE-----\n`;
    for (const text of [good + rubbish, good + good.slice(0, 200)]) {
      await writeFile(file, text);
      const { code, stderr } = await login("127.0.0.1:1", "x", ["--ca-file", file]);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(
          `"${file}": expected certificates in PEM, cannot read certificate 2 of 2`,
        ),
      ]);
    }
  });

  it("with a file that has no certificate is a mistake: 2", async () => {
    const { file, login } = await place({});
    const { code, stderr } = await login("127.0.0.1:1", "x", ["--ca-file", file]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("expected certificates in PEM, found none"),
    ]);
  });
});
