import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { split, type SplitOptions } from "../../src/stories/split.ts";
import { verify } from "../../src/stories/verify.ts";
import { ownDisk } from "../own-disk.ts";
import { refusal } from "../refusal.ts";

const NAME = "sample-1.0.0.tar.gz";
const SIZE = 1_000_000;

async function bundle(seed = "big"): Promise<string> {
  const { path } = await makeBundle({ files: { big: seededBytes(seed, 3_300_000) } });
  return path;
}

async function splitInto(
  directory: string,
  options: Partial<SplitOptions> = {},
): ReturnType<typeof split> {
  return split({ path: await bundle(), size: SIZE, directory, ...options });
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("a bundle that is split", () => {
  it("becomes plain cuts of the size, which join to what it was, and a list of all sums", async () => {
    const path = await bundle();
    const directory = await temporaryDirectory();
    const { parts, count } = await split({ path, size: SIZE, directory });
    const bytes = await Promise.all(parts.map((part) => readFile(part.path)));
    const whole = await readFile(path);
    expect(Buffer.concat(bytes).equals(whole)).toBe(true);
    expect(bytes.map(({ length }) => length)).toEqual([SIZE, SIZE, SIZE, whole.length - 3 * SIZE]);
    expect(count).toBe(4);
    const names = [1, 2, 3, 4].map((number) => `${NAME}.00${number}`);
    const lines = bytes.map((one, index) => `${sha256(one)}  ${names[index] ?? ""}\n`);
    expect(await readFile(join(directory, `${NAME}.sha256`), "utf8")).toBe(
      `${lines.join("")}${sha256(whole)}  ${NAME}\n`,
    );
    expect(await readdir(directory)).toEqual([...names, `${NAME}.sha256`]);
  });

  it.each([
    ["in parts where it lies in one piece", 10 * SIZE, SIZE],
    ["in one piece where it lies in parts", SIZE, 10 * SIZE],
  ])("is written %s only when it is forced, and then alone", async (_what, first, then) => {
    const directory = await temporaryDirectory();
    await splitInto(directory, { size: first });
    const before = await readdir(directory);
    const sums = await readFile(join(directory, `${NAME}.sha256`), "utf8");
    const error = await refusal(() => splitInto(directory, { size: then }));
    expect([error.code, error.hint]).toEqual([
      "DRAY_FILE_EXISTS",
      expect.stringContaining("--force"),
    ]);
    expect(await readdir(directory)).toEqual(before);
    expect(await readFile(join(directory, `${NAME}.sha256`), "utf8")).toBe(sums);
    const { parts } = await splitInto(directory, { size: then, force: true });
    const names = parts.map(({ name }) => name);
    expect(await readdir(directory)).toEqual([...names, `${NAME}.sha256`]);
    const { findings } = await verify({ path: directory, trust: { keys: [SIGNER.publicKey] } });
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("is refused where its last parts are missing, and then nothing is written", async () => {
    const whole = await temporaryDirectory();
    await splitInto(whole);
    for (const numbers of [[1], [1, 2], [1, 2, 3]]) {
      const [some, output] = [await temporaryDirectory(), await temporaryDirectory()];
      for (const number of numbers) {
        const name = `${NAME}.00${number}`;
        await writeFile(join(some, name), await readFile(join(whole, name)));
      }
      const path = join(some, `${NAME}.001`);
      const error = await refusal(() => split({ path, size: SIZE / 2, directory: output }));
      expect([error.kind, error.hint]).toEqual(["refused", expect.stringContaining("--parts")]);
      expect(await readdir(output)).toEqual([]);
      const { count } = await split({ path, parts: [whole], size: SIZE / 2, directory: output });
      expect(count).toBe(7);
    }
  });

  it("is refused where its file stops before the end", async () => {
    const path = await bundle();
    await writeFile(path, (await readFile(path)).subarray(0, 2_000_000));
    const directory = await temporaryDirectory();
    const error = await refusal(() => split({ path, size: SIZE, directory }));
    expect([error.code, error.kind]).toEqual(["DRAY_ARCHIVE_TRUNCATED", "refused"]);
    expect(await readdir(directory)).toEqual([]);
  });

  it("is left where it is, and read back where that is asked for", async () => {
    const path = await bundle();
    const before = await readFile(path);
    const { readBackFrom } = await split({ path, size: SIZE, checkWritten: true });
    expect(["medium", "memory"]).toContain(readBackFrom);
    expect((await readFile(path)).equals(before)).toBe(true);
  });

  it("and fits in one piece gets a list beside it, by which it is found too", async () => {
    const path = await bundle();
    const { parts, sums } = await split({ path, size: 2 ** 32 });
    expect(parts).toEqual([]);
    expect(await readFile(sums, "utf8")).toBe(`${sha256(await readFile(path))}  ${NAME}\n`);
    const { form } = await verify({ path: sums, trust: { keys: [SIGNER.publicKey] } });
    expect(form).toBe("gzip members, tar");
  });

  it("gets names that tell that they are parts, whatever it is called", async () => {
    const path = join(await temporaryDirectory(), "bundle");
    await writeFile(path, await readFile(await bundle()));
    const directory = await temporaryDirectory();
    await split({ path, size: SIZE, directory });
    expect(await readdir(directory)).toContain("bundle.part001");
    const { good } = await verify({ path: directory, trust: { keys: [SIGNER.publicKey] } });
    expect(good).toBe(true);
  });

  it("replaces nothing unless it is forced, and then leaves no part of another size", async () => {
    const directory = await temporaryDirectory();
    await splitInto(directory);
    const error = await refusal(() => splitInto(directory, { size: 2 * SIZE }));
    expect(error).toMatchObject({ code: "DRAY_FILE_EXISTS", kind: "usage" });
    await splitInto(directory, { size: 2 * SIZE, force: true });
    expect(await readdir(directory)).toEqual([`${NAME}.001`, `${NAME}.002`, `${NAME}.sha256`]);
  });

  it("cannot be cut into the folder of the parts that it is read from", async () => {
    const directory = await temporaryDirectory();
    await splitInto(directory);
    const error = await refusal(() =>
      split({ path: directory, size: 2 * SIZE, directory, force: true }),
    );
    expect(error.code).toBe("DRAY_FILE_EXISTS");
    expect(error.hint).toContain("It is what would be read");
  });

  it("is refused where it is a directory, or too many parts would come of it", async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "files"));
    const folder = await refusal(() => splitInto(directory, { path: directory }));
    expect(folder).toMatchObject({ code: "DRAY_USAGE", kind: "usage" });
    const many = await refusal(() => splitInto(directory, { size: 100 }));
    expect(many.message).toContain("expected at most 9999");
  });
});

