import { beforeAll, describe, expect, it } from "vitest";
import { makeImage, makeLayer } from "../../../fixtures/images.ts";
import {
  bundleReferrer,
  cosignSignature,
  sigstoreBundle,
  sigstoreReferrer,
  type Signing,
} from "../../../fixtures/signatures.ts";
import { keyPen, type Pen, type Sigstore, type Witnesses } from "../../../fixtures/sigstore.ts";
import { TileLog } from "../../../fixtures/tile-log.ts";
import { TimeAuthority } from "../../../fixtures/time-authority.ts";
import type { Finding } from "../../../src/finding.ts";
import { codesOf, judged, keyFile, PERSON, rootFile, rule, sigstore } from "./lab.ts";

const image = makeImage([makeLayer("witnessed", 100)]);
const { descriptor } = image.root;
const HOURS = 60 * 60 * 1000;
const SIGNED = ["info IMAGE_SIGNED"];
const REFUSED = ["error IMAGE_UNSIGNED"];

let services: Sigstore;
let pen: Pen;
let clock: TimeAuthority;
let foreignClock: TimeAuthority;
const tiles = new TileLog();

beforeAll(async () => {
  services = await sigstore();
  pen = await services.pen(PERSON);
  [clock, foreignClock] = [await TimeAuthority.start(), await TimeAuthority.start()];
});

/** What somebody thinks who trusts these witnesses, and PERSON. */
async function judgedBy(
  witnesses: Witnesses,
  found: Awaited<ReturnType<typeof cosignSignature>>,
): Promise<Finding[]> {
  const trustedRoot = await rootFile(services, witnesses);
  const signer = { identity: { is: PERSON.identity }, issuer: { is: PERSON.issuer }, trustedRoot };
  return judged(image, [found], rule({ signedBy: [signer] }));
}

const FORMS = { "cosign 2's tag": cosignSignature, "a Sigstore bundle": sigstoreReferrer } as const;

describe.each(Object.entries(FORMS))("a time stamp of RFC 3161 in %s", (_, make) => {
  it("vouches for the time where no log is trusted", async () => {
    const onlyClock = { tlogs: [], timestampAuthorities: [clock.inRoot()] };
    const stamped = await make(descriptor, { pen, clock });
    expect(codesOf(await judgedBy(onlyClock, stamped))).toEqual(SIGNED);
    expect(codesOf(await judgedBy(onlyClock, await make(descriptor, { pen })))).toEqual(REFUSED);
  });

  it("counts of no authority that is not trusted", async () => {
    const onlyClock = { tlogs: [], timestampAuthorities: [clock.inRoot()] };
    const stamped = await make(descriptor, { pen, clock: foreignClock });
    const findings = await judgedBy(onlyClock, stamped);
    expect(codesOf(findings)).toEqual(REFUSED);
    expect(findings[0]?.message).toContain("timestamp could not be verified");
  });

  it("counts for the signature that it is over, and no other", async () => {
    const onlyClock = { tlogs: [], timestampAuthorities: [clock.inRoot()] };
    const stolen = { stamp: () => clock.stamp(Buffer.from("another signature")) };
    const found = await make(descriptor, { pen, clock: stolen });
    expect(codesOf(await judgedBy(onlyClock, found))).toEqual(REFUSED);
  });

  it("of a time at which the certificate was not valid is none that helps", async () => {
    const late = await TimeAuthority.start(new Date(Date.now() + 2 * HOURS));
    const onlyLate = { tlogs: [], timestampAuthorities: [late.inRoot()] };
    const findings = await judgedBy(onlyLate, await make(descriptor, { pen, clock: late }));
    expect(codesOf(findings)).toEqual(REFUSED);
    expect(findings[0]?.message).toContain("expired");
  });

  it("takes no log's place where one is trusted too", async () => {
    const both = { timestampAuthorities: [clock.inRoot()] };
    expect(codesOf(await judgedBy(both, await make(descriptor, { pen, clock })))).toEqual(REFUSED);
    const logged = await make(descriptor, { pen, clock, log: services });
    expect(codesOf(await judgedBy(both, logged))).toEqual(SIGNED);
  });

  it("vouches for the time of a key's signature as well", async () => {
    const vendor = keyPen();
    const trustedRoot = await rootFile(services, {
      tlogs: [],
      timestampAuthorities: [clock.inRoot()],
    });
    const asked = rule({ signedBy: [{ key: await keyFile(vendor), trustedRoot }] });
    const by = async (signing: Signing): Promise<string[]> =>
      codesOf(await judged(image, [await make(descriptor, signing)], asked));
    expect(await by({ pen: vendor, clock })).toEqual(SIGNED);
    expect(await by({ pen: vendor, clock: foreignClock })).toEqual(REFUSED);
    expect(await by({ pen: vendor })).toEqual(REFUSED);
  });
});

