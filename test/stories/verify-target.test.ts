import { describe, expect, it } from "vitest";
import { answer, changeHead, refuse, type Fault } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, seededBytes } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { dray } from "../cli/terminal.ts";
import { refusal } from "../refusal.ts";
import { fill, repositoryOf, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle } from "./lab.ts";

const base = makeLayer("base", 9000);
const a = makeImage([base, makeLayer("a", 1000)]);
const b = makeImage([base, makeLayer("b", 1000)]);
const c = makeImage([makeLayer("c", 1000)]);

async function crossing(): Promise<{ path: string; target: TestRegistry }> {
  const source = await startRegistry();
  await fill(source, a, "team/a:1");
  await fill(source, b, "team/b:1");
  await fill(source, c, "team/c:1");
  const at = await desk(source);
  await packImages(at, ["team/a:1", "team/b:1", "team/c:1"]);
  return { path: at.output, target: await startRegistry() };
}

const BASE = new RegExp(`/blobs/${base.descriptor.digest}$`);
const TAG = /\/manifests\/[^:]+$/;

function tagsWritten(target: TestRegistry): string[] {
  return target.requests("PUT", TAG).map(({ path }) => path);
}

/** What a registry answers that has the first so many bytes of the base layer. */
function part(bytes: number): Fault {
  return answer(200, {}, base.bytes.subarray(0, bytes));
}

describe("push to a registry that has a blob in part", () => {
  it("sends it again, and the image is whole then", async () => {
    const { path, target } = await crossing();
    await fill(target, a, "team/a:0");
    target.inject({ method: "HEAD", path: BASE, times: 1 }, part(1000));
    target.inject({ method: "GET", path: BASE, times: 1 }, part(1000));
    const report = await pushBundle(path, target.host);
    expect(report.artifacts.map(({ result }) => result)).toEqual(["pushed", "pushed", "pushed"]);
    expect(target.requests("PUT", /blobs/).map(({ received }) => received)).toContain(
      base.descriptor.size,
    );
  });

  it("that it keeps so tags nothing that needs it, and names blob, repository and sizes", async () => {
    const { path, target } = await crossing();
    await fill(target, a, "team/a:0");
    target.inject({ path: BASE }, part(1000));
    const { code, stderr } = await dray(["push", path, target.host, "--allow-unsigned"]);
    expect(code).toBe(4);
    const { digest, size } = base.descriptor;
    expect(stderr).toMatch(new RegExp(`Cannot replace team/[ab]@${digest} at target registry`));
    expect(stderr).toContain(`expected ${size} bytes, found 1000`);
    expect(tagsWritten(target)).toEqual(["/v2/team/c/manifests/1"]);
  });

  it("counts it as missing in a rehearsal", async () => {
    const { path, target } = await crossing();
    await fill(target, a, "team/a:1");
    target.inject({ path: /team\/a\/blobs/ }, part(1000));
    const { totals } = await pushBundle(path, target.host, { dryRun: true });
    expect(totals.copied.bytes).toBeGreaterThan(base.descriptor.size);
  });
});

describe("push to a registry that has changed a manifest below an index or tag", () => {
  it("writes no tag for that one, and those of the others", async () => {
    const { path, target } = await crossing();
    const { digest, mediaType } = a.root.descriptor;
    target.inject(
      { method: "GET", path: new RegExp(`/manifests/${digest}$`) },
      answer(200, { "Content-Type": mediaType }, b.root.bytes),
    );
    expect((await refusal(() => pushBundle(path, target.host))).code).toBe("DRAY_PUSH_INCOMPLETE");
    expect(tagsWritten(target)).toHaveLength(2);
    expect(await repositoryOf(target, { name: "team/a" }).find("1")).toBeUndefined();
  });

  it("writes a tag again that is there with another length", async () => {
    const { path, target } = await crossing();
    await fill(target, a, "team/a:1");
    target.inject(
      { method: "HEAD", path: /team\/a\/manifests\/1$/ },
      changeHead((headers) => {
        headers["content-length"] = "12";
      }),
    );
    const { artifacts } = await pushBundle(path, target.host);
    expect(artifacts.map(({ result }) => result)).toEqual(["pushed", "pushed", "pushed"]);
    expect(target.requests("PUT", /team\/a\/manifests\/1$/)).toHaveLength(1);
  });
});

describe("push --verify-target", () => {
  it("reads every byte back before the first tag is written", async () => {
    const { path, target } = await crossing();
    await pushBundle(path, target.host, { verifyTarget: true });
    const tag = target.seen.findIndex(({ method, path: at }) => method === "PUT" && TAG.test(at));
    for (const [name, image] of Object.entries({ "team/a": a, "team/b": b, "team/c": c })) {
      for (const { descriptor } of [image.root, ...image.blobs]) {
        const ending = `${name}/(blobs|manifests)/${descriptor.digest}$`;
        const read = target.seen.findIndex(
          ({ method, path: at, sent }) =>
            method === "GET" && new RegExp(ending).test(at) && sent === descriptor.size,
        );
        expect(read).toBeGreaterThanOrEqual(0);
        expect(read).toBeLessThan(tag);
      }
    }
  });

  it("names what the registry has changed, in every repository, and tags nothing that needs it", async () => {
    const { path, target } = await crossing();
    target.inject(
      { method: "GET", path: BASE },
      answer(200, {}, seededBytes("changed", base.descriptor.size)),
    );
    const receipt = `${path}.receipt.json`;
    const damaged = { result: "failed", code: "DRAY_TARGET_DAMAGED" };
    const error = await refusal(() =>
      pushBundle(path, target.host, { verifyTarget: true, receipt }),
    );
    expect(error).toMatchObject({
      code: "DRAY_PUSH_INCOMPLETE",
      report: { artifacts: [damaged, damaged, { result: "pushed" }] },
    });
    for (const name of ["team/a", "team/b"]) {
      expect(error.message).toContain(
        `${target.host}/${name}@${base.descriptor.digest} is damaged`,
      );
    }
    expect(tagsWritten(target)).toEqual(["/v2/team/c/manifests/1"]);
    const audited = await dray(["check", "--receipt", receipt, "--json"]);
    expect(audited.code).toBe(3);
  });

  it("names what the registry has lost", async () => {
    const { path, target } = await crossing();
    target.inject({ method: "GET", path: BASE }, refuse(404, "BLOB_UNKNOWN"));
    const argv = ["push", path, target.host, "--allow-unsigned", "--verify-target"];
    const { code, stderr } = await dray(argv);
    expect([code, stderr]).toEqual([4, expect.stringContaining("is not there")]);
    target.mend();
    const again = await dray(argv);
    expect([again.code, again.stdout]).toEqual([
      0,
      expect.stringContaining("every byte was read back"),
    ]);
  });
});
