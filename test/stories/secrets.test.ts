import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { answer, refuse } from "../../fixtures/faults.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { basicDoor, TokenServer } from "../../fixtures/token-server.ts";
import { dray, type Outcome } from "../cli/terminal.ts";
import {
  fill,
  listening,
  login,
  oneLayerImage,
  startHost,
  startRegistry,
} from "../remote/registry/lab.ts";
import { refusal } from "../refusal.ts";
import { everythingIn, leaksIn } from "../secrets.ts";
import { desk, filesBelow, packImages, pushBundle } from "./lab.ts";

const PASSWORD = "Xyzzy-plugh-1977";
const LOGIN = `alice:${PASSWORD}`;

function leaks(text: string): string[] {
  return leaksIn(text, PASSWORD, LOGIN);
}

async function startGuarded(): Promise<TestRegistry> {
  const registry = await startRegistry({ door: basicDoor({ alice: PASSWORD }) });
  await fill(registry, oneLayerImage("guarded"));
  return registry;
}

/** A home with a docker configuration that knows the password. */
async function homeWithLogin(registry: TestRegistry): Promise<string> {
  const home = await temporaryDirectory();
  await mkdir(join(home, ".docker"));
  const auth = Buffer.from(LOGIN).toString("base64");
  const config = { auths: { [registry.host]: { auth } } };
  await writeFile(join(home, ".docker/config.json"), JSON.stringify(config));
  return home;
}

