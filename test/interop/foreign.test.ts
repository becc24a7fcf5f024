import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { layoutMembers, directoryOf, named } from "../../fixtures/foreign.ts";
import { childrenOf } from "../../fixtures/foreign-peers.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { push } from "../../src/stories/push.ts";
import { codes, found, optionsFor, verified } from "../foreign/lab.ts";
import { needs } from "../programs.ts";
import { dockerRegistry, rawDigest, run } from "./lab.ts";

const app = makeMultiArch("app", { size: 3000 });
const { digest } = app.root.descriptor;
const APP = "registry.example/team/app:1.0";

/** What skopeo makes of the image at `target`, such as `oci-archive:%:NAME`; % is a new path. */
async function copied(
  context: TestContext,
  target: string,
  more: readonly string[] = ["--all"],
): Promise<string> {
  needs(context, "skopeo");
  const source = await directoryOf(layoutMembers([named(app, APP)]));
  const path = join(await temporaryDirectory(), "made");
  const argv = ["copy", "-q", ...more, `oci:${source}:${APP}`, target.replace("%", path)];
  await run("skopeo", argv);
  return path;
}

const AMD64 = ["--override-os", "linux", "--override-arch", "amd64"];

describe("what skopeo writes", () => {
  it.for(["oci:%", "oci-archive:%"])("as %s keeps every digest", async (target, context) => {
    const path = await copied(context, `${target}:${APP}`);
    expect(found(await verified(path))).toEqual({ [APP]: digest });
  });

  it("as dir: keeps every digest and has no name", async (context) => {
    const path = await copied(context, "dir:%");
    expect(found(await verified(path, { names: [`${digest}=${APP}`] }))).toEqual({ [APP]: digest });
  });

  it("as docker-archive: is converted, and a registry takes it", async (context) => {
    needs(context, "docker-registry");
    const path = await copied(context, `docker-archive:%:${APP}`, AMD64);
    const report = await verified(path);
    expect(codes(report)).toEqual([]);
    expect(codes(report, "info")).toContain("DIGEST_NEW");
    const registry = await dockerRegistry();
    await push({
      ...optionsFor(path),
      target: registry.host,
    });
    expect(await rawDigest(`${registry.host}/team/app:1.0`)).toBe(found(report)[APP]);
    await run("skopeo", [
      "copy",
      "-q",
      "--src-tls-verify=false",
      `docker://${registry.host}/team/app:1.0`,
      `dir:${join(await temporaryDirectory(), "pulled")}`,
    ]);
  });

  it("into a layout of umoci stands beside what umoci made", async (context) => {
    needs(context, "umoci");
    const layout = join(await temporaryDirectory(), "umoci");
    await run("umoci", ["init", "--layout", layout]);
    await run("umoci", ["new", "--image", `${layout}:empty`]);
    const source = await copied(context, `oci:%:${APP}`, AMD64);
    await run("skopeo", ["copy", "-q", ...AMD64, `oci:${source}:${APP}`, `oci:${layout}:${APP}`]);
    const report = await verified(layout);
    expect(codes(report)).toEqual([]);
    expect(codes(report, "warning")).toEqual(["NAME_MISSING"]);
    expect(found(report)[APP]).toBe(childrenOf(app)[0]?.digest);
  });
});
