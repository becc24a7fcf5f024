import { onTestFinished, describe, expect, it } from "vitest";
import { makeMultiArch } from "../../../fixtures/images.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { TokenServer } from "../../../fixtures/token-server.ts";
import { copy } from "../../../src/content/copy.ts";
import type { RunOptions } from "../../../src/events.ts";
import type { RegistryAccess } from "../../../src/remote/registry/access.ts";
import {
  openRepository,
  type OpenedRepository,
} from "../../../src/remote/registry/open-repository.ts";
import { refusal } from "../../refusal.ts";
import { fill, login, oneLayerImage, QUICK, startHost, startRegistry } from "./lab.ts";

const IMAGE = makeMultiArch("opened");

/** A repository by its name, until the test ends. */
function open(
  { host }: TestRegistry,
  access: RegistryAccess = {},
  run: RunOptions = {},
): OpenedRepository {
  const opened = openRepository(`${host}/team/app`, { ...QUICK, ...access }, run);
  onTestFinished(() => opened.close());
  return opened;
}

describe("openRepository()", () => {
  it("copies an image from one registry to another and lets a tag stand for it there", async () => {
    const [here, there] = [await startRegistry(), await startRegistry()];
    await fill(here, IMAGE);
    const [source, target] = [open(here), open(there)];
    const root = await source.resolve("1.0");
    await copy({ source, target, root });
    await target.tag("stable", root);
    expect(await target.resolve("stable")).toEqual(root);
    expect(await target.resolve(IMAGE.root.descriptor.digest)).toEqual(root);
  });

  it("reads back what a tag stands for", async () => {
    const registry = await startRegistry();
    await fill(registry, IMAGE);
    const repository = open(registry);
    const root = await repository.resolve("1.0");
    registry.inject({ method: "GET", path: /\/manifests\/stable$/ }, ({ response }) => {
      response.writeHead(200, { "Content-Type": root.mediaType }).end("{}");
    });
    const error = await refusal(() => repository.tag("stable", root));
    expect(error).toMatchObject({ code: "DRAY_MANIFEST_REWRITTEN" });
  });

  it("asks for no right to write before something is written", async () => {
    const tokens = new TokenServer({ users: { ada: "pw" } });
    const { url, host } = await startHost(tokens.listener);
    const registry = await startRegistry({ door: tokens.door(url) });
    await fill(registry, oneLayerImage("guarded"));
    const access = { credentials: login("ada", "pw"), allowedTokenHosts: [host] };
    const repository = open(registry, access);
    const root = await repository.resolve("1.0");
    expect(tokens.seen.flatMap(({ scopes }) => scopes)).toEqual(["repository:team/app:pull"]);
    await repository.tag("stable", root);
    expect(tokens.seen.flatMap(({ scopes }) => scopes).at(-1)).toBe(
      "repository:team/app:pull,push",
    );
  });

  it("stops what runs when whoever opened it says so, or whoever asked", async () => {
    const registry = await startRegistry();
    const [opened, asked] = [new AbortController(), new AbortController()];
    registry.inject({ path: /\/manifests\// }, () => {
      (registry.requests("HEAD").length === 1 ? opened : asked).abort(
        new Error("no longer wanted"),
      );
    });
    const repository = open(registry, {}, { signal: opened.signal });
    await expect(repository.resolve("1.0")).rejects.toThrow("no longer wanted");
    const other = open(registry);
    await expect(other.resolve("1.0", { signal: asked.signal })).rejects.toThrow(
      "no longer wanted",
    );
  });

  it.each(["r.example/team/app:1.0", `r.example/app@${IMAGE.root.descriptor.digest}`])(
    "takes no tag or digest: %s",
    async (name) => {
      const error = await refusal(async () => openRepository(name));
      expect(error).toMatchObject({ code: "DRAY_REFERENCE_INVALID", kind: "usage" });
    },
  );
});
