import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { answer, changeHead, refuse } from "../../fixtures/faults.ts";
import { makeMultiArch, seededBytes } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import type { Receipt } from "../../src/delivery/receipt.ts";
import { formatReceipt } from "../../src/delivery/receipt-schema.ts";
import { readReceipt } from "../../src/delivery/receipt-file.ts";
import { audit, type AuditOptions, type AuditReport } from "../../src/stories/audit.ts";
import { dray } from "../cli/terminal.ts";
import { refusal } from "../refusal.ts";
import { fill, oneLayerImage, QUICK, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle } from "./lab.ts";

const multi = makeMultiArch("audited");
const single = oneLayerImage("single", 5000);

interface Pushed {
  readonly target: TestRegistry;
  readonly receipt: string;
}

/** Two images of one bundle below `mirror`, and the receipt. */
async function pushed(): Promise<Pushed> {
  const source = await startRegistry();
  await fill(source, multi, "team/app:1.0");
  await fill(source, single, "team/single:1");
  const at = await desk(source);
  await packImages(at, ["team/app:1.0", "team/single:1"]);
  const target = await startRegistry();
  const receipt = join(at.directory, "receipt.json");
  await pushBundle(at.output, `${target.host}/mirror`, { receipt });
  target.forget();
  return { target, receipt };
}

function audited(receipt: string, changes: Partial<AuditOptions> = {}): Promise<AuditReport> {
  return audit({ receipt, registry: { ...QUICK }, ...changes });
}

function codes({ findings }: AuditReport): string[] {
  return findings.map(({ code }) => code);
}

const LAYER = new RegExp(`/blobs/${single.layer.digest}$`);

describe("an audit", () => {
  it.each([false, true])("finds everything as it was pushed (content: %s)", async (content) => {
    const { target, receipt } = await pushed();
    const report = await audited(receipt, { content });
    expect(report).toMatchObject({ good: true, tags: 2, content, findings: [] });
    const layers = target.requests("GET", LAYER).filter(({ sent }) => sent >= single.layer.size);
    expect(layers).toHaveLength(content ? 1 : 0);
    expect(target.seen.every(({ method }) => method === "GET" || method === "HEAD")).toBe(true);
  });

  it("names a tag that has moved, though the registry's header denies it", async () => {
    const { target, receipt } = await pushed();
    await fill(target, oneLayerImage("newer"), "mirror/team/app:1.0");
    const { digest } = multi.root.descriptor;
    target.inject(
      { path: /manifests\/1\.0$/ },
      changeHead((headers) => {
        headers["docker-content-digest"] = digest;
      }),
    );
    const report = await audited(receipt);
    expect(report).toMatchObject({ good: false });
    expect(report.findings).toMatchObject([
      { code: "TAG_MOVED", entry: `${target.host}/mirror/team/app:1.0`, wanted: digest },
    ]);
  });

  it("names a tag, a manifest and a blob that are gone", async () => {
    const { target, receipt } = await pushed();
    const child = multi.blobs.find(({ descriptor }) => descriptor.mediaType.includes("manifest"));
    target.inject({ path: /manifests\/1\.0$/ }, refuse(404, "MANIFEST_UNKNOWN"));
    target.inject({ path: new RegExp(child?.descriptor.digest ?? "-") }, refuse(404, "X"));
    target.inject({ path: LAYER }, refuse(404, "BLOB_UNKNOWN"));
    for (const content of [false, true]) {
      const report = await audited(receipt, { content });
      expect(codes(report)).toEqual(["TAG_MISSING", "TARGET_MISSING", "TARGET_MISSING"]);
      expect(report.findings[2]?.entry).toBe(
        `${target.host}/mirror/team/single@${single.layer.digest}`,
      );
    }
  });

  it("names a blob of another size by asking, and one of other bytes by reading", async () => {
    const { target, receipt } = await pushed();
    const { size } = single.layer;
    target.inject({ path: LAYER }, answer(200, {}, seededBytes("damaged", size)));
    expect((await audited(receipt)).good).toBe(true);
    const report = await audited(receipt, { content: true });
    expect(codes(report)).toEqual(["TARGET_DAMAGED"]);
    target.inject({ path: LAYER }, answer(200, {}, seededBytes("short", 1000)));
    const short = await audited(receipt);
    expect(short.findings).toMatchObject([
      { code: "TARGET_DAMAGED", message: expect.stringContaining(`found 1000`) as string },
    ]);
  });

  it("names a manifest of other bytes, and what the registry cannot read itself", async () => {
    const { target, receipt } = await pushed();
    const { digest, mediaType } = single.root.descriptor;
    const other = oneLayerImage("other").root.bytes;
    const types = { "Content-Type": mediaType, "Docker-Content-Digest": digest };
    target.inject({ path: new RegExp(`/manifests/${digest}$`) }, answer(200, types, other));
    expect(codes(await audited(receipt))).toEqual(["TARGET_DAMAGED"]);
    target.mend();
    target.inject({ path: LAYER }, refuse(500, "UNKNOWN"));
    expect(codes(await audited(receipt))).toEqual(["TARGET_DAMAGED"]);
  });

  it("asks another registry for the same where it is told to", async () => {
    const { receipt } = await pushed();
    const replica = await startRegistry();
    await fill(replica, multi, "copies/team/app:1.0");
    await fill(replica, single, "copies/team/single:1");
    const report = await audited(receipt, { target: `${replica.host}/copies` });
    expect(report).toMatchObject({ good: true, target: `${replica.host}/copies` });
  });

  it("is never good of nothing, and warns of a push that was not finished", async () => {
    const { receipt } = await pushed();
    const whole = await readReceipt(receipt);
    const error = { code: "DRAY_X", message: "it broke" };
    const save = (changes: Partial<Receipt>): Promise<void> =>
      writeFile(receipt, formatReceipt({ ...whole, ...changes }));
    await save({ outcome: "failed", error, artifacts: [] });
    const empty = await audited(receipt);
    expect([empty.good, codes(empty)]).toEqual([false, ["RECEIPT_EMPTY"]]);
    await save({ outcome: "partial", error });
    const partial = await audited(receipt);
    expect([partial.good, codes(partial)]).toEqual([true, ["RECEIPT_UNFINISHED"]]);
  });

  it("refuses a receipt that names what is not below its target", async () => {
    const { target, receipt } = await pushed();
    const whole = await readReceipt(receipt);
    const [first] = whole.artifacts;
    for (const changes of [
      { pinned: `elsewhere.test/team/app@${first?.digest}` },
      { pinned: `${target.host}/mirror/../app@${first?.digest}` },
      { digest: single.root.descriptor.digest },
      { blobs: [] },
    ]) {
      const artifacts = [{ ...first, ...changes }] as Receipt["artifacts"];
      await writeFile(receipt, formatReceipt({ ...whole, artifacts }));
      expect((await refusal(() => audited(receipt))).code).toBe("DRAY_RECEIPT_INVALID");
    }
    expect(target.seen).toEqual([]);
  });

  it("ends in an error where the registry denies the answer", async () => {
    const { target, receipt } = await pushed();
    target.inject({ path: LAYER }, refuse(403, "DENIED"));
    expect((await refusal(() => audited(receipt))).code).toBe("DRAY_REGISTRY_DENIED");
  });
});

