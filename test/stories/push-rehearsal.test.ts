import { describe, expect, it } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { answer, changeHead, refuse } from "../../fixtures/faults.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { dray, type Outcome } from "../cli/terminal.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";

const image = oneLayerImage("rehearsed");

async function rehearse(target: TestRegistry): Promise<Outcome> {
  const images = { "docker.io/team/app:1.0": image };
  const { path } = await makeBundle({ images });
  return dray(["push", path, target.host, "--allow-unsigned", "--dry-run", "--retry-for", "0"]);
}

/** Distribution's own registry while it is read-only. */
function becomeReadOnly(target: TestRegistry): void {
  const head = { "Docker-Distribution-Api-Version": "registry/2.0", Allow: "GET, HEAD" };
  target.inject({}, (exchange) => {
    if (["GET", "HEAD"].includes(exchange.request.method ?? "")) exchange.proceed();
    else answer(exchange.request.method === "OPTIONS" ? 200 : 405, head)(exchange);
  });
}

describe("a dry run", () => {
  it("finds that distribution's registry is read-only, and asks without writing", async () => {
    const target = await startRegistry();
    becomeReadOnly(target);
    const { code, stdout, stderr } = await rehearse(target);
    expect([code, stdout.includes("makes these repositories")]).toEqual([3, false]);
    expect(stderr).toMatch(/it takes no uploads there, and allows GET, HEAD\n.*it is read-only/);
    const methods = new Set(target.seen.map(({ method }) => method));
    expect([...methods].toSorted()).toEqual(["GET", "HEAD", "OPTIONS"]);
  });

  it("minds no read-only registry that has everything already", async () => {
    const target = await startRegistry();
    await fill(target, image, "team/app:1.0");
    becomeReadOnly(target);
    expect((await rehearse(target)).code).toBe(0);
  });

  it("asks nobody else for methods", async () => {
    const target = await startRegistry();
    target.inject(
      {},
      changeHead((headers) => void delete headers["docker-distribution-api-version"]),
    );
    expect((await rehearse(target)).code).toBe(0);
    expect(target.requests("OPTIONS")).toEqual([]);
  });

  it("does not fail where a right to list what is there is missing", async () => {
    const target = await startRegistry();
    target.inject(
      { path: /tags\/list/ },
      refuse(403, "DENIED", "not authorized to perform: ecr:ListImages"),
    );
    const { code, stdout } = await rehearse(target);
    expect(code).toBe(0);
    expect(stdout).toContain("Not there, or not to be seen");
  });

  it.each(["not for you", "not authorized to perform: ecr:ListImages"])(
    "fails where neither that nor uploading is: %s",
    async (words) => {
      const target = await startRegistry();
      target.inject({ path: /tags\/list|uploads/ }, refuse(403, "DENIED", words));
      expect((await rehearse(target)).code).toBe(3);
    },
  );
});
