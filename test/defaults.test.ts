import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import process from "node:process";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { makeCertificate } from "../fixtures/certificates.ts";
import { temporaryDirectory } from "../fixtures/temporary-directory.ts";
import { defaults, type Environment } from "../src/defaults.ts";
import { keygen } from "../src/stories/keygen.ts";
import { needsShell } from "./programs.ts";
import { refusal } from "./refusal.ts";

let home: string;

beforeEach(async () => {
  home = await temporaryDirectory();
});

/** Writes a file below the home directory and gives its path. */
async function write(path: string, text: string): Promise<string> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

/** A docker or containers file with a login for one registry. */
function loginOf(username: string): string {
  const auth = Buffer.from(`${username}:secret`).toString("base64");
  return JSON.stringify({ auths: { "r.test": { auth } } });
}

async function usernameWith(env: Environment): Promise<string | undefined> {
  const { credentials } = await defaults(env).registry();
  const found = await credentials?.("r.test");
  return found?.kind === "password" ? found.username : undefined;
}

async function proxyWith(env: Environment): Promise<unknown> {
  return (await defaults(env).registry()).proxy;
}

/** A `repositories.yaml` with one repository. */
function stableAt(url: string): string {
  return JSON.stringify({ repositories: [{ name: "stable", url, username: "u", password: "p" }] });
}

async function stableWith(env: Environment): Promise<string | undefined> {
  return defaults(env).repositories.urlOf("stable");
}

const CERTIFICATE = makeCertificate(["r.test"]).cert;

describe("the store", () => {
  it("is where DRAY_STORE says, and nowhere without it", () => {
    const env = { XDG_CACHE_HOME: "/c", HOME: "/h" };
    expect(defaults({ ...env, DRAY_STORE: "/s" }).store).toBe("/s");
    expect(defaults(env).store).toBeUndefined();
  });
});

