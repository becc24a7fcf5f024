import { describe, expect, it } from "vitest";
import { answer, refuse } from "../../fixtures/faults.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { PushIncomplete } from "../../src/delivery/incomplete.ts";
import { fill, oneLayerImage, repositoryOf, startRegistry } from "../remote/registry/lab.ts";
import { refusal } from "../refusal.ts";
import { bytesReceived, desk, packImages, pushBundle } from "./lab.ts";

const image = makeMultiArch("tagged", { size: 10_000 });
const other = oneLayerImage("other", 10_000);

async function bundleOf(names: readonly string[] = ["team/app:1.0"]): Promise<string> {
  const source = await startRegistry();
  for (const name of names) await fill(source, image, name);
  const at = await desk(source);
  await packImages(at, names);
  return at.output;
}

function isTagged(target: TestRegistry): boolean {
  return target.requests("PUT", /\/manifests\/[^:]+$/).length > 0;
}

describe("a tag that is there already", () => {
  it("with the same digest is left alone, so that immutable tags do not mind", async () => {
    const path = await bundleOf();
    const target = await startRegistry();
    await pushBundle(path, target.host);
    target.forget();
    target.inject({ method: "PUT", path: /manifests/ }, refuse(400, "TAG_INVALID", "immutable"));
    const report = await pushBundle(path, target.host);
    expect(report.artifacts.map(({ result }) => result)).toEqual(["present"]);
    expect(target.requests("PUT")).toEqual([]);
    expect(target.requests("GET", /manifests\/1\.0/)).toHaveLength(1);
  });

  it("with another digest is refused, all of them are named, and nothing is sent (CVE-2026-31801)", async () => {
    const path = await bundleOf(["team/a:1", "team/b:1", "team/c:1"]);
    const target = await startRegistry();
    await fill(target, other, "team/a:1");
    await fill(target, other, "team/c:1");
    const error = await refusal(() => pushBundle(path, target.host));
    expect(error).toMatchObject({
      code: "DRAY_TAG_CONFLICT",
      kind: "refused",
      hint: expect.stringContaining("--overwrite") as string,
    });
    expect(error.message.split("\n").slice(1)).toEqual(
      ["a", "c"].map(
        (name) =>
          `  ${target.host}/team/${name}:1: expected nothing or ${image.root.descriptor.digest}, found ${other.root.descriptor.digest}`,
      ),
    );
    expect(bytesReceived(target)).toBe(0);
    expect(target.requests("POST")).toEqual([]);
  });

  it("is moved when the user says so, and the report says so", async () => {
    const path = await bundleOf();
    const target = await startRegistry();
    await fill(target, other, "team/app:1.0");
    const rehearsal = await pushBundle(path, target.host, { overwrite: true, dryRun: true });
    expect(rehearsal.artifacts.map(({ result }) => result)).toEqual(["overwritten"]);
    const report = await pushBundle(path, target.host, { overwrite: true });
    expect(report.artifacts.map(({ result }) => result)).toEqual(["overwritten"]);
    expect(await repositoryOf(target).resolve("1.0")).toEqual(image.root.descriptor);
  });

  it("is found out where the registry knows no HEAD", async () => {
    const path = await bundleOf();
    const target = await startRegistry();
    await fill(target, other, "team/app:1.0");
    target.inject({ method: "HEAD" }, answer(405));
    await expect(pushBundle(path, target.host)).rejects.toMatchObject({
      code: "DRAY_TAG_CONFLICT",
    });
  });
});

describe("a tag that cannot be written", () => {
  it("is reported beside those that could, and the next run writes the rest", async () => {
    const path = await bundleOf(["team/a:1", "team/b:1"]);
    const target = await startRegistry();
    target.inject(
      { method: "PUT", path: /team\/a\/manifests\/1$/ },
      refuse(400, "TAG_INVALID", "tags are immutable here"),
    );
    const error = await refusal(() => pushBundle(path, target.host));
    expect(error).toBeInstanceOf(PushIncomplete);
    expect(error).toMatchObject({
      code: "DRAY_PUSH_INCOMPLETE",
      kind: "partial",
      message: expect.stringMatching(
        /1 of 2 artifacts are not there under their names:\n {2}.*team\/a:1: .*TAG_INVALID: tags are immutable here/,
      ) as string,
      report: {
        artifacts: [
          { result: "failed", error: expect.stringContaining("immutable") as string },
          { result: "pushed" },
        ],
      },
    });
    target.mend();
    target.forget();
    const report = await pushBundle(path, target.host);
    expect(report.artifacts.map(({ result }) => result)).toEqual(["pushed", "present"]);
    expect(target.requests("POST")).toEqual([]);
  });

  it("is sent again after an answer of 500", async () => {
    const path = await bundleOf();
    const target = await startRegistry();
    target.inject({ method: "PUT", path: /manifests\/1\.0$/, times: 2 }, refuse(500, "UNKNOWN"));
    const report = await pushBundle(path, target.host);
    expect(report.artifacts.map(({ result }) => result)).toEqual(["pushed"]);
  });
});

describe("a registry that lies about tags", () => {
  it("by serving something else is caught when the tag is read back", async () => {
    const path = await bundleOf();
    const target = await startRegistry();
    await fill(target, other, "team/other:1");
    target.inject(
      { method: "GET", path: /manifests\/1\.0$/ },
      answer(200, { "Content-Type": other.root.descriptor.mediaType }, other.root.bytes),
    );
    await expect(pushBundle(path, target.host)).rejects.toMatchObject({
      code: "DRAY_PUSH_INCOMPLETE",
      kind: "partial",
      message: expect.stringContaining(`found ${other.root.descriptor.digest}`) as string,
    });
  });

  it("by serving other bytes under the right header is caught too", async () => {
    const path = await bundleOf();
    const target = await startRegistry();
    const head = {
      "Content-Type": image.root.descriptor.mediaType,
      "Docker-Content-Digest": image.root.descriptor.digest,
    };
    target.inject({ method: "GET", path: /manifests\/1\.0$/ }, answer(200, head, other.root.bytes));
    await expect(pushBundle(path, target.host)).rejects.toMatchObject({ kind: "partial" });
  });

  it("by saying in HEAD that it is there is caught when it is read back (CVE-2026-35172)", async () => {
    const path = await bundleOf();
    const target = await startRegistry();
    target.inject(
      { method: "HEAD", path: /manifests\/1\.0$/ },
      answer(200, {
        "Content-Type": image.root.descriptor.mediaType,
        "Docker-Content-Digest": image.root.descriptor.digest,
        "Content-Length": image.root.descriptor.size,
      }),
    );
    await expect(pushBundle(path, target.host)).rejects.toMatchObject({
      kind: "partial",
      message: expect.stringContaining("404") as string,
    });
    expect(isTagged(target)).toBe(false);
  });

  it("by forgetting a tag at once is caught", async () => {
    const path = await bundleOf();
    const target = await startRegistry();
    target.inject({ method: "PUT", path: /manifests\/1\.0$/ }, answer(201));
    await expect(pushBundle(path, target.host)).rejects.toMatchObject({ kind: "partial" });
  });
});
