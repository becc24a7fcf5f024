import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bundleFile, makeBundle, readEntries, resigned, SIGNER } from "../../fixtures/bundles.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { dray } from "./terminal.ts";

const keys = await mkdtemp(join(tmpdir(), "dray-test-"));
const key = join(keys, "release.pub");
await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
afterAll(() => rm(keys, { recursive: true }));

describe("dray verify", () => {
  it("prints the report to stdout, progress to stderr, and ends with 0", async () => {
    const { path } = await makeBundle();
    const { code, stdout, stderr } = await dray(["verify", path, "--key", key]);
    expect(code).toBe(0);
    expect(stdout).toContain("Good: everything is there and unchanged.");
    expect(stderr).toMatch(/^Verifying /);
  });

  it("takes its keys from the trust folder when none is named", async () => {
    const { path } = await makeBundle();
    const trust = await temporaryDirectory();
    const none = await dray(["verify", path], { env: { DRAY_TRUST_DIR: trust } });
    expect([none.code, none.stderr]).toEqual([3, expect.stringContaining("SIGNATURE_NO_KEY")]);
    await writeFile(join(trust, "release.pub"), await readFile(key));
    expect((await dray(["verify", path], { env: { DRAY_TRUST_DIR: trust } })).code).toBe(0);
  });

  it("--json prints one document, with every finding", async () => {
    const { path } = await makeBundle();
    const entries = await readEntries(path);
    entries.delete("README.txt");
    entries.set("evil.sh", Buffer.from("rm -rf"));
    const carried = await bundleFile(entries);
    const { code, stdout } = await dray(["verify", carried, "--key", key, "--json", "--quiet"]);
    expect(code).toBe(3);
    const report = JSON.parse(stdout) as {
      good: boolean;
      findings: { code: string; entry: string }[];
    };
    expect(report.good).toBe(false);
    expect(report.findings.map((finding) => [finding.code, finding.entry])).toEqual(
      expect.arrayContaining([
        ["ENTRY_MISSING", "README.txt"],
        ["ENTRY_EXTRA", "evil.sh"],
      ]),
    );
  });

  it.each([
    ["an empty file", Buffer.alloc(0), "found an empty file"],
    ["a text", Buffer.from("hello".repeat(300)), "found something else"],
    ["a truncated gzip", Buffer.from("1f8b0800", "hex"), "Copy it again"],
  ])("of %s says what it found: 3", async (_what, content, message) => {
    const path = join(await temporaryDirectory(), "bundle.tar.gz");
    await writeFile(path, content);
    const { code, stdout, stderr } = await dray(["verify", path, "--key", key]);
    expect(stdout + stderr).toContain(message);
    expect(code).toBe(3);
  });

  it("of nothing is a mistake of the caller: 2", async () => {
    const { code, stderr } = await dray(["verify", "/nonexistent", "--key", key]);
    expect([code, stderr]).toEqual([
      2,
      'dray: Cannot read bundle "/nonexistent": no such file\n\nhint: Check the path: it counts from the directory that dray runs in.\n',
    ]);
  });

  it("shows what a stranger wrote into a name, and does not execute it", async () => {
    const { path } = await makeBundle();
    const entries = await readEntries(path);
    entries.set("files/\u001b[31mred\u001b]0;title\u0007.txt", Buffer.from("x"));
    const carried = await bundleFile(entries);
    for (const flags of [[], ["--json"]]) {
      const { code, stdout, stderr } = await dray(["verify", carried, "--key", key, ...flags]);
      expect(code).toBe(3);
      expect((stdout + stderr).replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
      expect(stderr).toContain("\\u001b[31mred");
    }
  });
});

describe("dray inspect", () => {
  it("shows artifacts with platforms, sizes and what each adds", async () => {
    const shared = { size: 4096 };
    const { path } = await makeBundle({
      images: {
        "r.example/a:1": makeMultiArch("base", { ...shared, own: "a" }),
        "r.example/b:1": makeMultiArch("base", { ...shared, own: "b" }),
      },
    });
    const { code, stdout } = await dray(["inspect", path, "--key", key, "--json"]);
    expect(code).toBe(0);
    const { artifacts } = JSON.parse(stdout) as {
      artifacts: { reference: string; size: number; adds: number; platforms: string[] }[];
    };
    expect(artifacts.map(({ reference }) => reference)).toEqual(["r.example/a:1", "r.example/b:1"]);
    expect(artifacts[0]?.adds).toBe(artifacts[0]?.size);
    expect(artifacts[1]?.adds).toBeLessThan(artifacts[1]?.size ?? 0);
    expect(artifacts[1]?.platforms).toEqual(["linux/amd64", "linux/arm64"]);
  });

  it("leaves stderr empty: it is done before progress could be read", async () => {
    const { path } = await makeBundle();
    const { stdout, stderr } = await dray(["inspect", path, "--key", key]);
    expect(stdout).toContain("registry.example/team/app:1.0");
    expect(stderr).toBe("");
  });

  it("refuses a head that does not hold together", async () => {
    const { path } = await makeBundle();
    const entries = await readEntries(path);
    entries.set("index.json", Buffer.from("{}"));
    const { code, stderr } = await dray(["inspect", await bundleFile(resigned(entries))]);
    expect(code).toBe(3);
    expect(stderr).toContain("index.json");
  });
});

describe("dray unpack", () => {
  it("writes a directory that verifies, and replaces nothing", async () => {
    const { path } = await makeBundle();
    const directory = join(await temporaryDirectory(), "out");
    expect((await dray(["unpack", path, directory, "--key", key])).code).toBe(0);
    expect((await dray(["verify", directory, "--key", key])).code).toBe(0);
    const again = await dray(["unpack", path, directory, "--key", key]);
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining("expected nothing there"),
    ]);
  });
});

