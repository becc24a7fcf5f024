import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { bundleFile, makeBundle, readEntries, SIGNER } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { dray } from "./terminal.ts";

/** What stands for something in a command line below. */
let places: Readonly<Record<string, string>>;

beforeEach(async () => {
  const folder = await temporaryDirectory();
  const key = join(folder, "release.pub");
  await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
  const signer = join(folder, "release.key");
  await writeFile(signer, SIGNER.key.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const text = join(folder, "text");
  await writeFile(text, "a text ".repeat(1000));
  const { path: good } = await makeBundle();
  const entries = await readEntries(good);
  entries.set("evil.sh", Buffer.from("rm -rf"));
  const bad = await bundleFile(entries);
  const { host } = await startRegistry();
  places = { GOOD: good, BAD: bad, TEXT: text, KEY: key, SIGNER: signer, HOST: host, OUT: folder };
});

/** Words of a command line, with what its places stand for. */
function words(line: string): string[] {
  return line.split(" ").map((word) => word.replace(/^[A-Z]+/, (name) => places[name] ?? name));
}

describe.each(["--quiet", "--json"])("with %s a refusal", (flag) => {
  it.each([
    "verify BAD --key KEY",
    "verify GOOD",
    "unpack BAD OUT/out --key KEY",
    "push BAD HOST --key KEY",
    "sign BAD --sign-key SIGNER",
    "serve BAD --key KEY --port 0",
    "check BAD --key KEY",
    "check GOOD",
    "inspect TEXT --key KEY",
  ])("of `%s` is said on stderr", async (line) => {
    const { code, stdout, stderr } = await dray([...words(line), flag]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^(dray: Cannot |error: )/m);
    expect(stdout === "").toBe(flag === "--quiet");
  });
});

describe("--quiet", () => {
  it.each(["verify GOOD", "unpack GOOD OUT/out", "push GOOD HOST"])(
    "of `%s` still says that no trusted key has signed",
    async (line) => {
      const { code, stdout, stderr } = await dray([...words(line), "--allow-unsigned", "-q"]);
      expect([code, stdout]).toEqual([0, ""]);
      expect(stderr).toContain("warning: There is no key to check the signature with");
    },
  );

  it("of serve still says so", async () => {
    const stop = new AbortController();
    const serving = dray(words("serve GOOD --port 0 --allow-unsigned -q"), {
      signal: stop.signal,
      onStderr: () => stop.abort(),
    });
    expect((await serving).stderr).toContain("Warning: There is no key to check");
  });

  it("says nothing where nothing is wrong", async () => {
    const silence = { code: 0, stdout: "", stderr: "" };
    expect(await dray(words("verify GOOD --key KEY -q"))).toEqual(silence);
  });
});

describe("a refusal", () => {
  it("says each fault once", async () => {
    const { stderr } = await dray(words("push BAD HOST --key KEY"));
    expect(stderr.match(/\[ENTRY_EXTRA\]/g)).toHaveLength(1);
    const lines = stderr.split("\n").filter((line) => line !== "");
    expect(new Set(lines).size).toBe(lines.length);
  });
});
