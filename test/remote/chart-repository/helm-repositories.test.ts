import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { helmRepositories } from "../../../src/remote/chart-repository/helm-repositories.ts";
import type { KnownRepositories } from "../../../src/remote/chart-repository/repository-login.ts";

async function repositories(text: string): Promise<KnownRepositories> {
  const path = join(await temporaryDirectory(), "repositories.yaml");
  await writeFile(path, text);
  return helmRepositories(path);
}

describe("helmRepositories()", () => {
  it("finds login, certificates and address in what `helm repo add` has written", async () => {
    const ca = join(await temporaryDirectory(), "ca.pem");
    await writeFile(ca, "PEM");
    const known = await repositories(`apiVersion: ""
generated: "0001-01-01T00:00:00Z"
repositories:
- caFile: ${ca}
  certFile: ""
  insecure_skip_tls_verify: true
  keyFile: ""
  name: stable
  pass_credentials_all: true
  password: "007"
  url: https://charts.example/stable/
  username: ada
- name: open
  url: https://open.example
`);
    expect(await known.urlOf("stable")).toBe("https://charts.example/stable/");
    expect(await known.urlOf("other")).toBeUndefined();
    expect(await known.login(new URL("https://charts.example/stable"))).toEqual({
      username: "ada",
      password: "007",
      passToAllHosts: true,
      insecureSkipTlsVerify: true,
      ca: "PEM",
      cert: undefined,
      key: undefined,
    });
    expect(await known.login(new URL("https://open.example"))).toMatchObject({
      passToAllHosts: false,
      insecureSkipTlsVerify: false,
    });
    expect(await known.login(new URL("https://charts.example/"))).toBeUndefined();
  });

  it("has none where there is no file", async () => {
    const known = helmRepositories(join(await temporaryDirectory(), "missing.yaml"));
    expect(await known.urlOf("stable")).toBeUndefined();
    expect(await known.login(new URL("https://charts.example"))).toBeUndefined();
  });

  it("that cannot be read is refused without a word of what is in it", async () => {
    const known = await repositories("repositories:\n- password: hush\n  url: [");
    const asking = known.urlOf("stable");
    await expect(asking).rejects.toMatchObject({ code: "DRAY_CREDENTIALS_INVALID" });
    await expect(asking).rejects.not.toThrow(/hush/);
  });
});