describe("a password", () => {
  it("stands in no output, bundle, lock or receipt of a whole journey", async () => {
    const source = await startGuarded();
    const target = await startRegistry({ door: basicDoor({ alice: PASSWORD }) });
    const { store, output, directory } = await desk(source);
    const home = await homeWithLogin(source);
    const outcomes: Outcome[] = [];
    const image = ["--image", `${source.host}/team/app:1.0`, "--unsigned", "--store", store];
    const results = ["--output", output, "--lock", join(directory, "lock.json")];
    for (const flags of [["--dry-run"], ["--verbose"], ["--json", "--force"]]) {
      const argv = ["pack", ...image, ...results, ...flags];
      outcomes.push(await dray(argv, { env: { HOME: home } }));
    }
    const account = ["--allow-unsigned", "--username", "alice", "--password-stdin"];
    const receipt = ["--receipt", join(directory, "receipt.json")];
    for (const flags of [["--dry-run"], ["--verbose"], ["--json"]]) {
      const argv = ["push", output, target.host, ...account, ...receipt, ...flags];
      outcomes.push(await dray(argv, { stdin: `${PASSWORD}\n` }));
    }
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(source.requests("HEAD")[0]?.headers.authorization).toMatch(/^Basic /);
    expect(target.requests("HEAD")[0]?.headers.authorization).toMatch(/^Basic /);
    expect(leaks(outcomes.map(({ stdout, stderr }) => stdout + stderr).join())).toEqual([]);
    expect(await filesBelow(directory)).toEqual([
      "bundle.tar.gz",
      "bundle.tar.gz.sha256",
      "lock.json",
      "receipt.json",
    ]);
    expect(leaks(await everythingIn(directory))).toEqual([]);
    expect(leaks(await everythingIn(store))).toEqual([]);
  });

  it.each([
    [
      "that is refused",
      (registry: TestRegistry) => void (registry.door = basicDoor({ alice: "x" })),
    ],
    [
      "that is right, to a registry that denies",
      (registry: TestRegistry) => registry.inject({ path: /manifests/ }, refuse(403, "DENIED")),
    ],
    [
      "that is right, to a registry in trouble",
      (registry: TestRegistry) => registry.inject({ path: /manifests/ }, refuse(501, "UNKNOWN")),
    ],
    [
      "that is right, to a registry that leads elsewhere",
      (registry: TestRegistry) =>
        registry.inject(
          { path: /manifests/ },
          ({ request, response }) =>
            void response.writeHead(307, { Location: request.url ?? "" }).end(),
        ),
    ],
  ])("%s stands in no message", async (_what, spoil) => {
    const registry = await startGuarded();
    spoil(registry);
    const { store, output } = await desk(registry);
    const argv = ["pack", "--image", `${registry.host}/team/app:1.0`, "--unsigned"];
    for (const flags of [[], ["--json"], ["--verbose"]]) {
      const outcome = await dray([...argv, "--store", store, "--output", output, ...flags], {
        env: { HOME: await homeWithLogin(registry) },
      });
      expect(outcome.code).toBeGreaterThan(0);
      expect(outcome.stderr).toMatch(/^dray: Cannot /m);
      expect(leaks(outcome.stdout + outcome.stderr)).toEqual([]);
    }
  });

  it("stands in no event and in no error, however deep one looks", async () => {
    const tokens = new TokenServer({ users: { alice: PASSWORD } });
    const tokenHost = await startHost(tokens.listener);
    const registry = await startRegistry({ door: tokens.door(`${tokenHost.url}/token`) });
    await fill(registry, oneLayerImage("guarded"));
    const { events, onEvent } = listening();
    const at = await desk(registry);
    const options = { credentials: login("alice", PASSWORD), allowedTokenHosts: [tokenHost.host] };
    registry.inject({ path: /manifests/, times: 2 }, refuse(503, "UNAVAILABLE"));
    await packImages(at, ["team/app:1.0"], { registry: options, onEvent });
    registry.inject({ method: "POST" }, refuse(500, "UNKNOWN"));
    const errors: unknown[] = [];
    const attempts = [
      () => pushBundle(at.output, registry.host + "/x", { registry: options, onEvent }),
      () => packImages(at, ["team/app:2.0"], { registry: options, onEvent }),
      () =>
        packImages(at, ["team/app:1.0"], {
          registry: { credentials: login("alice", PASSWORD) },
          onEvent,
        }),
      () =>
        packImages(at, ["team/app:1.0"], {
          registry: { ...options, credentials: login("bob", PASSWORD) },
          onEvent,
        }),
    ];
    for (const attempt of attempts) errors.push(await attempt().catch((error: unknown) => error));
    expect(errors.every((error) => error instanceof Error)).toBe(true);
    const seen = inspect([errors, events], { depth: 12, maxStringLength: null, showHidden: true });
    expect(leaks(seen)).toEqual([]);
    expect(seen).not.toMatch(/Bearer [0-9a-f]{32}/);
  });

  it("in a broken configuration is not quoted", async () => {
    const registry = await startGuarded();
    const home = await homeWithLogin(registry);
    const path = join(home, ".docker/config.json");
    await writeFile(path, (await readFile(path, "utf8")).replace("}}}", "},}}"));
    const { store, output } = await desk(registry);
    const image = ["--image", `${registry.host}/team/app:1.0`, "--unsigned", "--store", store];
    const argv = ["pack", ...image, "--output", output, "--json"];
    const outcome = await dray(argv, { env: { HOME: home } });
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain(path);
    expect(leaks(outcome.stdout + outcome.stderr)).toEqual([]);
  });

  it("that a registry repeats is masked", async () => {
    const registry = await startGuarded();
    registry.inject({ path: /manifests/ }, ({ request, response }) => {
      const message = `got Authorization: ${request.headers.authorization ?? ""} and refused`;
      response.writeHead(400, { Warning: `299 - "${message.replaceAll('"', "")}"` });
      response.end(JSON.stringify({ errors: [{ code: "X", message }] }));
    });
    const { store, output } = await desk(registry);
    const image = ["--image", `${registry.host}/team/app:1.0`, "--unsigned", "--store", store];
    const { code, stdout, stderr } = await dray(["pack", ...image, "-o", output, "--json"], {
      env: { HOME: await homeWithLogin(registry) },
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining("got Authorization: Basic ***")]);
    expect(leaks(stdout + stderr)).toEqual([]);
  });

  it.each([
    ["a password", PASSWORD],
    ["a password for a form", encodeURIComponent(LOGIN)],
    ["a header without its scheme", Buffer.from(LOGIN).toString("base64")],
    ["one in small letters", Buffer.from(LOGIN).toString("base64").toLowerCase()],
  ])("that a registry repeats by itself is masked: %s", async (_what, secret) => {
    const registry = await startGuarded();
    // The end of a message that is cut off.
    const message = `${"x".repeat(290)} ${secret}`;
    const spoil = [
      refuse(400, secret, `got ${secret}`),
      refuse(400, "X", message),
      answer(307, { Location: `ftp://${encodeURIComponent(secret)}.test/` }),
      answer(400, { Warning: `299 - "${secret} is weak"` }),
    ];
    const { store, output } = await desk(registry);
    const image = ["--image", `${registry.host}/team/app:1.0`, "--unsigned", "--store", store];
    for (const fault of spoil) {
      registry.mend();
      registry.inject({ path: /manifests/ }, fault);
      const { code, stdout, stderr } = await dray(["pack", ...image, "-o", output, "--json"], {
        env: { HOME: await homeWithLogin(registry) },
      });
      const said = (stdout + stderr).toLowerCase();
      expect(code).toBeGreaterThan(0);
      for (const part of [secret, secret.slice(0, 8)]) {
        expect(said).not.toContain(part.toLowerCase());
      }
    }
  });

  it("that is a token, and that a registry repeats by itself, is masked", async () => {
    const tokens = new TokenServer({ users: { alice: PASSWORD } });
    const tokenHost = await startHost(tokens.listener);
    const registry = await startRegistry({ door: tokens.door(`${tokenHost.url}/token`) });
    await fill(registry, oneLayerImage("guarded"));
    registry.inject({ method: "HEAD", path: /manifests/ }, answer(405));
    registry.inject({ method: "GET", path: /manifests/ }, ({ request, response, proceed }) => {
      const token = request.headers.authorization?.replace(/^Bearer /, "");
      if (token === undefined) proceed();
      else refuse(400, "X", `the token was ${token}.`)({ request, response, proceed });
    });
    const at = await desk(registry);
    const options = { credentials: login("alice", PASSWORD), allowedTokenHosts: [tokenHost.host] };
    const error = await refusal(() => packImages(at, ["team/app:1.0"], { registry: options }));
    expect(error.message).toContain("the token was ***.");
  });

  it.each([
    ["an image", ["pack", "--unsigned", "--image", `${LOGIN}@r.test/app:1`]],
    ["an image with a digest", ["pack", "--unsigned", "--image", `${LOGIN}@r.test/app@sha256:00`]],
    ["an image with a port", ["pack", "--unsigned", "--image", `${LOGIN}@r:5000`]],
    ["an address", ["pack", "--unsigned", "--image", `https://${LOGIN}@r.test/app:1`]],
    ["a chart in a registry", ["pack", "--unsigned", "--chart", `oci://${LOGIN}@r.test/app`]],
    ["a chart", ["images", `https://${LOGIN}@charts.test/stable#app`]],
    ["a chart without a name", ["images", `https://${LOGIN}@charts.test/stable`]],
    ["a target", ["push", "BUNDLE", `${LOGIN}@r.test/mirror`, "--allow-unsigned"]],
    ["a target with a scheme", ["push", "BUNDLE", `https://${LOGIN}@r.test`, "--allow-unsigned"]],
    ["a skip", ["pack", "--unsigned", "--image", "r/a", "--skip", `${LOGIN}@r.test/a=why`]],
    [
      "a skip with an odd password",
      ["pack", "--unsigned", "--image", "r/a", "--skip", `a:!${LOGIN}@r/a=`],
    ],
    ["a repository", ["verify", "BUNDLE", "--repository", `${LOGIN}@r.test/a`]],
    ["a target to audit", ["check", "BUNDLE", "--target", `${LOGIN}@r.test/a`, "--allow-unsigned"]],
    ["the digest of a name", ["verify", "BUNDLE", "--rename", `${LOGIN}@r.test/a=r.test/a:1`]],
    ["a name", ["verify", "BUNDLE", "--rename", `sha256:${"0".repeat(64)}=${LOGIN}@r.test/a:1`]],
  ])("in the name of %s is refused and not repeated: 2", async (_what, argv) => {
    const { store, output } = await desk(await startRegistry());
    for (const flags of [[], ["--json"]]) {
      const words = argv.map((word) => (word === "BUNDLE" ? output : word));
      const { code, stdout, stderr } = await dray([...words, ...flags], {
        env: { DRAY_STORE: store },
      });
      expect([code, stderr]).toEqual([2, expect.stringContaining("login")]);
      expect(leaks(stdout + stderr)).toEqual([]);
    }
  });

  it("on the command line is not possible", async () => {
    const outcome = await dray(["push", "b", "r", "--username", "alice", "--password", PASSWORD]);
    expect(outcome.code).toBe(2);
    expect(leaks(outcome.stdout + outcome.stderr)).toEqual([]);
  });
});

describe("one user name and password", () => {
  it("are never offered to two registries", async () => {
    const registries = [await startGuarded(), await startGuarded()];
    const images = registries.flatMap(({ host }) => ["--image", `${host}/team/app:1.0`]);
    const outcome = await dray(
      ["pack", ...images, "--unsigned", "--username", "alice", "--password-stdin"],
      { stdin: PASSWORD },
    );
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain("2 registries");
    expect(registries.every(({ seen }) => seen.length === 0)).toBe(true);
  });
});
