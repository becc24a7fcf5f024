import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { hostCertificates } from "../../../src/remote/http/host-certificates.ts";
import { dray } from "../../cli/terminal.ts";
import { refusal } from "../../refusal.ts";
import { fill, oneLayerImage, repositoryOf, startRegistry } from "./lab.ts";

const client = makeCertificate(["client"]);

/** A registry that lets nobody in who shows no certificate. */
async function startStrict(): Promise<{ registry: TestRegistry; ca: string }> {
  const own = makeCertificate(["127.0.0.1"]);
  const open = await startRegistry({ tls: own });
  await fill(open, oneLayerImage("strict"));
  const tls = { ...own, ca: [client.cert], requestCert: true, rejectUnauthorized: true };
  const registry = await startRegistry({ tls });
  return { registry, ca: own.cert };
}

/** A certs.d with files for one host. */
async function certificatesFor(
  host: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, host));
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, host, name), text);
  }
  return directory;
}

const pair = { "client.cert": client.cert, "client.key": client.key };

describe("certificates of a host", () => {
  it("let somebody in who could not come in without, for that port alone", async () => {
    const { registry, ca } = await startStrict();
    const good = await certificatesFor(registry.host, { "ca.crt": ca, ...pair });
    const finds = (directory: string): Promise<unknown> =>
      repositoryOf(registry, { hostCertificates: hostCertificates([directory]) }).find("1.0");
    expect(await finds(good)).toBeUndefined();
    const other = await certificatesFor("127.0.0.1:1", { "ca.crt": ca, ...pair });
    await expect(finds(other)).rejects.toMatchObject({ code: "DRAY_REGISTRY_UNREACHABLE" });
    const bare = await certificatesFor(registry.host, { "ca.crt": ca });
    await expect(finds(bare)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      hint: expect.stringContaining("may want a client certificate") as string,
    });
  });

  it("are found where podman keeps them", async () => {
    const { registry, ca } = await startStrict();
    const home = await temporaryDirectory();
    const directory = join(home, ".config/containers/certs.d", registry.host);
    await mkdir(directory, { recursive: true });
    for (const [name, text] of Object.entries({ "ca.crt": ca, ...pair })) {
      await writeFile(join(directory, name), text);
    }
    const image = `${registry.host}/team/none:1`;
    const flags = ["--dry-run", "--store", join(home, "store")];
    const { stderr } = await dray(["pack", "--image", image, ...flags], { env: { HOME: home } });
    expect(stderr).toContain("there is no such manifest");
  });

  it("of the first directory that has the host are taken", async () => {
    const [first, second] = [
      await certificatesFor("r.test", { "a.crt": "A" }),
      await certificatesFor("r.test:443", { "b.crt": "B", ...pair }),
    ];
    const find = hostCertificates([first, second]);
    expect(await find(new URL("https://r.test/"))).toEqual({ ca: ["A"], certificate: undefined });
    expect(await hostCertificates([second])(new URL("https://r.test/"))).toMatchObject({
      ca: ["B"],
    });
    expect(await find(new URL("https://r.test:5000/"))).toBeUndefined();
  });

  it("are refused where a half is missing, or cannot be read", async () => {
    const half = await certificatesFor("r.test", { "client.key": client.key });
    const find = hostCertificates([half]);
    const error = await refusal(() => find(new URL("https://r.test/")));
    expect(error).toMatchObject({ code: "DRAY_CERTIFICATES_INVALID", kind: "usage" });
    expect(error.message).toContain("expected client.cert");
    const closed = await certificatesFor("r.test", { "client.cert": client.cert });
    await mkdir(join(closed, "r.test", "client.key"));
    const denied = await refusal(() => hostCertificates([closed])(new URL("https://r.test/")));
    expect(denied.message).toContain("client.key");
  });
});
