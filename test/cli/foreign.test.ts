import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { layoutMembers, named, tarFile } from "../../fixtures/foreign.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { dray } from "./terminal.ts";

const app = makeMultiArch("app", { size: 1000 });
const { digest } = app.root.descriptor;
const APP = "registry.example/team/app:1.0";

interface Json {
  readonly form: string;
  readonly manifest: { name: string; version: string; artifacts: { reference: string }[] };
  readonly findings: { code: string }[];
}

describe("a layout that others have made", () => {
  it("is shown by its digest as long as it has no name", async () => {
    const path = await tarFile(layoutMembers([named(app, "1.0")]));
    const { code, stdout, stderr } = await dray(["inspect", path]);
    expect(code).toBe(0);
    expect(stdout).toContain(digest);
    expect(stderr).toContain(`--rename ${digest}=REGISTRY/REPOSITORY:TAG`);
    expect(stdout).toContain("OCI image layout in tar");
  });

  it("is refused by unpack until it has one", async () => {
    const path = await tarFile(layoutMembers([named(app, "1.0")]));
    const target = join(await temporaryDirectory(), "out");
    const nameless = await dray(["unpack", path, target, "--allow-unsigned"]);
    expect([nameless.code, nameless.stdout]).toEqual([3, ""]);
    expect(nameless.stderr).toContain("NAME_MISSING");
    const name = ["--rename", `${digest}=${APP}`];
    expect((await dray(["unpack", path, target, "--allow-unsigned", ...name])).code).toBe(0);
    const { stdout } = await dray(["verify", target, "--allow-unsigned", "--json"]);
    expect((JSON.parse(stdout) as Json).manifest.artifacts).toMatchObject([{ reference: APP }]);
  });

  it("is never called unchanged, nor signed", async () => {
    const path = await tarFile(layoutMembers([named(app, "1.0")]));
    const names = ["--rename", `${digest}=${APP}`];
    const { code, stdout } = await dray(["verify", path, "--allow-unsigned", ...names]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("Whole: every image is complete.")]);
    expect(stdout).not.toMatch(/Good|unchanged/);
  });

  it("is packed under the name of the bundle and the names of its images", async () => {
    const path = await tarFile(layoutMembers([named(app, "1.0")]));
    const directory = await temporaryDirectory();
    const output = join(directory, "vendor.tar.gz");
    const argv = ["pack", "--from", path, "--name", "vendor", "--bundle-version", "2.0"];
    const more = ["--rename", `${digest}=${APP}`, "--unsigned", "-o", output];
    const packed = await dray([...argv, ...more, "--store", join(directory, "store")]);
    expect(packed).toMatchObject({ code: 0 });
    const { stdout } = await dray(["verify", output, "--allow-unsigned", "--json"]);
    expect((JSON.parse(stdout) as Json).manifest).toMatchObject({
      name: "vendor",
      version: "2.0",
      artifacts: [{ reference: APP, digest }],
    });
  });

  it("cannot be given a name that is none", async () => {
    const path = await tarFile(layoutMembers([named(app, "1.0")]));
    for (const name of ["app", `${digest}=`, `sha256:00=${APP}`, `${digest}=UPPER/x y`]) {
      const { code, stderr } = await dray(["inspect", path, "--rename", name]);
      expect([name, code]).toEqual([name, 2]);
      expect(stderr).toContain("DIGEST=REFERENCE");
    }
  });
});