function trusted(): Witnesses {
  return { tlogs: [tiles.inRoot()], timestampAuthorities: [clock.inRoot()] };
}

describe.each(["hashedrekord", "dsse"] as const)("an entry of Rekor 2 (%s)", (kind) => {
  it("counts with a time stamp, since it has no time of its own", async () => {
    const logged = { pen, tiles: { log: tiles, kind } };
    const found = await sigstoreReferrer(descriptor, { ...logged, clock });
    expect(codesOf(await judgedBy(trusted(), found))).toEqual(SIGNED);
    const timeless = await judgedBy(trusted(), await sigstoreReferrer(descriptor, logged));
    expect(codesOf(timeless)).toEqual(REFUSED);
    expect(timeless[0]?.message).toContain("expected 1 timestamps, got 0");
  });

  it("counts of no log that is not trusted, and is missed where one has to be", async () => {
    const foreign = { pen, clock, tiles: { log: new TileLog(), kind } };
    const findings = await judgedBy(trusted(), await sigstoreReferrer(descriptor, foreign));
    expect(codesOf(findings)).toEqual(REFUSED);
    expect(findings[0]?.message).toContain("invalid checkpoint signature");
    const none = await sigstoreReferrer(descriptor, { pen, clock });
    expect(codesOf(await judgedBy(trusted(), none))).toEqual(REFUSED);
  });

  it.each([
    ["another leaf beside it", /("hashes":\[")../, "$1AA"],
    ["another size", '"treeSize":"4"', '"treeSize":"4","x":1'],
    ["another number", /"inclusionProof":\{"logIndex":"2"/, '"inclusionProof":{"logIndex":"1"'],
    ["a time that nobody has signed", '"kindVersion"', '"integratedTime":"1","kindVersion"'],
    ["another root in its checkpoint", /(log\.sigstore\.test\\n4\\n)../, "$1AA"],
    ["no proof", '"inclusionProof"', '"nothing"'],
    ["another version", '"version":"0.0.2"', '"version":"0.0.1"'],
  ])("does not count with %s", async (what, from, to) => {
    const signing = { pen, clock, tiles: { log: tiles, kind } };
    const bundle = JSON.stringify(await sigstoreBundle(descriptor, signing));
    const changed = bundle.replace(from, to);
    expect(changed).not.toBe(bundle);
    const found = bundleReferrer(descriptor, JSON.parse(changed) as object);
    // What nobody reads changes nothing: the size counts that the log has signed, and the time stamp's time.
    const isHarmless = /size|time/.test(what);
    expect(codesOf(await judgedBy(trusted(), found))).toEqual(isHarmless ? SIGNED : REFUSED);
  });

  it("does not count for another signature", async () => {
    const signing = { pen, clock, tiles: { log: tiles, kind } };
    const [one, two] = [
      await sigstoreBundle(descriptor, signing),
      await sigstoreBundle(descriptor, signing),
    ] as [{ verificationMaterial: object; dsseEnvelope: object }, { dsseEnvelope: object }];
    const found = bundleReferrer(descriptor, { ...one, dsseEnvelope: two.dsseEnvelope });
    expect(codesOf(await judgedBy(trusted(), found))).toEqual(REFUSED);
  });
});