describe("dray check --receipt", () => {
  it("ends with 0 for what is as it was, and with 3 and the difference for what is not", async () => {
    const { target, receipt } = await pushed();
    const argv = ["check", "--receipt", receipt, "--target", `${target.host}/mirror`];
    const good = await dray([...argv, "--content"]);
    expect(good.code).toBe(0);
    expect(good.stdout).toContain("Good: every tag, and every byte, is as it was pushed.");
    target.inject({ path: LAYER }, refuse(404, "BLOB_UNKNOWN"));
    const bad = await dray(argv);
    expect(bad.code).toBe(3);
    expect(bad.stderr).toContain(`team/single@${single.layer.digest} is not there`);
    expect(bad.stdout).toContain("Different: the registry does not have what was pushed.");
    const quiet = await dray([...argv, "--quiet"]);
    expect([quiet.code, quiet.stdout]).toEqual([3, ""]);
    expect(quiet.stderr).toContain("[TARGET_MISSING]");
    const { code, stdout } = await dray([...argv, "--json"]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ good: false, findings: [{}] });
  });

  it("says of a receipt that names nothing that nothing was compared, and ends with 3", async () => {
    const { target, receipt } = await pushed();
    const whole = await readReceipt(receipt);
    await writeFile(receipt, formatReceipt({ ...whole, outcome: "failed", artifacts: [] }));
    const argv = ["check", "--receipt", receipt, "--target", `${target.host}/mirror`];
    const { code, stdout } = await dray(argv);
    expect(code).toBe(3);
    expect(stdout).toContain("Nothing was compared: the receipt names nothing that was pushed.");
    expect(stdout).not.toContain("Different");
  });

  it.each([
    ["neither a bundle nor a receipt", [], "found neither"],
    ["both", ["bundle.tar.gz", "--receipt", "r.json"], "found both"],
    ["a bundle and --content", ["bundle.tar.gz", "--content"], "--content"],
    ["no file", ["--receipt", "/nonexistent/r.json"], "no such file"],
  ])("refuses %s: 2", async (_what, flags, reason) => {
    const { code, stderr } = await dray(["check", ...flags]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(reason)]);
  });
});
