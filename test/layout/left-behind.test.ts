import { link, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { contentOf } from "../../src/content/memory.ts";
import { replaceFile } from "../../src/content/replace-file.ts";
import { writeContent } from "../../src/layout/write-file.ts";
import { encodedOf } from "../../src/oci/digest.ts";
import { blobOf, holds, layoutIn, noted } from "./blobs.ts";

const LONG_AGO = new Date(2020, 1);

describe("a part of a blob", () => {
  it.each([
    ["a link", symlink],
    ["a second name", link],
  ])("that is %s of another file is not gone on with", async (_what, make) => {
    const layout = await layoutIn();
    const blob = blobOf("planted");
    const victim = join(await temporaryDirectory(), "victim");
    await writeFile(victim, blob.bytes.subarray(0, 100_000));
    const ingest = join(layout.directory, "ingest");
    await mkdir(ingest, { recursive: true });
    const name = `sha256-${encodedOf(blob.expected.digest)}.${"0".repeat(12)}`;
    await utimes(victim, LONG_AGO, LONG_AGO);
    await make(victim, join(ingest, name));
    const offsets: number[] = [];
    await layout.push(blob.expected, noted(blob, offsets));
    expect([offsets, await holds(layout, blob)]).toEqual([[0], true]);
    expect((await stat(victim)).size).toBe(100_000);
  });
});

describe("writeContent()", () => {
  it.each(["w", "wx", "r+"] as const)("with %s follows no link", async (flags) => {
    const directory = await temporaryDirectory();
    const victim = join(directory, "victim");
    await writeFile(victim, "kept");
    await symlink(victim, join(directory, "link"));
    const content = contentOf(Buffer.from("new"), "test").open(0);
    await expect(writeContent(join(directory, "link"), content, { flags })).rejects.toThrow(
      /ELOOP|EEXIST/,
    );
    expect(await readFile(victim, "utf8")).toBe("kept");
  });
});

describe("replaceFile()", () => {
  it("removes what a killed run has left of it, and nothing else", async () => {
    const directory = await temporaryDirectory();
    const [old, fresh] = [`lock.json.${"a".repeat(12)}`, `lock.json.${"b".repeat(12)}`];
    for (const name of [old, fresh, "lock.json.bak", "other.json.aaaaaaaaaaaa"]) {
      await writeFile(join(directory, name), "x");
      if (name !== fresh) await utimes(join(directory, name), LONG_AGO, LONG_AGO);
    }
    await replaceFile(join(directory, "lock.json"), Buffer.from("{}"));
    expect((await readdir(directory)).toSorted()).toEqual(
      ["lock.json", fresh, "lock.json.bak", "other.json.aaaaaaaaaaaa"].toSorted(),
    );
  });

  it("replaces a link instead of writing where it leads", async () => {
    const directory = await temporaryDirectory();
    const victim = join(directory, "victim");
    await writeFile(victim, "kept");
    await symlink(victim, join(directory, "lock.json"));
    await replaceFile(join(directory, "lock.json"), Buffer.from("{}"));
    expect(await readFile(victim, "utf8")).toBe("kept");
    expect(await readFile(join(directory, "lock.json"), "utf8")).toBe("{}");
  });
});