describe("a variable that is empty, or relative where a place is meant", () => {
  it.each([
    ["", ""],
    ["", "h"],
    [".", "./h"],
    ["config", ""],
  ])("is as good as none: XDG_…=%j, HOME=%j", (xdg, ownHome) => {
    const none = defaults({});
    const one = defaults({
      HOME: ownHome,
      XDG_CONFIG_HOME: xdg,
      XDG_CACHE_HOME: xdg,
      DRAY_STORE: "",
      DRAY_TRUST_DIR: "",
      DRAY_WORK_DIR: "",
    });
    expect([one.store, one.trustFolder, one.workDirectory]).toEqual([
      none.store,
      none.trustFolder,
      none.workDirectory,
    ]);
    expect(none.store).toBeUndefined();
    expect(isAbsolute(none.trustFolder)).toBe(true);
  });

  it("brings no login from the directory that a command runs in", async () => {
    await write(".docker/config.json", loginOf("attacker"));
    await write("containers/auth.json", loginOf("attacker"));
    const before = process.cwd();
    process.chdir(home);
    onTestFinished(() => process.chdir(before));
    const variables = ["HOME", "DOCKER_CONFIG", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"];
    const relative = { HOME: ".", XDG_CONFIG_HOME: ".", XDG_RUNTIME_DIR: "." };
    expect(await usernameWith(relative)).toBeUndefined();
    expect(await usernameWith(Object.fromEntries(variables.map((name) => [name, ""])))).toBe(
      undefined,
    );
  });
});

describe("the work directory", () => {
  it("is DRAY_WORK_DIR, else the system's", () => {
    expect(defaults({ DRAY_WORK_DIR: "/w" }).workDirectory).toBe("/w");
    expect(defaults({}).workDirectory).toBe(tmpdir());
  });
});

describe("the time stamp", () => {
  it.each([
    ["1700000000", "2023-11-14T22:13:20.000Z"],
    ["2147483647", "2038-01-19T03:14:07.000Z"],
    ["2147483648", "1970-01-01T00:00:00.000Z"],
    ["-1", "1970-01-01T00:00:00.000Z"],
    ["1.5", "1970-01-01T00:00:00.000Z"],
    ["yesterday", "1970-01-01T00:00:00.000Z"],
    [undefined, "1970-01-01T00:00:00.000Z"],
  ])("for SOURCE_DATE_EPOCH=%s is %s", (seconds, date) => {
    expect(defaults({ SOURCE_DATE_EPOCH: seconds }).created.toISOString()).toBe(date);
  });
});

describe("trust", () => {
  it.each<[string, Environment, string]>([
    ["DRAY_TRUST_DIR", { DRAY_TRUST_DIR: "/t", XDG_CONFIG_HOME: "/c", HOME: "/h" }, "/t"],
    ["the configuration of XDG", { XDG_CONFIG_HOME: "/c", HOME: "/h" }, "/c/dray/trust"],
    ["the configuration at home", { HOME: "/h" }, "/h/.config/dray/trust"],
  ])("has its folder in %s", (_where, env, path) => {
    expect(defaults(env).trustFolder).toBe(path);
  });

  it("is in the keys of the folder, as they are when they are asked for", async () => {
    const { trust } = defaults({ DRAY_TRUST_DIR: home });
    expect(await trust()).toEqual({ keys: [] });
    const { keyId } = await keygen(join(home, "release"), undefined);
    expect((await trust()).keys?.map(({ id }) => id)).toEqual([keyId]);
  });

  it("stops who asks for it, and nobody else, at a key that cannot be read", async () => {
    await write("bad.pub", "no key");
    const { trust, registry } = defaults({ DRAY_TRUST_DIR: home });
    await expect(trust()).rejects.toMatchObject({ code: "DRAY_KEY_INVALID" });
    await expect(registry()).resolves.toBeDefined();
  });
});

describe("credentials", () => {
  it("come from the first of five files that has them, each moved by its variable", async () => {
    const files = [
      ["named/auth.json", "named"],
      ["docker/config.json", "docker"],
      ["run/containers/auth.json", "runtime"],
      ["config/containers/auth.json", "containers"],
      ["config/helm/registry/config.json", "helm"],
    ] as const;
    const env = {
      HOME: home,
      REGISTRY_AUTH_FILE: join(home, "named/auth.json"),
      DOCKER_CONFIG: join(home, "docker"),
      XDG_RUNTIME_DIR: join(home, "run"),
      XDG_CONFIG_HOME: join(home, "config"),
    };
    for (const [path, user] of files.toReversed()) {
      await write(path, loginOf(user));
      expect(await usernameWith(env)).toBe(user);
    }
  });

  it("lie at home where no variable says otherwise, docker's before the others", async () => {
    const files = [
      [".docker/config.json", "docker"],
      [".config/containers/auth.json", "containers"],
      [".config/helm/registry/config.json", "helm"],
    ] as const;
    for (const [path, user] of files.toReversed()) {
      await write(path, loginOf(user));
      expect(await usernameWith({ HOME: home })).toBe(user);
    }
  });

  it("are none where there is no file", async () => {
    expect(await usernameWith({ HOME: home })).toBeUndefined();
  });
});

describe("certificates", () => {
  it("are those of SSL_CERT_FILE alone, if it is named", async () => {
    const file = await write("ca.pem", CERTIFICATE);
    const { ca } = await defaults({ SSL_CERT_FILE: file }).registry();
    expect(ca).toEqual([CERTIFICATE]);
  });

  it("are those of NODE_EXTRA_CA_CERTS too, if it is named", async () => {
    const file = await write("extra.pem", CERTIFICATE);
    const { ca } = await defaults({ NODE_EXTRA_CA_CERTS: file }).registry();
    expect(ca).toEqual([...((await defaults({}).registry()).ca ?? []), CERTIFICATE]);
  });

  it.each(["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"])(
    "are refused if %s has none that can be read",
    async (name) => {
      for (const begin of [
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n",
      ]) {
        const file = await write("none.pem", begin);
        expect(await refusal(() => defaults({ [name]: file }).registry())).toMatchObject({
          code: "DRAY_CERTIFICATES_INVALID",
          message: expect.stringContaining(name) as string,
        });
      }
    },
  );

  it("are those of the system for an empty SSL_CERT_FILE as for none", async () => {
    const { ca } = await defaults({ SSL_CERT_FILE: "" }).registry();
    expect(ca).toEqual((await defaults({}).registry()).ca);
  });

  it.each([
    ["missing", "missing.pem", "no such file"],
    ["a directory", ".", "it is a directory"],
  ])("are refused if SSL_CERT_FILE is %s", async (_what, name, reason) => {
    const path = join(home, name);
    await expect(defaults({ SSL_CERT_FILE: path }).registry()).rejects.toMatchObject({
      code: "DRAY_FILE_NOT_FOUND",
      kind: "usage",
      message: `Cannot read SSL_CERT_FILE ${JSON.stringify(path)}: ${reason}`,
    });
  });
});

describe("proxies", () => {
  it("are named in capitals or, where these are missing, in small letters", async () => {
    const small = { https_proxy: "s", http_proxy: "p", no_proxy: "n" };
    const capital = { HTTPS_PROXY: "S", HTTP_PROXY: "P", NO_PROXY: "N" };
    expect(await proxyWith(small)).toEqual({ https: "s", http: "p", no: "n" });
    expect(await proxyWith({ ...small, ...capital })).toEqual({ https: "S", http: "P", no: "N" });
    expect(await proxyWith({})).toEqual({});
  });
});

describe("chart repositories", () => {
  it("come from the file that Helm reads with these variables", async () => {
    const file = await write("repositories.yaml", stableAt("https://named.test"));
    await write("helm/repositories.yaml", stableAt("https://helm.test"));
    await write("config/helm/repositories.yaml", stableAt("https://config.test"));
    const all = {
      HOME: "/nonexistent",
      HELM_REPOSITORY_CONFIG: file,
      HELM_CONFIG_HOME: join(home, "helm"),
      XDG_CONFIG_HOME: join(home, "config"),
    };
    expect(await stableWith(all)).toBe("https://named.test");
    expect(await stableWith({ ...all, HELM_REPOSITORY_CONFIG: "" })).toBe("https://helm.test");
    const xdg = { ...all, HELM_REPOSITORY_CONFIG: undefined, HELM_CONFIG_HOME: "" };
    expect(await stableWith(xdg)).toBe("https://config.test");
    expect(await stableWith({ HOME: "/nonexistent" })).toBeUndefined();
  });

  it("lie at home where no variable says otherwise", async () => {
    const folders = { darwin: "Library/Preferences/helm", win32: "helm", linux: ".config/helm" };
    const folder = new Map(Object.entries(folders)).get(process.platform) ?? folders.linux;
    await write(`${folder}/repositories.yaml`, stableAt("https://home.test"));
    const { repositories } = defaults({ HOME: home });
    expect(await repositories.urlOf("stable")).toBe("https://home.test");
    expect(await repositories.login(new URL("https://home.test"))).toMatchObject({
      username: "u",
      password: "p",
    });
  });
});

describe("programs", () => {
  it("are the first on PATH that can be run, in absolute directories alone", async (context) => {
    needsShell(context);
    const notRun = await write("one/helm", "");
    const helm = await write("two/helm", "");
    const later = await write("three/helm", "");
    await chmod(notRun, 0o600);
    for (const path of [helm, later]) await chmod(path, 0o700);
    const PATH = ["relative", dirname(notRun), dirname(helm), dirname(later)].join(delimiter);
    expect(await defaults({ PATH }).helm()).toBe(helm);
    expect(await defaults({ PATH }).gpgv()).toBeUndefined();
    expect(await defaults({}).helm()).toBeUndefined();
  });
});

describe("the environment", () => {
  it("is that of this process, unless another is given", () => {
    vi.stubEnv("DRAY_STORE", "/from/the/process");
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    expect(defaults().store).toBe("/from/the/process");
    expect(defaults({ DRAY_STORE: "/given" }).store).toBe("/given");
  });
});

describe("how far uploads have come", () => {
  it("is kept at home, if there is one", async () => {
    const kept = await defaults({ HOME: home }).registry();
    expect(kept.uploadNotes).toBe(join(home, ".local/state/dray/uploads"));
    const nowhere = await defaults({ HOME: join(home, "gone") }).registry();
    expect(nowhere.uploadNotes).toBeUndefined();
  });

  it("is not kept by root in the home of another", async (context) => {
    if (process.getuid?.() !== 0) context.skip("needs to give a folder to another account");
    await chown(home, 65_534, 65_534);
    expect((await defaults({ HOME: home }).registry()).uploadNotes).toBeUndefined();
    const state = join(home, "state");
    const named = await defaults({ HOME: home, XDG_STATE_HOME: state }).registry();
    expect(named.uploadNotes).toBe(join(state, "dray/uploads"));
  });
});
