import { execFileSync } from "node:child_process";
import {
  appendFile,
  copyFile,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { makeTar } from "../../fixtures/archives.ts";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { seededBytes } from "../../fixtures/images.ts";
import { madeOnce, temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { MEMBER_BYTES } from "../../src/archive/members/gzip-members.ts";
import { inspect } from "../../src/stories/inspect.ts";
import { sign } from "../../src/stories/sign.ts";
import { split } from "../../src/stories/split.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { verify, type VerifyReport } from "../../src/stories/verify.ts";
import { refusal } from "../refusal.ts";

/** Eight members in four parts, of which no end is that of a member. */
const SIZE = 2 * MEMBER_BYTES + 300_000;
const NAME = "sample-1.0.0.tar.gz";

const trust = { keys: [SIGNER.publicKey] };

/** Files by their names. */
type Files = ReadonlyMap<string, Buffer>;

async function partsOfBundle(seed: string): Promise<Files> {
  const files = { big: seededBytes(seed, 7 * MEMBER_BYTES), small: "small" };
  const { path } = await makeBundle({ files });
  const directory = await temporaryDirectory();
  await split({ path, size: SIZE, directory });
  const names = await readdir(directory);
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await readFile(join(directory, name))] as const),
    ),
  );
}

async function written(files: Files): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [name, bytes] of files) await writeFile(join(directory, name), bytes);
  return directory;
}

const PARTS = madeOnce(() => partsOfBundle("big"));
const OTHERS = madeOnce(() => partsOfBundle("other"));

/** Parts of a bundle that is made once, to be damaged. */
async function carried(): Promise<string> {
  return written(PARTS());
}

function part(directory: string, number: number): string {
  return join(directory, `${NAME}.00${number}`);
}

function list(directory: string): string {
  return join(directory, `${NAME}.sha256`);
}

async function check(path: string, parts: readonly string[] = []): Promise<VerifyReport> {
  return verify({ path, parts, trust });
}

async function errorsOf(path: string): Promise<string[]> {
  const { findings } = await check(path);
  return findings.filter(({ severity }) => severity === "error").map(({ message }) => message);
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(path, bytes);
}

async function swap(one: string, other: string): Promise<void> {
  await rename(one, `${one}.x`);
  await rename(other, one);
  await rename(`${one}.x`, other);
}

describe("a bundle in parts", () => {
  it("is read by any part, the list, the folder and the name of the whole", async () => {
    const directory = await carried();
    const names = [part(directory, 1), part(directory, 3), list(directory), directory];
    for (const path of [...names, join(directory, NAME)]) {
      const { good, form } = await check(path);
      expect({ good, form }).toEqual({ good: true, form: "4 parts, gzip members, tar" });
    }
  });

  it("is read without its list", async () => {
    const directory = await carried();
    await rm(list(directory));
    expect((await check(part(directory, 2))).good).toBe(true);
  });

  it("is read where its parts lie in several folders, each with a list or none", async () => {
    const first = await carried();
    const second = await temporaryDirectory();
    const third = await temporaryDirectory();
    await rename(part(first, 2), part(second, 2));
    await rename(part(first, 4), part(third, 4));
    await copyFile(list(first), list(third));
    expect((await check(part(first, 1), [second, third])).good).toBe(true);
    expect((await check(part(third, 4), [part(second, 2), first])).good).toBe(true);
    const { path } = await sign({ path: part(third, 4), parts: [second, first], key: SIGNER });
    expect(path).toBe(join(third, `${NAME}.${SIGNER.id}.sigstore.json`));
  });

  it("is read with what macOS and Windows put beside it", async () => {
    const directory = await carried();
    await writeFile(join(directory, `._${NAME}.001`), Buffer.from([0, 5, 22, 7]));
    await writeFile(join(directory, ".DS_Store"), "x");
    await mkdir(join(directory, "System Volume Information"));
    await writeFile(join(directory, "release.pub"), "key");
    expect((await check(directory)).good).toBe(true);
  });

  it("is inspected and unpacked like the whole", async () => {
    const directory = await carried();
    expect((await inspect({ path: directory, trust })).files).toHaveLength(2);
    const target = join(await temporaryDirectory(), "out");
    await unpack({ path: part(directory, 4), directory: target, trust });
    expect(await readFile(join(target, "files/small"), "utf8")).toBe("small");
  });

  it("is read in capitals, as some file systems have all names", async () => {
    const directory = await carried();
    for (const number of [1, 2, 3, 4]) {
      await rename(part(directory, number), join(directory, `${NAME}.00${number}`.toUpperCase()));
    }
    const capitals = join(directory, `${NAME}.sha256`.toUpperCase());
    await rename(list(directory), capitals);
    expect((await check(directory)).good).toBe(true);
    expect((await check(capitals)).good).toBe(true);
    await rm(join(directory, `${NAME}.004`.toUpperCase()));
    expect((await refusal(() => check(directory))).message).toContain("part 4 of 4");
  });

  it("is read under the short names of file systems that have no others", async () => {
    const directory = await carried();
    for (const number of [1, 2, 3, 4]) {
      await rename(part(directory, number), join(directory, `SAMPLE~1.00${number}`));
    }
    await rename(list(directory), join(directory, "SAMPLE~1.SHA"));
    expect((await check(join(directory, "SAMPLE~1.001"))).good).toBe(true);
    await rm(join(directory, "SAMPLE~1.SHA"));
    expect((await check(directory)).good).toBe(true);
    await rm(join(directory, "SAMPLE~1.002"));
    expect((await refusal(() => check(directory))).message).toContain("part 2 is missing");
  });

  it("can be cut again at another size, straight from its parts", async () => {
    const directory = await carried();
    const other = await temporaryDirectory();
    const { count } = await split({ path: directory, size: 2 * SIZE, directory: other });
    expect(count).toBe(2);
    expect((await check(other)).form).toBe("2 parts, gzip members, tar");
  });
});