describe("one part that is written again", () => {
  it("is the same, is found beside the list, and touches no other", async () => {
    const directory = await temporaryDirectory();
    await splitInto(directory);
    const path = join(directory, `${NAME}.003`);
    const before = await readFile(path);
    await rm(path);
    await rm(join(directory, `${NAME}.002`));
    await splitInto(directory, { only: [3] });
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(await readdir(directory)).not.toContain(`${NAME}.002`);
  });

  it("brings the list of all parts to a medium that has none", async () => {
    const path = await bundle();
    const first = await temporaryDirectory();
    await splitInto(first, { path });
    const directory = await temporaryDirectory();
    await splitInto(directory, { path, only: [2] });
    const name = `${NAME}.sha256`;
    expect(await readFile(join(directory, name))).toEqual(await readFile(join(first, name)));
  });

  it("is refused at another size than the list is of, and nothing is left of it", async () => {
    const directory = await temporaryDirectory();
    await splitInto(directory);
    const before = await readdir(directory);
    // The list knows four parts, and at this size there are four too.
    const error = await refusal(() => splitInto(directory, { only: [3], size: SIZE - 1 }));
    expect(error).toMatchObject({ code: "DRAY_PARTS_MIXED", kind: "refused" });
    expect(await readdir(directory)).toEqual(before);
    const beyond = await refusal(() => splitInto(directory, { only: [9] }));
    expect(beyond.message).toContain("with this size there are 4");
  });
});

describe("a split that cannot end", () => {
  it("leaves nothing behind when it is stopped", async () => {
    const directory = await temporaryDirectory();
    const stop = new AbortController();
    const path = await bundle();
    let parts = 0;
    const onEvent = (): void => void (++parts === 3 && stop.abort());
    await expect(
      split({ path, size: SIZE, directory }, { signal: stop.signal, onEvent }),
    ).rejects.toThrow("This operation was aborted");
    expect(await readdir(directory)).toEqual([]);
  });

  it("is refused before its first byte where there is no room", async (context) => {
    const directory = await ownDisk(context, "size=2m");
    const error = await refusal(() => splitInto(directory));
    expect(error).toMatchObject({ code: "DRAY_DISK_FULL" });
    expect(await readdir(directory)).toEqual([]);
  });

  it("names the medium that fails when what was written reaches it, and leaves nothing", async (context) => {
    const { directory, device } = await failingDisk(context);
    const error = await refusal(() => splitInto(directory));
    expect(error.code).toBe("DRAY_MEDIUM_FAILED");
    expect(error.message).toContain(
      `the medium at ${JSON.stringify(directory)} (ext2 on ${device})`,
    );
  });
});

/** A file system that says to have room, on a device that has none: as of sticks that lie. */
async function failingDisk(context: TestContext): Promise<{ directory: string; device: string }> {
  const small = await ownDisk(context, "size=1m");
  const image = join(small, "image");
  const file = await open(image, "w");
  await file.truncate(64 * 1024 * 1024);
  await file.close();
  const directory = await temporaryDirectory();
  const made = spawnSync("mke2fs", ["-q", "-F", image]).status === 0;
  const found = made
    ? spawnSync("losetup", ["--find", "--show", image], { encoding: "utf8" })
    : undefined;
  const device = found?.stdout.trim() ?? "";
  if (device === "") return context.skip("needs mke2fs and a loop device");
  onTestFinished(() => void spawnSync("losetup", ["--detach", device]));
  if (spawnSync("mount", ["-t", "ext2", device, directory]).status !== 0) {
    return context.skip("needs the right to mount a loop device");
  }
  onTestFinished(() => void spawnSync("umount", ["--lazy", directory]));
  return { directory, device };
}
