import { spawnSync } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fileOf } from "../../fixtures/archives.ts";
import { makeBundle, readEntries, sampleRecipe } from "../../fixtures/bundles.ts";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { MEMBER_BYTES } from "../../src/archive/members/gzip-members.ts";
import type { Finding } from "../../src/finding.ts";
import { built } from "../built.ts";
import { refusal } from "../refusal.ts";
import { check } from "./checking.ts";

const BIG = "files/big";

let made: Promise<Buffer> | undefined;

/** A bundle of four members, made once. */
function bundle(): Promise<Buffer> {
  const files = { big: seededBytes("big", 3 * MEMBER_BYTES), small: "small" };
  made ??= makeBundle({ files }).then(({ path }) => readFile(path));
  return made;
}

async function part(from: number, to?: number): Promise<string> {
  return fileOf((await bundle()).subarray(from, to));
}

async function findingsOf(bytes: Buffer): Promise<readonly Finding[]> {
  const { good, findings } = await check(await fileOf(bytes));
  expect(good).toBe(false);
  return findings;
}

describe("a bundle that was damaged", () => {
  it("in one byte names the gzip member, the entry in it and which bytes of that", async () => {
    const flipped = Buffer.from(await bundle());
    const at = 2 * MEMBER_BYTES + 1000;
    flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
    const [finding] = await findingsOf(flipped);
    expect(finding).toMatchObject({ code: "FRAMING_DAMAGED", entry: BIG });
    expect(finding?.message).toMatch(
      /^Cannot read gzip member 2 at byte 8389192: .* one flipped bit in byte 8390192 of the file explains it; it holds "files\/big" \(byte \d+\)$/,
    );
  });

  it("in a byte where entries meet names all that may be concerned", async () => {
    const flipped = Buffer.from(await bundle());
    flipped.write("That", flipped.indexOf("This is an OCI image layout"));
    const [finding] = await findingsOf(flipped);
    expect(finding?.message).toMatch(/it holds "SHA256SUMS" \(bytes 0 to \d+\), .*more entries$/);
  });

  it("by zeros from some byte on names the byte", async () => {
    const whole = await bundle();
    const end = 2 * MEMBER_BYTES + 100_000;
    const zeroed = Buffer.concat([whole.subarray(0, end), Buffer.alloc(whole.length - end)]);
    const error = await refusal(() => findingsOf(zeroed));
    expect(error).toMatchObject({ code: "DRAY_FILE_ZEROED", kind: "refused" });
    expect(error.message).toContain(`from byte ${end} on there are only zeros`);
  });

  it("by zeros from some byte on names the byte in a plain tar and in other gzip too", async () => {
    const tar = gunzipSync(await bundle());
    for (const carried of [tar, gzipSync(tar, { level: 1 })]) {
      const zeroed = Buffer.concat([carried.subarray(0, 9_000_000), Buffer.alloc(500_000)]);
      const [finding] = await findingsOf(zeroed);
      expect(finding).toMatchObject({ code: "FILE_ZEROED" });
      expect(finding?.message).toContain("from byte 9000000 on");
    }
  });
});

describe("a bundle that was split", () => {
  it.each([
    ["in the midst of a member", 3_000_000],
    ["where a member begins", MEMBER_BYTES],
  ])("has its later parts named, cut %s", async (_where, start) => {
    const error = await refusal(async () => check(await part(start)));
    expect(error).toMatchObject({ code: "DRAY_FILE_PART", kind: "refused" });
    expect(error.message).toContain(`at byte ${start} of one`);
    expect(error.hint).toContain("Or join them in order: `cat`");
  });

  it("has its first part named as cut off", async () => {
    const { findings } = await check(await part(0, 3_000_000));
    expect(findings).toMatchObject([{ code: "ARCHIVE_TRUNCATED", entry: BIG }]);
  });

  it("says how much is missing at least where the manifests are missing too", async () => {
    const files = { big: seededBytes("big", MEMBER_BYTES) };
    const whole = await readFile((await makeBundle({ ...sampleRecipe(), files })).path);
    const head = whole.subarray(0, 3_000_000);
    const { findings } = await check(await fileOf(head));
    const [, least] = /: at least (\d+) are missing/.exec(findings[0]?.message ?? "") ?? [];
    const missing = whole.length - head.length;
    expect(Number(least)).toBeLessThanOrEqual(missing);
    expect(Number(least)).toBeGreaterThan(missing * 0.95);
  });

  it.each([
    ["as it was written", (whole: Buffer) => whole],
    ["as a plain tar", (whole: Buffer) => gunzipSync(whole)],
  ])("says of its first part how much is missing: %s", async (_how, carried) => {
    const path = join(await temporaryDirectory(), "sample.tar.gz.part-aa");
    const whole = carried(await bundle());
    await writeFile(path, whole.subarray(0, 9_000_000));
    const { findings } = await check(path);
    expect(findings).toMatchObject([
      { wanted: `${whole.length} bytes`, found: "9000000 bytes", entry: BIG },
    ]);
    expect(findings[0]?.message).toContain(`: ${whole.length - 9_000_000} are missing`);
    expect(findings[0]?.hint).toContain("--parts");
  });

  it("says so too where it lies alone in a directory", async () => {
    const directory = await temporaryDirectory();
    const whole = await bundle();
    await writeFile(join(directory, "sample.tar.gz"), whole.subarray(0, 9_000_000));
    const { findings } = await check(directory);
    const cut = findings.find(({ code }) => code === "ARCHIVE_TRUNCATED");
    expect(cut).toMatchObject({ wanted: `${whole.length} bytes`, found: "9000000 bytes" });
  });

  it("and joined without a part says how much is missing, and where", async () => {
    const whole = await bundle();
    const joined = Buffer.concat([whole.subarray(0, 3_000_000), whole.subarray(6_000_000)]);
    const error = await refusal(() => findingsOf(joined));
    expect(error).toMatchObject({ code: "DRAY_FRAMING_DAMAGED" });
    expect(error.message).toMatch(/: 3000000 bytes are missing before byte \d+; are all parts/);
  });

  it("and joined with a part twice says how much is too much", async () => {
    const whole = await bundle();
    const joined = Buffer.concat([whole.subarray(0, 6_000_000), whole.subarray(3_000_000)]);
    const error = await refusal(() => findingsOf(joined));
    expect(error.message).toMatch(/: there are 3000000 bytes too many before byte/);
  });
});

describe("a directory", () => {
  it("with a file that may not be read names it", async (context) => {
    if (process.getuid?.() !== 0) context.skip("needs root, to become another user");
    const directory = await temporaryDirectory();
    await chmod(directory, 0o755);
    for (const [name, content] of await readEntries(await fileOf(await bundle()))) {
      await mkdir(join(directory, name, ".."), { recursive: true });
      await writeFile(join(directory, name), content);
    }
    await chmod(join(directory, "bundle.json"), 0);
    // Node.js itself may lie where nobody else may run it.
    const nobody = "data:text/javascript,process.setuid(65534)";
    const args = [built("cli/dray.js"), "verify", directory, "--allow-unsigned", "--json"];
    const options = { env: { HOME: directory }, encoding: "utf8" } as const;
    const { stdout, status } = spawnSync(process.execPath, ["--import", nobody, ...args], options);
    expect(status).toBe(3);
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    expect(findings[0]).toMatchObject({ code: "FILE_UNREADABLE" });
    expect(findings[0]?.hint).toContain("chmod");
  });
});
