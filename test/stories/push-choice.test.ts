import { describe, expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { chartYaml, packedChart } from "../../fixtures/charts.ts";
import { answer, refuse, type Fault } from "../../fixtures/faults.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { dray } from "../cli/terminal.ts";
import { refusal } from "../refusal.ts";
import { oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { bytesReceived, pushBundle } from "./lab.ts";

const SIGNED = { trust: { keys: [SIGNER.publicKey] } };

const POD =
  "apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec:\n  containers:\n    - {name: one, image: 'docker.io/library/postgres:16.4'}\n";

/** A database, what is built on it, and a chart that pulls the database. */
async function bundle(): Promise<string> {
  const chart = { "Chart.yaml": chartYaml("db"), "templates/pod.yaml": POD };
  const { path } = await makeBundle({
    images: {
      "docker.io/library/postgres:16.4": oneLayerImage("postgres"),
      "ghcr.io/acme/shop-web:1.4.0": oneLayerImage("web"),
    },
    charts: [{ tgz: packedChart(chart, { name: "db" }) }],
  });
  return path;
}

/** What was delivered, by the end of its name. */
async function delivered(
  target: TestRegistry,
  choice: { only?: string[]; exclude?: string[] },
): Promise<string[]> {
  const report = await pushBundle(await bundle(), `${target.host}/mirror`, {
    ...SIGNED,
    ...choice,
  });
  return report.artifacts.map((one) => one.target.split("/").at(-1) ?? "");
}

describe("push --only and --exclude", () => {
  it.each([
    [{ only: ["*/postgres:*"] }, ["postgres:16.4"]],
    [{ only: ["docker.io/library/postgres"] }, ["postgres:16.4"]],
    [{ only: ["*/mirror/acme/*"] }, ["shop-web:1.4.0"]],
    [{ only: ["*:16.?", "ghcr.io/*"] }, ["postgres:16.4", "shop-web:1.4.0"]],
    [{ exclude: ["charts/*"] }, ["postgres:16.4", "shop-web:1.4.0"]],
    [{ only: ["*.io/*"], exclude: ["*postgres*"] }, ["shop-web:1.4.0"]],
  ])("%o deliver what they match at source or target", async (choice, expected) => {
    expect(await delivered(await startRegistry(), choice)).toEqual(expected);
  });

  it("name what is near a pattern that matches nothing, before anything is asked", async () => {
    const target = await startRegistry();
    const error = await refusal(() => delivered(target, { only: ["postgre", "*shop-wbe*"] }));
    expect(error).toMatchObject({ code: "DRAY_PATTERN_UNUSED", kind: "usage" });
    expect(error.message).toMatch(
      /"postgre" matches nothing; near it: docker\.io\/library\/postgres:16\.4/,
    );
    expect(error.message).toMatch(
      /"\*shop-wbe\*" matches nothing; near it: ghcr\.io\/acme\/shop-web:1\.4\.0/,
    );
    expect(target.seen).toEqual([]);
    const nothing = refusal(() => delivered(target, { only: ["ghcr*"], exclude: ["*shop*"] }));
    expect((await nothing).message).toContain("leave nothing");
  });

  it("hold a chart back whose images they leave out, until those are there", async () => {
    const target = await startRegistry();
    const error = await refusal(() => delivered(target, { only: ["*db*"] }));
    expect(error.message).toContain(`it needs ${target.host}/mirror/library/postgres:16.4`);
    await delivered(target, { only: ["*postgres*"] });
    expect(await delivered(target, { only: ["*db*"] })).toEqual(["db:1.0.0"]);
  });
});

/** Answers that a registry has for a repository that it does not have. */
function without(target: TestRegistry, { tags, upload }: { tags: Fault; upload: Fault }): void {
  target.inject({ path: /\/(manifests|blobs\/sha256)/ }, refuse(404, "NAME_UNKNOWN"));
  target.inject({ path: /\/tags\/list/ }, tags);
  target.inject({ path: /\/blobs\/uploads\// }, upload);
}

const NAME_UNKNOWN = refuse(404, "NAME_UNKNOWN", "no such repository");

describe("push --dry-run", () => {
  const FLAGS = ["--dry-run", "--allow-unsigned", "--retry-for", "0"];

  it("names all repositories that would be refused as missing, with 3, and sends nothing", async () => {
    const target = await startRegistry();
    without(target, { tags: NAME_UNKNOWN, upload: NAME_UNKNOWN });
    const { code, stdout, stderr } = await dray(["push", await bundle(), target.host, ...FLAGS]);
    expect(code).toBe(3);
    expect(stderr).toContain("3 of 3 artifacts would not be in");
    for (const name of ["acme/shop-web", "db", "library/postgres"]) {
      expect(stderr).toMatch(new RegExp(`^ {2}${target.host}/${name}$`, "m"));
    }
    expect(stdout).not.toContain("would be pushed");
    expect(bytesReceived(target)).toBe(0);
    expect(new Set(target.seen.map(({ method }) => method))).toEqual(new Set(["HEAD", "GET"]));
  });

  it("says which repositories a push makes", async () => {
    const target = await startRegistry();
    const { code, stdout } = await dray(["push", await bundle(), target.host, ...FLAGS]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `A push makes these repositories in ${target.host}:\n  acme/shop-web\n`,
    );
    expect(stdout).toMatch(/^would be pushed +image/m);
  });

  it("says that it cannot be known where the registry does not tell", async () => {
    const target = await startRegistry();
    without(target, { tags: NAME_UNKNOWN, upload: answer(405) });
    const { code, stdout } = await dray(["push", await bundle(), target.host, ...FLAGS]);
    expect(code).toBe(0);
    expect(stdout).toContain("does not say whether a push makes them");
  });

  it("names what the account may not push to, and the charts that would wait for it", async () => {
    const target = await startRegistry();
    target.inject({ path: /library\/postgres\/tags/ }, refuse(403, "DENIED", "pull only"));
    const { code, stdout, stderr } = await dray(["push", await bundle(), target.host, ...FLAGS]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^would be held back +chart/m);
    expect(stderr).toMatch(/would fail {2}image {2}\S+postgres:16\.4\n.*403 \(DENIED: pull only\)/);
  });
});

async function list(form: string, target = "r.example/mirror", ...more: string[]): Promise<string> {
  const flags = ["--allow-unsigned", `--list-repositories${form}`, ...more];
  return (await dray(["push", await bundle(), target, ...flags])).stdout;
}

const AMAZON = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mirror";

describe("push --list-repositories", () => {
  it.each(["aws", "terraform"])(
    "=%s prints nothing for the host of somebody else",
    async (form) => {
      for (const target of ["r.example/mirror", "dkr.ecr.eu-west-1.amazonaws.com/m"]) {
        const flags = ["--allow-unsigned", `--list-repositories=${form}`];
        const { code, stdout, stderr } = await dray(["push", await bundle(), target, ...flags]);
        expect([code, stdout]).toEqual([2, ""]);
        expect(stderr).toMatch(/is for Amazon's registry, and \S+ is none of its hosts/);
      }
    },
  );

  it("prints each once, and needs no connection", async () => {
    expect(await list("")).toBe("mirror/acme/shop-web\nmirror/db\nmirror/library/postgres\n");
  });

  it("prints what makes them at Amazon's registry", async () => {
    expect((await list("=aws", AMAZON)).split("\n")[0]).toBe(
      "aws ecr create-repository --region eu-west-1 --repository-name mirror/acme/shop-web",
    );
  });

  it("prints that each takes a tag once, where that is wanted", async () => {
    expect(await list("=aws", AMAZON, "--immutable")).toMatch(
      /^(aws .* --image-tag-mutability IMMUTABLE\n)+$/,
    );
    expect(await list("=terraform", AMAZON, "--immutable")).toContain(
      '  name                 = "mirror/acme/shop-web"\n  image_tag_mutability = "IMMUTABLE"\n',
    );
  });

  it("prints it for Terraform", async () => {
    expect(await list("=terraform", AMAZON)).toContain(
      'resource "aws_ecr_repository" "mirror_acme_shop-web" {\n  name = "mirror/acme/shop-web"\n}\n\nresource',
    );
  });
});