describe("dray push", () => {
  it("names the target that does not answer: 1", async () => {
    const { path } = await makeBundle();
    const argv = ["push", path, "127.0.0.1:1/mirror", "--key", key, "--retry-for", "0"];
    const { code, stderr } = await dray(argv);
    expect(code).toBe(1);
    expect(stderr).toContain("Cannot connect at target registry 127.0.0.1:1");
    expect(stderr).toContain("hint: Nothing listens there");
  });

  it.each([
    ["registry.example/UPPER", "it must be lower case"],
    ["<REGISTRY>/x", "placeholder"],
    ["", "is not a host[:port]"],
  ])("refuses the target %j before anything is opened: 2", async (target, message) => {
    const { path } = await makeBundle();
    const { code, stderr } = await dray(["push", path, target, "--key", key]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it("refuses an unsigned bundle, with the way out: 3", async () => {
    const { path } = await makeBundle(undefined, { key: "none" });
    const { code, stderr } = await dray(["push", path, "127.0.0.1:1", "--key", key]);
    expect(code).toBe(3);
    expect(stderr).toContain("--allow-unsigned");
  });

  it("reads rules, and says where they are wrong: 2", async () => {
    const { path } = await makeBundle();
    const rules = join(await temporaryDirectory(), "rules.yaml");
    await writeFile(rules, "rules:\n  - form: a\n    to: b\n");
    const { code, stderr } = await dray([
      "push",
      path,
      "r.example",
      "--map-file",
      rules,
      "--key",
      key,
    ]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("line 2, column 5: rules, item 1: unknown key"),
    ]);
  });
});

describe("an interrupted command", () => {
  const UNSENT = "Interrupted. Nothing was sent. The same command begins anew.";
  const BEGINS_ANEW = "Interrupted. The same command begins anew.";

  it.each([
    ["push", UNSENT],
    ["verify", BEGINS_ANEW],
  ])("ends with 130 and says what the next %s does, in JSON too", async (command, message) => {
    const { path } = await makeBundle();
    const stop = new AbortController();
    stop.abort(new Error("stopped"));
    const target = command === "push" ? ["127.0.0.1:1"] : [];
    const line = [command, path, ...target, "--key", key, "--json"];
    const { code, stdout, stderr } = await dray(line, { signal: stop.signal });
    expect(code).toBe(130);
    expect(stderr).toContain(`${message}\n`);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      error: { code: "DRAY_INTERRUPTED", message },
    });
  });
});
