import { describe, expect, it } from "vitest";
import { refuse } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, makeMultiArch, makeReferrer } from "../../fixtures/images.ts";
import { makeCosigned, makeList } from "../../fixtures/referrers.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { collect } from "../../src/content/content.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { cosignTag, referrersTag } from "../../src/oci/referrer.ts";
import { refusal } from "../refusal.ts";
import { fill, repositoryOf, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle } from "./lab.ts";

const image = makeMultiArch("vouched");
const { digest } = image.root.descriptor;
const notes = [
  makeReferrer(image.root.descriptor, "one"),
  makeReferrer(image.root.descriptor, "two"),
];
const noteDigests = notes.map(({ root }) => root.descriptor.digest).toSorted();
const listTag = referrersTag(digest);
const signatureTag = cosignTag(digest, "sig");

/** A bundle of an image that two notes and a signature of cosign refer to. */
async function packed(): Promise<string> {
  const source = await startRegistry();
  await fill(source, image, "team/app:1.0");
  for (const [index, one] of notes.entries()) await fill(source, one, `team/app:note-${index}`);
  await fill(source, makeCosigned(image.root.descriptor, "ours"), `team/app:${signatureTag}`);
  const at = await desk(source);
  await packImages(at, ["team/app:1.0"]);
  return at.output;
}

async function withoutApi(): Promise<TestRegistry> {
  const target = await startRegistry();
  target.inject({ path: /\/referrers\// }, refuse(404, "UNSUPPORTED"));
  return target;
}

async function listed(target: TestRegistry): Promise<Digest[]> {
  const repository = repositoryOf(target);
  const found = await repository.resolve(listTag);
  const raw = await collect(repository.fetch(found));
  const list = parseManifest(raw, { mediaType: found.mediaType, what: listTag });
  return list.kind === "index" ? list.manifests.map((one) => one.digest).toSorted() : [];
}

function written({ seen }: TestRegistry): string[] {
  const puts = seen.filter(({ method, path }) => method === "PUT" && path.includes("/manifests/"));
  return puts.map(({ path }) => path.split("/manifests/")[1] ?? "");
}

describe("what refers to an image", () => {
  it("comes after it, and is known before the image has its tag", async () => {
    const target = await startRegistry();
    await pushBundle(await packed(), target.host);
    const puts = written(target);
    for (const note of noteDigests)
      expect(puts.indexOf(note)).toBeGreaterThan(puts.indexOf(digest));
    expect(puts.at(-1)).toBe("1.0");
    expect(puts).toContain(signatureTag);
    expect(puts).not.toContain(listTag);
  });

  it("is listed under a tag where the registry has no API for it, in one write", async () => {
    const target = await withoutApi();
    const path = await packed();
    await pushBundle(path, target.host);
    expect(await listed(target)).toEqual(noteDigests);
    expect(written(target).filter((name) => name === listTag)).toHaveLength(1);
    expect(written(target).at(-1)).toBe("1.0");
    target.forget();
    const again = await pushBundle(path, target.host);
    expect(written(target)).toEqual([]);
    expect(new Set(again.artifacts.map(({ result }) => result))).toEqual(new Set(["present"]));
  });

  it("joins the list that is there, of which nothing is lost", async () => {
    const target = await withoutApi();
    const other = makeReferrer(image.root.descriptor, "theirs");
    await fill(target, other, "team/app:theirs");
    await fill(target, makeList([other.root.descriptor]), `team/app:${listTag}`);
    await pushBundle(await packed(), target.host);
    const all = new Set([...noteDigests, other.root.descriptor.digest]);
    expect(new Set(await listed(target))).toEqual(all);
  });

  it("fails alone where something else has the tag of the list", async () => {
    const target = await withoutApi();
    await fill(target, makeImage([makeLayer("other", 100)]), `team/app:${listTag}`);
    const path = await packed();
    const error = await refusal(() => pushBundle(path, target.host));
    expect(error).toMatchObject({ code: "DRAY_PUSH_INCOMPLETE" });
    expect(error.message).toContain("list of referrers under its tag");
    expect(await repositoryOf(target).find("1.0")).toMatchObject({ digest });
  });

  it("keeps signatures that others have put beside the same ones", async () => {
    const target = await startRegistry();
    const ours = makeCosigned(image.root.descriptor, "ours");
    const both = makeCosigned(image.root.descriptor, "ours", "theirs");
    await fill(target, both, `team/app:${signatureTag}`);
    const { artifacts } = await pushBundle(await packed(), target.host);
    const signature = artifacts.find(({ tag }) => tag === signatureTag);
    expect(signature).toMatchObject({ result: "present", digest: ours.root.descriptor.digest });
    const found = await repositoryOf(target).find(signatureTag);
    expect(found?.digest).toBe(both.root.descriptor.digest);
  });

  it("replaces no signatures of others", async () => {
    const target = await startRegistry();
    await fill(target, makeCosigned(image.root.descriptor, "theirs"), `team/app:${signatureTag}`);
    const path = await packed();
    const error = await refusal(() => pushBundle(path, target.host));
    expect(error).toMatchObject({ code: "DRAY_TAG_CONFLICT" });
    expect(written(target)).toEqual([]);
  });

  it("comes along with the image that is chosen", async () => {
    const target = await startRegistry();
    const path = await packed();
    const { artifacts } = await pushBundle(path, target.host, { only: ["*/app:1.0"] });
    expect(artifacts).toHaveLength(4);
  });
});
