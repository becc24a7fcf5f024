import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MadeImage } from "../../../fixtures/images.ts";
import { pemOf, Sigstore, type Pen, type Witnesses } from "../../../fixtures/sigstore.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { contentOf } from "../../../src/content/memory.ts";
import { readGraph } from "../../../src/content/graph.ts";
import type { Finding } from "../../../src/finding.ts";
import { Annotation } from "../../../src/oci/image-layout.ts";
import type { Descriptor } from "../../../src/oci/descriptor.ts";
import type { Candidate } from "../../../src/trust/images/evidence.ts";
import { judge } from "../../../src/trust/images/judge.ts";
import type { ImageRule } from "../../../src/trust/images/image-rule.ts";
import { readPolicy } from "../../../src/trust/images/signers.ts";

const IMAGE = "ghcr.io/acme/web:1.0";

export const PERSON = {
  identity: "https://github.com/acme/web/.github/workflows/release.yml@refs/heads/main",
  issuer: "https://token.actions.githubusercontent.com",
};

let started: Promise<Sigstore> | undefined;

/** The services that the policies of these tests trust. */
export function sigstore(): Promise<Sigstore> {
  return (started ??= Sigstore.start());
}

/** An image and what stands beside it, as something that a policy looks at. */
async function candidates(
  image: MadeImage,
  beside: readonly (MadeImage & { about?: Descriptor })[],
): Promise<Candidate[]> {
  const subjects = beside.map(({ about = image.root.descriptor }) => about.digest);
  return [
    await candidate(image, { kind: "image", reference: IMAGE }),
    ...(await Promise.all(
      beside.map((one, at) => {
        const reference = `ghcr.io/acme/web@${one.root.descriptor.digest}`;
        return candidate(one, { kind: "referrer", reference, subject: subjects[at] });
      }),
    )),
  ];
}

async function candidate(
  made: MadeImage,
  named: Omit<Candidate, "root" | "source">,
): Promise<Candidate> {
  const blobs = new Map(
    [...made.blobs, made.root].map((one) => [one.descriptor.digest, one.bytes]),
  );
  const bytesOf = ({ digest }: Descriptor): Buffer => {
    const bytes = blobs.get(digest);
    if (bytes === undefined) throw new Error(`${digest} is not among what was made`);
    return bytes;
  };
  const source = {
    name: "memory",
    fetch: (one: Descriptor) => contentOf(bytesOf(one), "memory").open(0),
  };
  const reading = {
    sizeOf: ({ digest }: Descriptor) => blobs.get(digest)?.length,
    read: (one: Descriptor) => Promise.resolve(bytesOf(one)),
  };
  const annotations = { [Annotation.refName]: named.reference };
  const graph = await readGraph(reading, [{ ...made.root.descriptor, annotations }]);
  const [root] = graph.roots;
  if (root === undefined) throw new Error("what was made is a manifest");
  return { ...named, root, source };
}

/** A file with the public half of a pen. */
export async function keyFile(pen: Pen): Promise<string> {
  const path = join(await temporaryDirectory(), "vendor.pub");
  await writeFile(path, pemOf({ ...pen, certificate: undefined }));
  return path;
}

/** A file with what those have who trust these services. */
export async function rootFile(services: Sigstore, witnesses?: Witnesses): Promise<string> {
  const path = join(await temporaryDirectory(), "trusted_root.json");
  await writeFile(path, JSON.stringify(services.trustedRoot(witnesses)));
  return path;
}

export function rule(changes: Partial<ImageRule>): ImageRule {
  return {
    images: ["*"],
    signedBy: [],
    require: 1,
    attestations: [],
    unsigned: "refuse",
    ...changes,
  };
}

export async function judged(
  image: MadeImage,
  beside: readonly (MadeImage & { about?: Descriptor })[],
  ...rules: readonly ImageRule[]
): Promise<Finding[]> {
  return judge(await candidates(image, beside), await readPolicy(rules, { files: [] }));
}

/** `CODE` of an error, `code` of a note: what a test looks at first. */
export function codesOf(findings: readonly Finding[]): string[] {
  return findings.map(({ code, severity }) => `${severity} ${code}`);
}
