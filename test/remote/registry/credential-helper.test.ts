import { chmod, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { inspect } from "node:util";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { authFile } from "../../../src/remote/registry/auth-file.ts";
import type { CredentialStore } from "../../../src/remote/registry/credentials.ts";
import { basicDoor } from "../../../fixtures/token-server.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { needsShell } from "../../programs.ts";
import { fill, oneLayerImage, read, repositoryOf, startRegistry } from "./lab.ts";

let directory: string;

beforeEach(async (context) => {
  needsShell(context);
  directory = await temporaryDirectory();
  vi.stubEnv("PATH", `${directory}${delimiter}${process.env["PATH"] ?? ""}`);
  return () => vi.unstubAllEnvs();
});

/** Installs `docker-credential-NAME`; `$1` is the verb, the server comes on standard input. */
async function install(name: string, script: string): Promise<void> {
  const path = join(directory, `docker-credential-${name}`);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

async function configured(config: object, helperTimeout?: number): Promise<CredentialStore> {
  const path = join(directory, "config.json");
  await writeFile(path, JSON.stringify(config));
  return authFile(path, { helperTimeout });
}

const auths = { r: { auth: Buffer.from("plain:pw").toString("base64") } };

describe("a credential helper", () => {
  it("is asked with `get` and the name of the server", async () => {
    await install(
      "x",
      `echo "$1 $(cat)" > ${directory}/asked; echo '{"Username":"u","Secret":"s"}'`,
    );
    const store = await configured({ credHelpers: { "r.test:5000": "x" } });
    expect(await store("r.test:5000", "a")).toEqual({
      kind: "password",
      username: "u",
      password: "s",
    });
    expect(await readFile(join(directory, "asked"), "utf8")).toBe("get r.test:5000\n");
  });

  it("is asked for Docker Hub under its old address", async () => {
    await install("x", `cat > ${directory}/asked; echo '{"Username":"u","Secret":"s"}'`);
    await (
      await configured({ credsStore: "x" })
    )("docker.io", "library/alpine");
    expect(await readFile(join(directory, "asked"), "utf8")).toBe("https://index.docker.io/v1/");
  });

  it("of one registry goes before the store for all, and both before plain entries", async () => {
    await install("one", `echo '{"Username":"one","Secret":"s"}'`);
    await install("all", `echo '{"Username":"all","Secret":"s"}'`);
    const store = await configured({ credHelpers: { r: "one" }, credsStore: "all", auths });
    expect(await store("r")).toMatchObject({ username: "one" });
    expect(await store("other")).toMatchObject({ username: "all" });
  });

  it("of one registry that is named empty means that there is none", async () => {
    await install("all", `echo '{"Username":"all","Secret":"s"}'`);
    const store = await configured({ credHelpers: { r: "" }, credsStore: "all", auths });
    expect(await store("r")).toMatchObject({ username: "plain" });
  });

  it("that has nothing leaves the word to the plain entries", async () => {
    await install("x", `echo "credentials not found in native keychain"; exit 1`);
    const store = await configured({ credsStore: "x", auths });
    expect(await store("r")).toMatchObject({ username: "plain" });
    expect(await store("other")).toBeUndefined();
  });

  it("that answers with empty fields has nothing", async () => {
    await install("x", `echo '{"ServerURL":"","Username":"","Secret":""}'`);
    expect(await (await configured({ credsStore: "x" }))("r")).toBeUndefined();
  });

  it("that answers with the user <token> has an identity token", async () => {
    await install("x", `echo '{"Username":"<token>","Secret":"id"}'`);
    const store = await configured({ credsStore: "x" });
    expect(await store("r")).toEqual({ kind: "identity", token: "id" });
  });

  it("is asked once for many repositories, and again when its answer was refused", async () => {
    await install(
      "x",
      `echo . >> ${directory}/count; echo "{\\"Username\\":\\"u\\",\\"Secret\\":\\"$(wc -l < ${directory}/count)\\"}"`,
    );
    const store = await configured({ credsStore: "x" });
    await Promise.all([store("r", "a"), store("r", "b"), store("r", "c")]);
    expect(await readFile(join(directory, "count"), "utf8")).toBe(".\n");
    expect(await store("r", "a", { fresh: true })).toMatchObject({
      password: expect.stringMatching(/^\s*2$/) as string,
    });
    expect(await store("r", "b")).toMatchObject({
      password: expect.stringMatching(/^\s*2$/) as string,
    });
  });

  it("brings a registry's new password in the middle of a run", async () => {
    await install(
      "x",
      `echo "{\\"Username\\":\\"u\\",\\"Secret\\":\\"$(cat ${directory}/password)\\"}"`,
    );
    await writeFile(join(directory, "password"), "old");
    const registry = await startRegistry({ door: basicDoor({ u: "old" }) });
    await fill(registry, oneLayerImage("helped"));
    const credentials = await configured({ credsStore: "x" });
    const repository = repositoryOf(registry, { credentials });
    const root = await repository.resolve("1.0");
    await writeFile(join(directory, "password"), "new");
    registry.door = basicDoor({ u: "new" });
    await read(repository, root);
    expect(registry.seen.map(({ status }) => status)).toEqual([401, 200, 401, 200]);
  });
});

/** What asking fails with; no secret stands in it. */
async function failure(script: string | undefined, helperTimeout?: number): Promise<unknown> {
  if (script !== undefined) await install("x", script);
  const store = await configured({ credsStore: "x", auths }, helperTimeout);
  const outcome: unknown = await store("r").catch((error: unknown) => error);
  expect(inspect(outcome, { depth: 9 })).not.toContain("s3cr3t");
  return outcome;
}

const FAILURE = {
  code: "DRAY_CREDENTIALS_HELPER",
  kind: "failed",
  message: expect.stringContaining("docker-credential-x") as string,
};

describe("a credential helper fails clearly", () => {
  it("when it is not installed", async () => {
    expect(await failure(undefined)).toMatchObject({
      message: expect.stringContaining("it is not installed") as string,
      hint: expect.stringContaining("configuration") as string,
    });
  });

  it("when it says what went wrong", async () => {
    expect(await failure("echo 'keychain is locked' >&2; exit 3")).toMatchObject({
      message: 'Cannot ask credential helper "docker-credential-x": keychain is locked',
    });
  });

  it("when it ends without a word", async () => {
    expect(await failure("exit 3")).toMatchObject({
      message: expect.stringContaining("it ended with 3") as string,
    });
  });

  it("when it answers and fails nevertheless, without quoting the answer", async () => {
    const outcome = await failure(`echo '{"Username":"u","Secret":"s3cr3t"}'; exit 1`);
    expect(outcome).toMatchObject(FAILURE);
  });

  it.each([
    ["garbage", "echo 's3cr3t is the password'"],
    ["half an answer", `printf '{"Username":"u","Secret":"s3cr3t'`],
    ["an answer with something behind", `echo '{"Username":"u","Secret":"s3cr3t"} s3cr3t'`],
    ["nothing", "true"],
    ["another document", `echo '{"username":"u","secret":"s3cr3t"}'`],
  ])("when it answers with %s", async (_what, script) => {
    expect(await failure(script)).toMatchObject(FAILURE);
  });

  it("when it hangs, even if something that it started goes on", async () => {
    // It ends when the test does, which takes its directory away.
    const on = `while [ -d ${directory} ]; do sleep 0.1; done`;
    const outcome = await failure(`(${on}) & ${on}`, 200);
    expect(outcome).toMatchObject({
      message: expect.stringContaining("no answer in 0.2 s") as string,
    });
  });

  it("when it does not stop talking", async () => {
    expect(await failure("while :; do echo s3cr3ts3cr3ts3cr3t; done")).toMatchObject({
      message: expect.stringContaining("it says more than") as string,
    });
  });

  it("when its name is no program's name", async () => {
    for (const name of ["../../bin/sh", "x;id", "x y"]) {
      const store = await configured({ credHelpers: { r: name } });
      await expect(store("r")).rejects.toMatchObject({ code: "DRAY_CREDENTIALS_HELPER" });
    }
  });

  it("and is not asked again for every repository", async () => {
    await install("x", `echo . >> ${directory}/count; exit 3`);
    const store = await configured({ credsStore: "x" });
    for (const name of ["a", "b", "c"]) await expect(store("r", name)).rejects.toThrow("ended");
    expect(await readFile(join(directory, "count"), "utf8")).toBe(".\n");
  });
});
