import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeImage, makeLayer, type MadeImage } from "../../fixtures/images.ts";
import { cosignSignature, sigstoreReferrer, type Signing } from "../../fixtures/signatures.ts";
import { Sigstore, type Witnesses } from "../../fixtures/sigstore.ts";
import { TileLog } from "../../fixtures/tile-log.ts";
import { TimeAuthority } from "../../fixtures/time-authority.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { authored } from "../../src/content/memory.ts";
import { cosignTag } from "../../src/oci/referrer.ts";
import { verify } from "../../src/stories/verify.ts";
import { needs } from "../programs.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle, TRUST } from "../stories/lab.ts";
import { PERSON, rootFile, rule, sigstore } from "../trust/images/lab.ts";
import { run } from "./lab.ts";

const image = makeImage([makeLayer("keyless-interop", 500)]);
const other = makeImage([makeLayer("keyless-other", 500)]);

/** The forms that cosign 2 and cosign 3 write, and cosign of either version reads. */
const FORMS = { tag: cosignSignature, bundle: sigstoreReferrer } as const;

/** What is wrong with a signature, if anything is: the image that it is about, and how it is made. */
const CASES: Readonly<Record<string, () => Promise<Signing & { about?: MadeImage }>>> = {
  "that is right": async () => signing(),
  "by somebody else": async () => signing({ identity: "https://github.com/mallory/web" }),
  "by the word of somebody else": async () => signing({ issuer: "https://mallory.example" }),
  "over another image": async () => ({ ...(await signing()), about: other }),
  "with an expired certificate": async () => {
    const log = await sigstore();
    return { log, pen: await log.pen(PERSON, { expired: true }) };
  },
  "in a foreign log": async () => ({ ...(await signing()), log: await Sigstore.start() }),
  "of a foreign authority": async () => {
    const foreign = await Sigstore.start();
    return { pen: await foreign.pen(PERSON), log: await sigstore() };
  },
};

async function signing(changes: Partial<typeof PERSON> = {}): Promise<Signing> {
  const log = await sigstore();
  return { log, pen: await log.pen({ ...PERSON, ...changes }) };
}

/** What `cosign verify` thinks of an image, without any network but its registry. */
async function cosignTakes(
  reference: string,
  witnesses: Witnesses = {},
  flags: readonly string[] = [],
): Promise<boolean> {
  const root = join(await temporaryDirectory(), "root.json");
  await writeFile(root, JSON.stringify((await sigstore()).trustedRoot(witnesses)));
  const who = [
    `--certificate-identity=${PERSON.identity}`,
    `--certificate-oidc-issuer=${PERSON.issuer}`,
  ];
  const how = ["--trusted-root", root, "--offline", "--allow-http-registry"];
  return run("cosign", ["verify", ...who, ...how, ...flags, reference]).then(
    () => true,
    (error: unknown) => {
      // That it said no, and not that it was asked wrongly.
      expect(String(error)).toMatch(/no matching (?:signatures|attestations)|failed to verify/i);
      return false;
    },
  );
}

describe.each(Object.entries(FORMS))(
  "a signature without a key, in the form of a %s",
  (form, make) => {
    it.for(Object.entries(CASES))(
      "%s is judged as cosign judges it where it went",
      { timeout: 180_000 },
      async ([name, of], context) => {
        needs(context, "cosign");
        const { about = image, ...how } = await of();
        const signed = await make(about.root.descriptor, how);
        const { good, there } = await carried(renamed(signed, about), form);
        expect(good).toBe(name === "that is right");
        expect(await cosignTakes(there)).toBe(good);
      },
    );
  },
);

/** Packs and pushes the image with what stands beside it: what dray thinks of that, and where it is. */
async function carried(
  signed: MadeImage,
  form: string,
  witnesses?: Witnesses,
): Promise<{ readonly good: boolean; readonly there: string }> {
  const source = await startRegistry();
  await fill(source, image, "team/app:1.0");
  const { digest } = image.root.descriptor;
  await fill(source, signed, `team/app:${form === "tag" ? cosignTag(digest, "sig") : "signed"}`);
  const at = await desk(source);
  await packImages(at, ["team/app:1.0"]);
  const target = await startRegistry();
  await pushBundle(at.output, `${target.host}/mirror`);
  const trustedRoot = await rootFile(await sigstore(), witnesses);
  const signer = { identity: { is: PERSON.identity }, issuer: { is: PERSON.issuer }, trustedRoot };
  const policy = [rule({ signedBy: [signer] })];
  const { good } = await verify({ path: at.output, trust: TRUST, policy });
  return { good, there: `${target.host}/mirror/team/app:1.0` };
}

const clock = TimeAuthority.start();
const tiles = new TileLog();

/** Whose clock and whose log, each right and wrong. */
const WITNESSED: Readonly<Record<string, () => Promise<Partial<Signing>>>> = {
  "that is trusted": async () => ({ clock: await clock }),
  "that is not trusted": async () => ({ clock: await TimeAuthority.start() }),
  "that is not there": async () => ({}),
};

describe.each(Object.entries(FORMS))("a time stamp of RFC 3161 in a %s", (form, make) => {
  it.for(Object.entries(WITNESSED))(
    "%s is judged as cosign judges it",
    { timeout: 180_000 },
    async ([name, of], context) => {
      needs(context, "cosign");
      const witnesses = { tlogs: [], timestampAuthorities: [(await clock).inRoot()] };
      const { pen } = await signing();
      const signed = await make(image.root.descriptor, { pen, ...(await of()) });
      const { good, there } = await carried(signed, form, witnesses);
      expect(good).toBe(name === "that is trusted");
      const flags = ["--use-signed-timestamps", "--insecure-ignore-tlog"];
      // Where nothing says when it was made, cosign goes by its own clock in this form, and dray by none.
      const isLax = form === "tag" && name === "that is not there";
      expect(await cosignTakes(there, witnesses, flags)).toBe(good || isLax);
    },
  );
});

describe("an entry of Rekor 2", () => {
  it.for(Object.entries({ ...WITNESSED, "of a foreign log": WITNESSED["that is trusted"] }))(
    "with a clock %s is judged as cosign judges it",
    { timeout: 180_000 },
    async ([name, of], context) => {
      needs(context, "cosign");
      const witnesses = {
        tlogs: [tiles.inRoot()],
        timestampAuthorities: [(await clock).inRoot()],
      };
      const { pen } = await signing();
      const log = name === "of a foreign log" ? new TileLog() : tiles;
      const how = { pen, tiles: { log, kind: "hashedrekord" }, ...(await of?.()) } as const;
      const signed = await sigstoreReferrer(image.root.descriptor, how);
      const { good, there } = await carried(signed, "bundle", witnesses);
      expect(good).toBe(name === "that is trusted");
      expect(await cosignTakes(there, witnesses, ["--use-signed-timestamps"])).toBe(good);
    },
  );
});

/** A signature of another image is found beside this one where somebody has put it there. */
function renamed(signed: MadeImage, about: MadeImage): MadeImage {
  const [from, to] = [about.root.descriptor, image.root.descriptor];
  if (from.digest === to.digest) return signed;
  const manifest = JSON.parse(signed.root.bytes.toString()) as { subject?: object };
  if (manifest.subject === undefined) return signed;
  const { mediaType, digest, size } = to;
  const bytes = Buffer.from(JSON.stringify({ ...manifest, subject: { mediaType, digest, size } }));
  return { ...signed, root: authored(signed.root.descriptor.mediaType, bytes) };
}
