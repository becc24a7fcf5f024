import { describe, expect, it } from "vitest";
import { basicDoor, TokenServer } from "../../../fixtures/token-server.ts";
import type { CredentialStore } from "../../../src/remote/registry/credentials.ts";
import {
  fill,
  login,
  oneLayerImage,
  read,
  repositoryOf,
  startHost,
  startPool,
  startRegistry,
} from "./lab.ts";

const image = oneLayerImage("image");

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A JSON Web Token that ends so many seconds from now; nobody has signed it. */
function tokenEnding(seconds: number): string {
  return `${part({ alg: "none" })}.${part({ exp: Math.floor(Date.now() / 1000) + seconds })}.x`;
}

/** Says something else each time that it is asked anew, up to the last. */
function rotating(...passwords: readonly string[]): CredentialStore {
  let at = 0;
  return async (_registry, _repository, options) => {
    if (options?.fresh === true) at = Math.min(at + 1, passwords.length - 1);
    return { kind: "password", username: "ada", password: passwords[at] ?? "" };
  };
}

describe("a login that is refused", () => {
  it("after it was taken in this run is expired", async () => {
    const registry = await startRegistry({ door: basicDoor({ ada: "right" }) });
    await fill(registry, image);
    const repository = repositoryOf(registry, { credentials: login("ada", "right") });
    const root = await repository.resolve("1.0");
    registry.door = basicDoor({ ada: "another" });
    await expect(read(repository, root)).rejects.toMatchObject({
      code: "DRAY_LOGIN_EXPIRED",
      message: expect.stringContaining("it took this login before in this run") as string,
      hint: expect.stringContaining(`dray login ${registry.host}`) as string,
    });
  });

  it.each([
    [-60, "DRAY_LOGIN_EXPIRED", /the token has expired at \d{4}-\d\d-\d\dT/],
    [3600, "DRAY_LOGIN_REFUSED", /it refuses the credentials and answered 401/],
  ])("and is a token that ends in %i s is %s", async (seconds, code, message) => {
    const registry = await startRegistry({ door: basicDoor({ ada: "right" }) });
    const repository = repositoryOf(registry, { credentials: login("ada", tokenEnding(seconds)) });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it("by a token server is told apart in the same way", async () => {
    const tokens = new TokenServer({ users: { ada: "right" } });
    const { url } = await startHost(tokens.listener);
    const registry = await startRegistry({ door: tokens.door(`${url}/token`) });
    const allowedTokenHosts = [new URL(url).host];
    const pool = startPool({ credentials: login("ada", "right"), allowedTokenHosts });
    const one = pool.repository({ registry: registry.host, repository: "team/one" });
    expect(await one.find("1.0")).toBeUndefined();
    tokens.users = { ada: "another" };
    const two = pool.repository({ registry: registry.host, repository: "team/two" });
    await expect(two.find("1.0")).rejects.toMatchObject({ code: "DRAY_LOGIN_EXPIRED" });
  });

  it("by a token server is asked for again, in file and helper, before that is said", async () => {
    const tokens = new TokenServer({ users: { ada: "new" } });
    const { url } = await startHost(tokens.listener);
    const registry = await startRegistry({ door: tokens.door(`${url}/token`) });
    await fill(registry, image);
    const allowedTokenHosts = [new URL(url).host];
    const repository = repositoryOf(registry, {
      credentials: rotating("old", "new"),
      allowedTokenHosts,
    });
    expect(await repository.resolve("1.0")).toEqual(image.root.descriptor);
    expect(tokens.seen).toHaveLength(2);
  });
});
