import { createHash } from "node:crypto";
import { rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { makeTar, type TarMember } from "../../fixtures/archives.ts";
import { classicSave, directoryOf } from "../../fixtures/foreign.ts";
import { openFiles } from "../open-files.ts";
import { refusal } from "../refusal.ts";
import { codes, found, plainImage, verified } from "./lab.ts";

/** What Zarf, Hauler and split have cut is read as it lies. */

const APP = "registry.example/team/app:1.0";
const TOOL = "registry.example/team/tool:2.0";
const saved = makeTar(classicSave([{ image: plainImage("app"), tags: [APP] }]));
const other = makeTar(classicSave([{ image: plainImage("tool"), tags: [TOOL] }]));
const packed = gzipSync(saved);

function cut(whole: Buffer, names: readonly string[]): TarMember[] {
  const size = Math.ceil(whole.length / names.length);
  return names.map((name, index) => ({
    name,
    content: whole.subarray(index * size, (index + 1) * size),
  }));
}

const ZARF = "zarf-package-app-amd64.tar.gz";

/** As Zarf writes them: a head and the parts. */
function zarf(changes: object = {}): TarMember[] {
  const Sha256Sum = createHash("sha256").update(packed).digest("hex");
  const head = { Sha256Sum, Bytes: packed.length, Count: 3, ...changes };
  const names = [1, 2, 3].map((number) => `${ZARF}.part00${number}`);
  return [{ name: `${ZARF}.part000`, content: JSON.stringify(head) }, ...cut(packed, names)];
}

describe("what others have cut into parts", () => {
  it.each([
    ["Zarf", zarf()],
    ["Hauler", cut(packed, ["haul.tar.zst.001", "haul.tar.zst.002"])],
    ["split", cut(packed, ["a.tar.gz.aa", "a.tar.gz.ab", "a.tar.gz.ac"])],
    ["split with a prefix", cut(saved, ["a.tar.part-00", "a.tar.part-01"])],
    ["a program for zips", cut(packed, ["a.zip.001", "a.zip.002"])],
  ])("is read by its folder and by each of its parts: %s", async (_who, members) => {
    const directory = await directoryOf(members);
    for (const path of [directory, ...members.map(({ name }) => join(directory, String(name)))]) {
      const report = await verified(path);
      expect(codes(report)).toEqual([]);
      expect(Object.keys(found(report))).toEqual([APP]);
    }
  });

  it("is read beside other images", async () => {
    const members = [...zarf(), { name: "tool.tar", content: other }];
    const report = await verified(await directoryOf(members));
    expect(codes(report)).toEqual([]);
    expect(Object.keys(found(report)).toSorted()).toEqual([APP, TOOL]);
  });

  it("is refused where a part is missing, with its number, alone and beside other images", async () => {
    for (const number of [1, 3]) {
      const members = zarf().filter(({ name }) => !String(name).endsWith(String(number)));
      const error = await refusal(async () => verified(await directoryOf(members)));
      expect(error.code).toBe("DRAY_PART_MISSING");
      expect(error.message).toContain(`part ${number} of 3 is missing (${ZARF}.part00${number})`);
      const beside = [...members, { name: "tool.tar", content: other }];
      expect(codes(await verified(await directoryOf(beside)))).toEqual(["PART_MISSING"]);
    }
  });

  it("is refused where it is not what Zarf says of it, which Zarf itself does not compare", async () => {
    const changed = zarf({ Sha256Sum: "0".repeat(64) });
    expect(codes(await verified(await directoryOf(changed)))).toEqual(["PART_DAMAGED"]);
  });

  it("is refused where a part was cut short, with its number", async () => {
    const directory = await directoryOf(zarf());
    await truncate(join(directory, `${ZARF}.part002`), 100);
    const error = await refusal(() => verified(directory));
    expect(error.code).toBe("DRAY_PART_DAMAGED");
    expect(error.message).toContain("Part 2 of 3");
  });

  it("are files of their own where each begins like an archive", async () => {
    const members = [1, 2].map((number) => ({
      name: `backup.tar.${number}`,
      content: number === 1 ? saved : other,
    }));
    const directory = await directoryOf(members);
    expect(Object.keys(found(await verified(join(directory, "backup.tar.2"))))).toEqual([TOOL]);
  });

  it("leaves no file open, however many parts there are", async () => {
    const names = Array.from(
      { length: 60 },
      (_, index) => `a.tar.${String(index).padStart(3, "0")}`,
    );
    const directory = await directoryOf(cut(saved, names));
    const before = await openFiles();
    expect(codes(await verified(directory))).toEqual([]);
    expect(await openFiles()).toBe(before);
  });

  it("is told from a folder of something else", async () => {
    const directory = await directoryOf(zarf());
    await writeFile(join(directory, `${ZARF}.sha256`), "no list");
    expect(codes(await verified(directory))).toEqual([]);
    await rm(join(directory, `${ZARF}.part000`));
    expect(codes(await verified(directory))).toEqual([]);
  });
});
