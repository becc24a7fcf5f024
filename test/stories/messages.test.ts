import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../fixtures/certificates.ts";
import { answer, hangUp, refuse } from "../../fixtures/faults.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { basicDoor, TokenServer } from "../../fixtures/token-server.ts";
import { dray, type Outcome } from "../cli/terminal.ts";
import { fill, oneLayerImage, startHost, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages } from "./lab.ts";

/** Packs one image of a registry, with the command line. */
async function packFrom(host: string, ...flags: string[]): Promise<Outcome> {
  const { store, output } = await desk({ host } as TestRegistry);
  const image = `${host}/team/app:1.0`;
  return dray(["pack", "--image", image, "--unsigned", "--store", store, "-o", output, ...flags], {
    stdin: "wrong",
  });
}

async function startFilled(): Promise<TestRegistry> {
  const registry = await startRegistry();
  await fill(registry, oneLayerImage("told"));
  return registry;
}

/** A bundle of one image, and the arguments that push it. */
async function pushArguments(target: TestRegistry): Promise<string[]> {
  const source = await startFilled();
  const at = await desk(source);
  await packImages(at, ["team/app:1.0"]);
  return ["push", at.output, target.host, "--allow-unsigned"];
}

describe("the command line tells", () => {
  it("of a registry that cannot be reached, with 1", async () => {
    const gone = await startHost(() => undefined);
    await gone.stop();
    const { code, stderr } = await packFrom(gone.host, "--retry-for", "0");
    expect(code).toBe(1);
    expect(stderr).toBe(
      `dray: Cannot connect at source registry ${gone.host}: no answer from ${gone.host} (connect ECONNREFUSED ${gone.host})\n\nhint: Nothing listens there: check host and port.\n`,
    );
  });

  it("of an unknown tag, with 3", async () => {
    const registry = await startRegistry();
    const { code, stderr } = await packFrom(registry.host);
    expect(code).toBe(3);
    expect(stderr).toBe(
      `dray: Cannot find team/app:1.0 at source registry ${registry.host}: there is no such manifest\n\nhint: Check the spelling, and whether this account may see it. To pack without it: --skip ${registry.host}/team/app:1.0=REASON, or \`skip\` in bundle.yaml.\n`,
    );
  });

  it("of a wrong password, with 1", async () => {
    const registry = await startFilled();
    registry.door = basicDoor({ alice: "right" });
    const { code, stderr } = await packFrom(
      registry.host,
      "--username",
      "alice",
      "--password-stdin",
    );
    expect(code).toBe(1);
    expect(stderr).toContain("it refuses the credentials and answered 401");
    expect(stderr).toContain("hint: Check user name and password (or token) for this registry.");
  });

  it("of a token server that must not see the password, with 3", async () => {
    const registry = await startFilled();
    registry.door = new TokenServer().door("http://169.254.169.254/token");
    const { code, stderr } = await packFrom(
      registry.host,
      "--username",
      "alice",
      "--password-stdin",
    );
    expect(code).toBe(3);
    expect(stderr).toContain("an address inside some network");
    expect(stderr).toContain("--allow-token-host");
  });

  it("of a certificate that nobody knows, with 1, and takes it with --ca-file", async () => {
    const tls = makeCertificate(["127.0.0.1"]);
    const registry = await startRegistry({ tls });
    await fill(registry, oneLayerImage("told"));
    const { code, stderr } = await packFrom(registry.host);
    expect(code).toBe(1);
    expect(stderr).toContain("hint: Name the CA that has signed the certificate with --ca-file.");
    const { directory } = await desk(registry);
    await writeFile(join(directory, "ca.pem"), tls.cert);
    const second = await packFrom(registry.host, "--ca-file", join(directory, "ca.pem"));
    expect(second).toMatchObject({ code: 0 });
    const third = await packFrom(registry.host, "--insecure-skip-tls-verify");
    expect(third).toMatchObject({ code: 0 });
  });

  it("of other bytes for a digest, with 3", async () => {
    const registry = await startFilled();
    registry.inject({ method: "GET", path: /\/blobs\// }, answer(200, {}, Buffer.alloc(9)));
    const { code, stderr } = await packFrom(registry.host);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^dray: Cannot .*sha256:/);
  });

  it.each(["soon", "-1", "1d", "1.2345m"])("of a time %s that is none, with 2", async (time) => {
    const { code, stderr } = await packFrom("registry.example", "--retry-for", time);
    expect(code).toBe(2);
    expect(stderr).toContain("expected a time, such as 90s, 2m or 1h");
  });

  it.each(["fast", "-1", "1KiB/h"])("of a rate %s that is none, with 2", async (rate) => {
    const { code, stderr } = await packFrom("registry.example", "--min-rate", rate);
    expect(code).toBe(2);
    expect(stderr).toContain("expected bytes a second, such as 1KiB, 10KiB or 1MiB");
  });

  it("of what fails while it goes on, in one line a host, and how often it failed", async () => {
    const registry = await startFilled();
    registry.inject({ method: "HEAD", times: 1 }, answer(503, { "Retry-After": "0" }));
    registry.inject({ method: "GET", path: /\/blobs\//, times: 1 }, hangUp);
    const { code, stderr } = await packFrom(registry.host, "--min-rate", "10KiB/s");
    expect(code).toBe(0);
    expect(stderr.match(/trying again in/g)).toHaveLength(1);
    expect(stderr).toContain(`1 more try at source registry ${registry.host}\n`);
  });

  it("with --verbose of each attempt that failed", async () => {
    const registry = await startFilled();
    registry.inject({ method: "HEAD", times: 3 }, answer(503));
    const { code, stderr } = await packFrom(registry.host, "--verbose");
    expect(code).toBe(0);
    expect(stderr.match(/trying again in/g)).toHaveLength(3);
  });

  it("of an answer with control characters, without them", async () => {
    const registry = await startFilled();
    registry.inject(
      { method: "GET", path: /manifests/ },
      refuse(400, "BAD\u001b[31m", "red\u001b[2J\u0007 alert"),
    );
    const { stderr } = await packFrom(registry.host);
    expect(stderr).toContain("alert");
    // oxlint-disable-next-line no-control-regex
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });

  it("of tags that stand for something else, with 3", async () => {
    const target = await startRegistry();
    const argv = await pushArguments(target);
    await fill(target, oneLayerImage("other"));
    const { code, stderr } = await dray(argv);
    expect(code).toBe(3);
    expect(stderr).toContain("Cannot push: tags stand for something else:");
    expect(stderr).toContain("--overwrite");
  });

  it("of tags that could not be written, with 4, and the receipt says which", async () => {
    const target = await startRegistry();
    const argv = await pushArguments(target);
    target.inject({ method: "PUT", path: /manifests\/1\.0$/ }, refuse(400, "TAG_INVALID"));
    const receipt = join(await temporaryDirectory(), "receipt.json");
    const { code, stderr, stdout } = await dray([...argv, "--json", "--receipt", receipt]);
    expect(code).toBe(4);
    expect(stderr).toContain("1 of 1 artifact is not in");
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "DRAY_PUSH_INCOMPLETE" },
      artifacts: [{ result: "failed", error: expect.stringContaining("TAG_INVALID") as string }],
    });
    expect(JSON.parse(await readFile(receipt, "utf8"))).toMatchObject({
      outcome: "partial",
      artifacts: [{ result: "failed", error: expect.stringContaining("TAG_INVALID") as string }],
    });
  });

  it("of a receipt that would be something else's end, with 2, before the registry is asked", async () => {
    const target = await startRegistry();
    const argv = await pushArguments(target);
    const [, bundle = ""] = argv;
    for (const [receipt, reason] of [
      [bundle, "expected nothing there or an earlier receipt, found something else"],
      ["-", "the report goes there"],
      ["/nonexistent/r.json", 'its folder "/nonexistent" is not there'],
    ] as const) {
      const { code, stderr } = await dray([...argv, "--receipt", receipt]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(reason)]);
    }
    expect(target.seen).toEqual([]);
  });

  it("with --verbose of what was pushed by its name in full", async () => {
    const target = await startRegistry();
    const { digest } = oneLayerImage("told").root.descriptor;
    const { stdout } = await dray([...(await pushArguments(target)), "--verbose"]);
    expect(stdout).toContain(`\n${target.host}/team/app@${digest}\n`);
  });

  it("of a bundle that nobody trusted has signed, with 3, before the registry is asked", async () => {
    const target = await startRegistry();
    const argv = await pushArguments(target);
    const { code, stderr } = await dray(argv.filter((one) => one !== "--allow-unsigned"));
    expect(code).toBe(3);
    expect(stderr).toContain("--key");
    expect(target.seen).toEqual([]);
  });
});
