import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeBundle, newKey } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { BundleReport } from "../../src/index.ts";
import { dray } from "../cli/terminal.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { HOSTILE, hostileReport } from "./hostile.ts";
import { EARLIER, makeRelease, signerFile } from "./lab.ts";

async function reported(path: string, ...flags: readonly string[]): Promise<BundleReport> {
  const { stdout } = await dray(["report", path, ...flags, "--json"]);
  return JSON.parse(stdout) as BundleReport;
}

describe("dray report", () => {
  it("says who has signed, what is in it, and which bytes are shared", async () => {
    const [{ path, parts }, key] = [await makeRelease(), await signerFile()];
    const report = await reported(path, "--key", key);
    expect(report).toMatchObject({
      schemaVersion: 1,
      verdict: "good",
      bundle: { path, name: "shop", version: "1.4.0", isForeign: false },
      signedBy: [{ from: key }],
      findings: [],
      pushes: [],
    });
    expect(report.images.map(({ reference }) => reference)).toHaveLength(5);
    const web = report.images.find(({ reference }) => reference.endsWith("/web:1.4.0"));
    expect(web?.referrers).toMatchObject([{ role: "referrer", subject: web?.digest }]);
    expect(web?.sharedWith.map(({ reference }) => reference)).toEqual([
      "registry.example/shop/jobs:1.4.0",
      "registry.example/shop/sidecar:2.1",
    ]);
    expect((web?.size ?? 0) - (web?.own ?? 0)).toBe(report.bytes.shared);
    expect(report.files).toEqual(parts.document.files);
  });

  it("says nothing of who has made it, when, and what it holds, where that cannot be known", async () => {
    const [release, key] = [await makeRelease(), await signerFile()];
    const undated = await makeRelease({ ...EARLIER, created: new Date(0) });
    const cut = join(await temporaryDirectory(), "cut.tar.gz");
    await writeFile(cut, (await readFile(release.path)).subarray(0, 400_000));
    const pages = [release.path, undated.path, cut].map(async (path) => {
      const page = `${path}.html`;
      await dray(["report", path, "--key", key, "-o", page, "-q"]);
      return await readFile(page, "utf8");
    });
    const [dated = "", timeless = "", unread = ""] = await Promise.all(pages);
    expect(dated).toMatch(/<dt>Made by<\/dt>\s*<dd>[^<]+, 2026-11-20 08:00 UTC<\/dd>/);
    expect(timeless).toMatch(/<dt>Made by<\/dt>\s*<dd>[^<,]+<\/dd>/);
    expect(unread).not.toContain("Made by");
    expect(unread).not.toContain("0 blobs");
    expect(unread).toContain("What it holds could not be read.");
  });

  it("says what changed since another release, and where its images were pushed", async () => {
    const [now, old, key] = [await makeRelease(), await makeRelease(EARLIER), await signerFile()];
    const registry = await startRegistry();
    const receipt = join(await temporaryDirectory(), "receipt.json");
    const target = `${registry.host}/mirror`;
    const push = ["push", now.path, target, "--key", key, "--plain-http", "--receipt", receipt];
    expect((await dray(push)).code).toBe(0);
    const flags = ["--key", key, "--since", old.path, "--receipt", receipt];
    const report = await reported(now.path, ...flags);
    expect(report.since).toMatchObject({ same: false, old: { version: "1.3.0" } });
    expect(report.since?.removed).toMatchObject([
      { reference: "registry.example/shop/legacy:1.3.0" },
    ]);
    expect(report.pushes).toMatchObject([{ outcome: "done", target, receipt }]);
    const text = await dray(["report", now.path, ...flags, "-q", "-o", "-"]);
    expect(text).toMatchObject({ code: 0, stdout: "" });
    const { stdout } = await dray(["report", now.path, ...flags, "-o", "-"]);
    expect(stdout).toContain("gone: image `registry.example/shop/legacy:1.3.0`");
    expect(stdout).toContain(`## Pushed to \`${target}\``);
  });

  it("refuses the receipt of another bundle", async () => {
    const [now, old, key] = [await makeRelease(), await makeRelease(EARLIER), await signerFile()];
    const registry = await startRegistry();
    const receipt = join(await temporaryDirectory(), "receipt.json");
    const push = ["push", old.path, registry.host, "--key", key, "--plain-http"];
    expect((await dray([...push, "--receipt", receipt])).code).toBe(0);
    const { code, stderr } = await dray([
      "report",
      now.path,
      "--key",
      key,
      "--receipt",
      receipt,
      "-o",
      "-",
    ]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`expected a push of the bundle ${now.bundleDigest}`),
    ]);
  });

  it("tells what nobody trusted has signed from what was signed", async () => {
    const key = newKey();
    const { path } = await makeBundle({ files: { "a.txt": "a" } }, { key });
    const report = await reported(path);
    expect(report.verdict).toBe("unsigned");
    expect(report.signedBy).toEqual([]);
  });

  it("writes a page about a damaged bundle too, and ends with 3", async () => {
    const [{ path }, key] = [await makeRelease(), await signerFile()];
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const output = `${path}.html`;
    const { code, stdout } = await dray(["report", path, "--key", key, "-o", output]);
    expect([code, stdout]).toEqual([
      3,
      expect.stringContaining("Refused: do not use this bundle."),
    ]);
    expect(await readFile(output, "utf8")).toContain("<strong>Refused</strong>");
  });

  it("counts content once that several images have, and what one has alone", async () => {
    const shared = makeLayer("shared", 5000);
    const one = makeImage([shared, makeLayer("one", 1000)]);
    const images = { "a.example/one:1": one, "a.example/two:1": makeImage([shared]) };
    const { path } = await makeBundle({ images });
    const {
      bytes,
      images: [first, second],
    } = await reported(path);
    expect(bytes.shared).toBe(shared.descriptor.size);
    expect(first?.sharedWith).toEqual([{ reference: "a.example/two:1", bytes: bytes.shared }]);
    expect((first?.own ?? 0) + (second?.own ?? 0) + bytes.shared).toBe(bytes.total);
  });
});

