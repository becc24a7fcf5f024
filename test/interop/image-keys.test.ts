import { execFile } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { cosignSignature } from "../../fixtures/signatures.ts";
import { keyPen, type Pen } from "../../fixtures/sigstore.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { cosignTag } from "../../src/oci/referrer.ts";
import { verify } from "../../src/stories/verify.ts";
import { needs } from "../programs.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, TRUST } from "../stories/lab.ts";
import { keyFile, rule } from "../trust/images/lab.ts";

const image = makeImage([makeLayer("keys of images", 100)]);

/** A key, the hash that belongs to it, and what else cosign has to be told to check with that. */
const KEYS: Readonly<Record<string, () => Kind>> = {
  "P-256": () => ({ ...ec("P-256"), hash: "sha256" }),
  "P-384": () => ({ ...ec("P-384"), hash: "sha384" }),
  "P-521": () => ({ ...ec("P-521"), hash: "sha512" }),
  RSA: () => ({ ...generateKeyPairSync("rsa", { modulusLength: 2048 }), hash: "sha256" }),
};

interface Kind {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly hash: "sha256" | "sha384" | "sha512";
}

function ec(namedCurve: string): Pick<Kind, "publicKey" | "privateKey"> {
  return generateKeyPairSync("ec", { namedCurve });
}

class Cosign {
  readonly #folder: string;
  constructor(folder: string) {
    this.#folder = folder;
  }

  run(...args: readonly string[]): Promise<{ stdout: string }> {
    const env = { PATH: process.env["PATH"], HOME: this.#folder, COSIGN_PASSWORD: "secret" };
    return promisify(execFile)("cosign", args, { cwd: this.#folder, env });
  }

  /** Signs an image as it does where nobody says how. */
  async sign(reference: string, { key }: Pen): Promise<void> {
    const pem = key.export({ format: "pem", type: "pkcs8" }).toString();
    await writeFile(join(this.#folder, "any.pem"), pem);
    await this.run("import-key-pair", "--key", "any.pem", "--output-key-prefix", "any", "-y");
    const { stdout } = await this.run("sign", "--help");
    const isNew = stdout.includes("--use-signing-config");
    const offline = ["--tlog-upload=false", ...(isNew ? ["--use-signing-config=false"] : [])];
    await this.run("sign", "--yes", "--key", "any.key", ...offline, ...PLAIN, reference);
  }

  async takes(reference: string, key: string, hash?: string): Promise<boolean> {
    const digest = hash === undefined ? [] : ["--signature-digest-algorithm", hash];
    const how = ["--key", key, "--insecure-ignore-tlog=true", ...digest, ...PLAIN];
    const said = await this.run("verify", ...how, reference).then(
      () => "taken",
      (error: unknown) => String(error),
    );
    // That it said no, and not that it was asked wrongly.
    if (!/^taken$|no matching (?:signatures|attestations)/i.test(said)) throw new Error(said);
    return said === "taken";
  }
}

const PLAIN = ["--allow-insecure-registry"];

/** What dray thinks of an image that lies in a registry, with what stands beside it. */
async function drayTakes(source: TestRegistry, key: string): Promise<boolean> {
  const at = await desk(source);
  await packImages(at, ["team/app:1.0"]);
  const policy = [rule({ signedBy: [{ key }] })];
  return (await verify({ path: at.output, trust: TRUST, policy })).good;
}

async function registry(): Promise<{ source: TestRegistry; reference: string }> {
  const source = await startRegistry();
  await fill(source, image, "team/app:1.0");
  return { source, reference: `${source.host}/team/app:1.0` };
}

describe.each(Object.entries(KEYS))("a signature by cosign with a key (%s)", (_, make) => {
  it(
    "counts, as for cosign that is told the hash of the key",
    { timeout: 180_000 },
    async (context) => {
      needs(context, "cosign");
      const { hash, ...pair } = make();
      const { source, reference } = await registry();
      const cosign = new Cosign(await temporaryDirectory());
      const pen = keyPen(pair);
      await cosign.sign(reference, pen);
      const [own, other] = [await keyFile(pen), await keyFile(keyPen())];
      expect(await drayTakes(source, own)).toBe(true);
      expect(await cosign.takes(reference, own, hash)).toBe(true);
      expect(await cosign.takes(reference, own)).toBe(hash === "sha256");
      expect(await drayTakes(source, other)).toBe(false);
      expect(await cosign.takes(reference, other)).toBe(false);
    },
  );

  it("counts over SHA-256 too, and over nothing else", { timeout: 180_000 }, async (context) => {
    needs(context, "cosign");
    const { hash, ...pair } = make();
    const cosign = new Cosign(await temporaryDirectory());
    for (const used of ["sha256", "sha384", "sha512"] as const) {
      const { source, reference } = await registry();
      const pen = { ...keyPen(pair), hash: used };
      const signed = await cosignSignature(image.root.descriptor, { pen });
      await fill(source, signed, `team/app:${cosignTag(image.root.descriptor.digest, "sig")}`);
      const key = await keyFile(pen);
      const isTaken = used === "sha256" || used === hash;
      expect([used, await drayTakes(source, key)]).toEqual([used, isTaken]);
      expect(await cosign.takes(reference, key)).toBe(used === "sha256");
      expect(await cosign.takes(reference, key, hash)).toBe(used === hash);
    }
  });
});

describe("a signature with Ed25519", () => {
  it(
    "counts over the message itself, and not over a hash as cosign makes it",
    { timeout: 180_000 },
    async (context) => {
      needs(context, "cosign");
      const pen = keyPen(generateKeyPairSync("ed25519"));
      const [cosign, key] = [new Cosign(await temporaryDirectory()), await keyFile(pen)];
      const plain = await registry();
      const signed = await cosignSignature(image.root.descriptor, { pen });
      await fill(
        plain.source,
        signed,
        `team/app:${cosignTag(image.root.descriptor.digest, "sig")}`,
      );
      expect(await drayTakes(plain.source, key)).toBe(true);
      expect(await cosign.takes(plain.reference, key)).toBe(true);
      const hashed = await registry();
      await cosign.sign(hashed.reference, pen);
      expect(await drayTakes(hashed.source, key)).toBe(false);
      expect(await cosign.takes(hashed.reference, key)).toBe(false);
    },
  );
});