describe("of parts that were carried badly", () => {
  it("a missing one is named with its number, in front, in the midst and, by the list, at the end", async () => {
    for (const number of [1, 3, 4]) {
      const directory = await carried();
      await rm(part(directory, number));
      const error = await refusal(() => check(directory));
      expect(error).toMatchObject({ code: "DRAY_PART_MISSING", kind: "refused" });
      expect(error.message).toContain(`part ${number} of 4 is missing (${NAME}.00${number})`);
      expect(error.hint).toContain(`--part ${number}`);
    }
  });

  it("several missing ones are named at once", async () => {
    const directory = await carried();
    await rm(part(directory, 2));
    await rm(part(directory, 4));
    const { message } = await refusal(() => check(directory));
    expect(message).toContain("parts 2, 4 of 4 are missing");
  });

  it("a missing last one is named without a list too, with what is missing", async () => {
    const directory = await carried();
    await rm(list(directory));
    const { length } = await readFile(part(directory, 4));
    await rm(part(directory, 4));
    const [first] = await errorsOf(directory);
    expect(first).toBe(`What comes behind part 3 is missing: ${NAME}.004 and on, ${length} bytes`);
  });

  it.each([true, false])(
    "a damaged one is named with its number, and no other is asked for; with a list: %s",
    async (hasList) => {
      const directory = await carried();
      if (!hasList) await rm(list(directory));
      await flip(part(directory, 3), MEMBER_BYTES);
      const { findings } = await check(directory);
      const [first, ...others] = findings;
      expect(first).toMatchObject({ code: "PART_DAMAGED", entry: `${NAME}.003` });
      expect(first?.hint).toBe("Carry part 3 again; no other part has to be.");
      expect(others.map(({ hint }) => hint)).toEqual(others.map(() => undefined));
    },
  );

  it("several damaged ones are all named at once", async () => {
    const directory = await carried();
    await rm(list(directory));
    await flip(part(directory, 2), MEMBER_BYTES);
    await flip(part(directory, 4), 3_300_000);
    const { findings } = await check(directory);
    const entries = findings.flatMap(({ code, entry }) => (code === "PART_DAMAGED" ? [entry] : []));
    expect(entries).toEqual([`${NAME}.002`, `${NAME}.004`]);
  });

  it("one that ends in zeros is named: its medium was pulled", async () => {
    const directory = await carried();
    const bytes = await readFile(part(directory, 2));
    await writeFile(part(directory, 2), bytes.fill(0, 3_000_000));
    const [first] = await errorsOf(directory);
    expect(first).toMatch(/^Part 2 of 4 .* from byte 3000000 on there are only zeros/);
  });

  it("two with each other's names are read in the order of their content, and that is said", async () => {
    const directory = await carried();
    await swap(part(directory, 2), part(directory, 3));
    const { good, findings } = await check(directory);
    expect(good).toBe(true);
    expect(findings).toMatchObject([{ code: "NAME_CHANGED", severity: "info" }]);
  });

  it("too small to hold what tells their place, they are told apart by the list", async () => {
    const { path } = await makeBundle({ files: { big: seededBytes("small", 5_000_000) } });
    const directory = await temporaryDirectory();
    await split({ path, size: 700_000, directory });
    await swap(part(directory, 2), part(directory, 5));
    await swap(part(directory, 7), part(directory, 8));
    const { good, findings } = await check(part(directory, 1));
    expect(good).toBe(true);
    expect(findings).toMatchObject([{ code: "NAME_CHANGED", severity: "info" }]);
    await flip(part(directory, 2), 1000);
    const damaged = (await check(directory)).findings.filter(({ code }) => code === "PART_DAMAGED");
    expect(damaged).toMatchObject([{ entry: `${NAME}.002` }]);
    expect(damaged[0]?.hint).toContain("Carry part 5 again");
  });

  it("a list of another bundle that is named beside them is said, and counts for nothing", async () => {
    const directory = await carried();
    const listed = await readFile(list(directory), "utf8");
    await writeFile(list(directory), listed.replaceAll(/^[0-9a-f]{8}/gm, "00000000"));
    const { good, findings } = await check(list(directory));
    expect(good).toBe(true);
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual(
      Array.from({ length: 4 }, () => ["LIST_DIFFERS", "warning"]),
    );
  });

  it("a list may lead to what is no file, which is said and not waited for", async () => {
    const directory = await carried();
    const listed = await readFile(list(directory), "utf8");
    const sum = "0".repeat(64);
    await writeFile(list(directory), `\uFEFF${listed}${sum} *./pipe\r\n`);
    execFileSync("mkfifo", [join(directory, "pipe")]);
    const { good, findings } = await check(list(directory));
    expect(good).toBe(true);
    expect(findings).toMatchObject([
      { code: "LIST_DIFFERS", entry: "pipe", found: "no regular file" },
    ]);
  });

  it("a damaged one with another's name is named alone, by the number that it has", async () => {
    const directory = await carried();
    await flip(part(directory, 3), 3_000_000);
    await swap(part(directory, 2), part(directory, 3));
    const { findings } = await check(directory);
    const damaged = findings.filter(({ code }) => code === "PART_DAMAGED");
    expect(damaged).toMatchObject([
      { entry: `${NAME}.002`, hint: "Carry part 3 again; no other part has to be." },
    ]);
  });

  it("what was put before the first is said, and no part is called the file", async () => {
    const { path } = await makeBundle({ files: { big: seededBytes("big", 5_000_000) } });
    const late = Buffer.concat([Buffer.from("late!"), await readFile(path)]);
    const directory = await temporaryDirectory();
    await writeFile(part(directory, 1), late.subarray(0, 3_000_000));
    await writeFile(part(directory, 2), late.subarray(3_000_000));
    const { message, hint } = await refusal(() => check(directory));
    expect(message).toContain("found 5 bytes before it");
    expect(hint).toContain("`tail -c +6 FILE > FILE.bundle`");
  });

  it("is found in a folder with other things by its list, also a part that was renamed", async () => {
    const directory = await carried();
    await mkdir(join(directory, "Photos"));
    await writeFile(join(directory, "holiday.jpg"), "a picture");
    expect((await check(directory)).good).toBe(true);
    await rename(part(directory, 2), join(directory, "sample (1).bin"));
    expect((await check(directory)).good).toBe(true);
    await rm(join(directory, "sample (1).bin"));
    expect((await refusal(() => check(directory))).message).toContain("part 2 of 4 is missing");
  });

  it("one that was renamed is known by the list", async () => {
    const directory = await carried();
    await rename(part(directory, 3), join(directory, "third part (1).bin"));
    const { good, findings } = await check(part(directory, 1));
    expect(good).toBe(true);
    expect(findings).toMatchObject([{ code: "NAME_CHANGED", entry: "third part (1).bin" }]);
  });

  it("one that is there twice, in place of another, is named", async () => {
    for (const hasList of [true, false]) {
      const directory = await carried();
      if (!hasList) await rm(list(directory));
      await copyFile(part(directory, 2), part(directory, 3));
      const error = await refusal(() => check(directory));
      expect(error.code).toBe("DRAY_PART_MISPLACED");
      expect(error.message).toContain(`part 3 (${NAME}.003) holds the stretch`);
      expect(error.hint).toBe("Carry part 3 again; the other parts stay as they are.");
    }
  });

  it("one that was cut short is named, with the bytes that it lacks", async () => {
    const directory = await carried();
    await truncate(part(directory, 2), SIZE - 1234);
    const error = await refusal(() => check(directory));
    expect(error.code).toBe("DRAY_PART_MISPLACED");
    expect(error.message).toContain(`1234 bytes are missing between part 2`);
    expect(error.hint).toBe("Carry part 2 again; the other parts stay as they are.");
  });

  it("of a tar of another program's nobody says how much is missing", async () => {
    const { path } = await makeBundle({ files: { big: seededBytes("big", 3_000_000) } });
    const directoryFirst = makeTar([{ name: "files/", type: "5" }]).subarray(0, 512);
    const whole = Buffer.concat([directoryFirst, gunzipSync(await readFile(path))]);
    const directory = await temporaryDirectory();
    await writeFile(part(directory, 1), whole.subarray(0, 1_000_000));
    await writeFile(part(directory, 2), whole.subarray(1_000_000, 2_000_000));
    const [first] = await errorsOf(directory);
    expect(first).toBe(`What comes behind part 2 is missing: ${NAME}.003 and on`);
    await truncate(part(directory, 2), 900_000);
    const [short] = await errorsOf(directory);
    expect(short).toMatch(/: it is cut short, or further parts are missing$/);
  });

  it("a last one that was cut short is named", async () => {
    const directory = await carried();
    await truncate(part(directory, 4), 1_000_000);
    const [first] = await errorsOf(directory);
    expect(first).toMatch(/^Part 4 of 4 .* is damaged/);
  });

  it("one with something behind it is named", async () => {
    const directory = await carried();
    await appendFile(part(directory, 2), "more");
    const error = await refusal(() => check(directory));
    expect(error.message).toContain("has 4 bytes more than fit");
  });

  it("one of another bundle is named, with a list and without", async () => {
    const other = await written(OTHERS());
    for (const hasList of [true, false]) {
      const directory = await carried();
      if (!hasList) await rm(list(directory));
      await copyFile(part(other, 3), part(directory, 3));
      const { findings } = await check(directory);
      expect(findings[0]).toMatchObject({ code: "PART_DAMAGED" });
      expect(findings[0]?.message).toContain("3");
    }
  });

  it("those of two bundles are told apart by their lists, and by copies that are not alike", async () => {
    const other = await written(OTHERS());
    const directory = await carried();
    const lists = await refusal(() => check(directory, [other]));
    expect(lists.code).toBe("DRAY_PARTS_MIXED");
    await rm(list(directory));
    await rm(list(other));
    const copies = await refusal(() => check(directory, [other]));
    expect(copies.code).toBe("DRAY_PARTS_MIXED");
  });

  it("a good copy is taken where another of the same part is damaged", async () => {
    const directory = await carried();
    const second = await temporaryDirectory();
    await copyFile(part(directory, 2), part(second, 2));
    await flip(part(directory, 2), 1000);
    expect((await check(directory, [second])).good).toBe(true);
  });

  it("what is wrong since before the cut is said to be so", async () => {
    const { path } = await makeBundle({ files: { big: seededBytes("big", 3 * MEMBER_BYTES) } });
    await flip(path, 5_000_000);
    const directory = await temporaryDirectory();
    await split({ path, size: SIZE, directory });
    const [first] = await errorsOf(directory);
    expect(first).toContain("what is wrong was so before it was cut");
  });

  it("one alone says so", async () => {
    const directory = await temporaryDirectory();
    await copyFile(part(await carried(), 2), part(directory, 2));
    const error = await refusal(() => check(part(directory, 2)));
    expect(error.code).toBe("DRAY_PART_MISSING");
    expect(error.message).toContain("part 1 is missing");
  });
});