describe("the place of a report", () => {
  it("may have a report of before, and nothing else", async () => {
    const { path } = await makeBundle({ files: { "a.txt": "a" } });
    const directory = await temporaryDirectory();
    for (const name of ["report.html", "report.md", "report.json"]) {
      const output = join(directory, name);
      for (const time of ["first", "second"]) {
        expect((await dray(["report", path, "-o", output])).code, `${name} ${time}`).toBe(0);
      }
      await writeFile(output, "notes");
      expect(await dray(["report", path, "-o", output])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("expected nothing there or an earlier report"),
      });
      expect(await readFile(output, "utf8")).toBe("notes");
    }
    const link = join(directory, "link.html");
    await symlink(join(directory, "elsewhere.html"), link);
    expect((await dray(["report", path, "-o", link])).code).toBe(2);
  });

  it.each(["report", "report.pdf", "report.html.txt"])("is refused as %s", async (name) => {
    const { path } = await makeBundle({ files: { "a.txt": "a" } });
    const output = join(await temporaryDirectory(), name);
    const { code, stderr } = await dray(["report", path, "-o", output]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("ends in .html, .md or .json")]);
  });
});

/** Controls but the line feed, characters that hide or reorder text, and halves of characters. */
const CONTROLS = /[\p{Cf}\p{Cs}]|(?!\n)\p{Cc}/gu;

describe("what strangers wrote", () => {
  it("is no markup of the page", () => {
    const page = hostileReport("html");
    expect(page.match(/<(script|img|iframe|a|form)\b/gi)).toBeNull();
    expect(page.match(/<\/style>/g)).toHaveLength(1);
    expect(page.match(CONTROLS)).toBeNull();
    expect(page.includes("… (100000 characters)")).toBe(true);
  });

  it("stands in code in Markdown, which it cannot end", () => {
    const text = hostileReport("md");
    expect(text.match(CONTROLS)).toBeNull();
    for (const line of text.replace(/^<!--.*-->$/m, "").split("\n")) {
      const outside = line.replaceAll(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, "");
      expect(outside).not.toMatch(/[<>|]|!\[|\]\(|`/);
    }
    expect(HOSTILE.some((name) => text.includes(name))).toBe(true);
  });
});
