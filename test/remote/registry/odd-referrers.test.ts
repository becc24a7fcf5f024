import { expect, it } from "vitest";
import { answer } from "../../../fixtures/faults.ts";
import { makeMultiArch, makeReferrer } from "../../../fixtures/images.ts";
import { makeList } from "../../../fixtures/referrers.ts";
import { basicDoor } from "../../../fixtures/token-server.ts";
import { referrersTag } from "../../../src/oci/referrer.ts";
import { RepositoryReferrers } from "../../../src/remote/registry/referrers.ts";
import { fill, login, repositoryOf, startRegistry } from "./lab.ts";

const image = makeMultiArch("odd referrers");
const { digest } = image.root.descriptor;
const note = makeReferrer(image.root.descriptor, "a note");

it("a registry that denies its API for referrers to whoever is logged in is read by the list under the tag", async () => {
  const registry = await startRegistry();
  await fill(registry, image);
  await fill(registry, note, "team/app:note");
  await fill(registry, makeList([note.root.descriptor]), `team/app:${referrersTag(digest)}`);
  registry.inject({ path: /\/referrers\// }, answer(401));
  registry.door = basicDoor({ ada: "secret" });
  const repository = repositoryOf(registry, { credentials: login("ada", "secret") });
  const found = await new RepositoryReferrers(repository).list(digest);
  expect(found.map((one) => one.digest)).toEqual([note.root.descriptor.digest]);
});

it("a registry that takes the tag of the list for the digest in it has no list, and not the parts of the index", async () => {
  const registry = await startRegistry();
  await fill(registry, image, `team/app:${referrersTag(digest)}`);
  registry.inject({ path: /\/referrers\// }, answer(404));
  expect(await new RepositoryReferrers(repositoryOf(registry)).list(digest)).toEqual([]);
});
