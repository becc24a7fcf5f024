import { describe, expect, it } from "vitest";
import {
  becomeArtifactory,
  becomeGitlab,
  becomeHarbor,
  becomeNexus,
  becomeQuay,
} from "../../fixtures/brands.ts";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { answer } from "../../fixtures/faults.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import type { PushIncomplete } from "../../src/delivery/incomplete.ts";
import { refusal } from "../refusal.ts";
import { login, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { pushBundle, type PushChanges } from "./lab.ts";

const ADA: PushChanges = {
  trust: { keys: [SIGNER.publicKey] },
  registry: { credentials: login("ada", "right") },
};

async function bundle(): Promise<string> {
  const { path } = await makeBundle({
    images: { "docker.io/library/postgres:16": oneLayerImage("postgres") },
  });
  return path;
}

/** What to do about the one image that could not be pushed. */
async function hintOf(target: TestRegistry, prefix: string, changes = ADA): Promise<string> {
  const place = prefix === "" ? target.host : `${target.host}/${prefix}`;
  const error = await refusal(async () => pushBundle(await bundle(), place, changes));
  return (error as PushIncomplete).report.artifacts[0]?.hint ?? "";
}

/** Where it can be pushed to. */
async function takes(
  target: TestRegistry,
  prefix: string,
  changes: PushChanges = {},
): Promise<void> {
  const report = await pushBundle(await bundle(), `${target.host}/${prefix}`, {
    ...ADA,
    ...changes,
  });
  expect(report.artifacts.map(({ result }) => result)).toEqual(["pushed"]);
}

describe("a push to Harbor", () => {
  it("names the missing project and the call that makes it", async () => {
    const target = await startRegistry();
    becomeHarbor(target, ["mirror"]);
    const hint = await hintOf(target, "other");
    expect(hint).toContain('no project "other"');
    expect(hint).toContain(
      `curl -u USER -X POST -H "Content-Type: application/json" -d '{"project_name":"other","metadata":{"public":"false"}}' ${target.url}/api/v2.0/projects`,
    );
    await takes(target, "mirror");
  });

  it("without a login says that one is needed, and not what to make", async () => {
    const target = await startRegistry();
    becomeHarbor(target, ["mirror"]);
    const { trust } = ADA;
    expect(await hintOf(target, "other", { trust })).toMatch(/^Log in: /);
  });

  it("wants a project before a name of one part", async () => {
    const target = await startRegistry();
    becomeHarbor(target, ["mirror"]);
    const flat: PushChanges = { ...ADA, mapping: { mode: "flatten" } };
    expect(await hintOf(target, "", flat)).toContain(`push to ${target.host}/PROJECT`);
  });

  it("in a dry run is refused for the same reason", async () => {
    const target = await startRegistry();
    becomeHarbor(target, ["mirror"]);
    const { artifacts } = await pushBundle(await bundle(), `${target.host}/other`, {
      ...ADA,
      dryRun: true,
    });
    expect(artifacts).toMatchObject([
      { result: "failed", hint: expect.stringContaining("/api/v2.0/projects") as string },
    ]);
    const good = await pushBundle(await bundle(), `${target.host}/mirror`, {
      ...ADA,
      dryRun: true,
    });
    expect(good.artifacts.map(({ result }) => result)).toEqual(["pushed"]);
    expect(good.repositories).toEqual([{ repository: "mirror/library/postgres", presence: "new" }]);
  });
});

describe("a push to Quay", () => {
  it("that takes no names inside names goes well with --map flatten, as it says", async () => {
    const target = await startRegistry();
    becomeQuay(target, ["mirror"]);
    expect(await hintOf(target, "mirror")).toContain(
      `push to ${target.host}/mirror with --map flatten`,
    );
    await takes(target, "mirror", { mapping: { mode: "flatten" } });
  });

  it("names the missing organization", async () => {
    const target = await startRegistry();
    becomeQuay(target, ["mirror"]);
    const flat: PushChanges = { ...ADA, mapping: { mode: "flatten" } };
    expect(await hintOf(target, "other", flat)).toMatch(
      /no organization "other".*\/api\/v1\/organization\//,
    );
  });
});

describe("a push to GitLab", () => {
  it("says that its token server knows no such project, which a deep name may hide", async () => {
    const target = await startRegistry();
    becomeGitlab(target, ["group/project"]);
    const hint = await hintOf(target, "group/other");
    expect(hint).toMatch(/no project whose path group\/other\/library\/postgres begins with/);
    expect(await hintOf(target, "a/b/c/d/e")).toContain("push with --map flatten");
    await takes(target, "group/project");
  });
});

describe("a push to Nexus", () => {
  it("tells paths from ports, and groups from what takes something", async () => {
    const target = await startRegistry();
    becomeNexus(target, { hosted: ["docker-hosted"], groups: ["docker-all"] });
    expect(await hintOf(target, "")).toContain(`push to ${target.host}/REPOSITORY`);
    expect(await hintOf(target, "docker-all")).toContain("docker-all is a group");
    await takes(target, "docker-hosted");
  });

  it("that listens elsewhere for docker says so", async () => {
    const target = await startRegistry();
    target.inject({ path: /^\/v2\/$/ }, answer(404, { Server: "Nexus/3.70.1-02 (OSS)" }));
    const error = await refusal(async () => pushBundle(await bundle(), target.host, ADA));
    expect(error.hint).toContain("each has a port of its own");
  });
});

describe("a push to Artifactory", () => {
  it("names the missing key and the call that makes it", async () => {
    const target = await startRegistry();
    becomeArtifactory(target, ["docker-local"]);
    expect(await hintOf(target, "other")).toMatch(
      /no docker repository "other".*\/artifactory\/api\/repositories\/other/,
    );
    await takes(target, "docker-local");
  });
});
