import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { chartYaml, packedChart } from "../../fixtures/charts.ts";
import { refuse, type Fault } from "../../fixtures/faults.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { PushIncomplete } from "../../src/delivery/incomplete.ts";
import { parseReceipt } from "../../src/delivery/receipt-schema.ts";
import { refusal } from "../refusal.ts";
import { fill, oneLayerImage, repositoryOf, startRegistry } from "../remote/registry/lab.ts";
import { dray } from "../cli/terminal.ts";
import { desk, packImages, pushBundle } from "./lab.ts";

const SIGNED = { trust: { keys: [SIGNER.publicKey] } };

const web = makeMultiArch("web");
const api = oneLayerImage("api");
const tool = oneLayerImage("tool");

/** A chart that pulls one image, by `image` in its values. */
function chartOf(name: string, image: string): Buffer {
  return packedChart(
    {
      "Chart.yaml": chartYaml(name),
      "values.yaml": `image: ${image}\n`,
      "templates/pod.yaml":
        "apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec:\n  containers:\n    - {name: one, image: '{{ .Values.image }}'}\n",
    },
    { name },
  );
}

/** Two charts with an image each, and one that no chart needs. */
async function bundle(): Promise<string> {
  const { path } = await makeBundle({
    images: {
      "registry.example/team/web:1.0": web,
      "registry.example/team/api:2.0": api,
      "registry.example/team/tool:3.0": tool,
    },
    charts: [
      { tgz: chartOf("front", "registry.example/team/web:1.0") },
      { tgz: chartOf("back", "registry.example/team/api:2.0") },
    ],
  });
  return path;
}

function tagsWritten(target: TestRegistry): string[] {
  return target.requests("PUT", /\/manifests\/[^:]+$/).map(({ path }) => path.slice(4));
}

const QUIET = ["--allow-unsigned", "--retry-for", "0"];

/** What is not there is refused, as by a registry that wants its repositories made first. */
function onlyHas(target: TestRegistry, names: RegExp): void {
  const missing = refuse(404, "NAME_UNKNOWN", "repository name not known to registry");
  target.inject({ path: /^\/v2\/./ }, (exchange) => {
    const { request, proceed } = exchange;
    const [, name = ""] = /^\/v2\/(.*?)\/(?:blobs|manifests|tags)\//.exec(request.url ?? "") ?? [];
    if (names.test(name)) proceed();
    else missing(exchange);
  });
}

/** What a registry does to one image. */
interface Refusal {
  /** Below its repository. */
  readonly at: string;
  readonly fault: Fault;
  readonly code: string;
  readonly why: RegExp;
}

describe("a push of which the registry refuses an artifact", () => {
  it.each<[string, Refusal]>([
    [
      "by policy",
      {
        at: "manifests/sha256:",
        fault: refuse(403, "DENIED"),
        code: "REGISTRY_DENIED",
        why: /403/,
      },
    ],
    [
      "by quota",
      {
        at: "blobs/uploads/",
        fault: refuse(403, "DENIED", "quota"),
        code: "REGISTRY_DENIED",
        why: /quota/,
      },
    ],
    [
      "by its type",
      {
        at: "manifests/sha256:",
        fault: refuse(400, "MANIFEST_INVALID", "unknown media type"),
        code: "REGISTRY_FAILED",
        why: /unknown media type/,
      },
    ],
    [
      "as its tag is immutable",
      {
        at: "manifests/2.0",
        fault: refuse(412, "PRECONDITION", "immutable tag"),
        code: "REGISTRY_FAILED",
        why: /immutable/,
      },
    ],
    [
      "as its repository is missing",
      {
        at: "blobs/uploads/",
        fault: refuse(404, "NAME_UNKNOWN", "no team/api"),
        code: "REPOSITORY_MISSING",
        why: /no team\/api/,
      },
    ],
  ])("%s brings the others, and says of that one why", async (_how, { at, fault, code, why }) => {
    const path = new RegExp(`^/v2/team/api/${at}`);
    const target = await startRegistry();
    target.inject({ path, method: "PUT" }, fault);
    target.inject({ path, method: "POST" }, fault);
    const error = await refusal(async () => pushBundle(await bundle(), target.host, SIGNED));
    expect(error).toMatchObject({ code: "DRAY_PUSH_INCOMPLETE", kind: "partial" });
    const { artifacts } = (error as PushIncomplete).report;
    const results = artifacts.map(
      ({ target: name, result }) => `${name.split("/").at(-1)} ${result}`,
    );
    expect(results).toEqual([
      "back:1.0.0 held",
      "front:1.0.0 pushed",
      "api:2.0 failed",
      "tool:3.0 pushed",
      "web:1.0 pushed",
    ]);
    expect(artifacts[2]).toMatchObject({
      code: `DRAY_${code}`,
      error: expect.stringMatching(why) as string,
    });
    expect(artifacts[0]?.error).toContain(
      `it needs ${target.host}/team/api:2.0, which is not there`,
    );
    expect(tagsWritten(target).filter((one) => !one.startsWith("team/api/"))).toEqual([
      expect.stringMatching(/team\/(tool|web)/),
      expect.stringMatching(/team\/(tool|web)/),
      "front/manifests/1.0.0",
    ]);
    target.mend();
    const report = await pushBundle(await bundle(), target.host, SIGNED);
    expect(
      report.artifacts.every(({ result }) => result === "pushed" || result === "present"),
    ).toBe(true);
  });

  it("brings the other image of the same repository", async () => {
    const source = await startRegistry();
    await fill(source, web, "team/app:1");
    await fill(source, api, "team/app:2");
    const at = await desk(source);
    await packImages(at, ["team/app:1", "team/app:2"]);
    const target = await startRegistry();
    const { digest } = api.layer;
    target.inject(
      { method: "PUT", path: new RegExp(encodeURIComponent(digest)) },
      refuse(403, "DENIED"),
    );
    const error = await refusal(() => pushBundle(at.output, target.host));
    expect((error as PushIncomplete).report.artifacts.map(({ result }) => result)).toEqual([
      "pushed",
      "failed",
    ]);
    expect(await repositoryOf(target).resolve("1")).toEqual(web.root.descriptor);
  });

  it("ends with 4, a table of what failed, and all of it in --json and the receipt", async () => {
    const target = await startRegistry();
    onlyHas(target, /^(team\/web|front|back)$/);
    const receipt = join(await temporaryDirectory(), "receipt.json");
    const argv = ["push", await bundle(), target.host, ...QUIET];
    const { code, stdout, stderr } = await dray([...argv, "--receipt", receipt]);
    expect(code).toBe(4);
    expect(stdout).toMatch(/^pushed +chart +\S+\/front:1\.0\.0/m);
    expect(stdout).toContain("in part");
    expect(stderr).toMatch(
      /^failed {2}image {2}\S+\/team\/tool:3\.0\n {2}Cannot start upload .*NAME_UNKNOWN/m,
    );
    expect(stderr).toMatch(/^held back {2}chart {2}\S+\/back:1\.0\.0\n {2}Its tag was held back/m);
    expect(stderr).toContain(
      `Missing repositories:\n  ${target.host}/team/api\n  ${target.host}/team/tool\n`,
    );
    const kept = parseReceipt(await readFile(receipt), receipt);
    expect(kept.outcome).toBe("partial");
    const json = await dray([...argv, "--json"]);
    expect(json.code).toBe(4);
    const { artifacts } = JSON.parse(json.stdout) as {
      artifacts: { code?: string; hint?: string }[];
    };
    expect(artifacts[2]).toMatchObject({
      code: "DRAY_REPOSITORY_MISSING",
      hint: expect.any(String) as string,
    });
    expect(kept.artifacts[2]).toMatchObject({ code: "DRAY_REPOSITORY_MISSING" });
  });

  it("all or nothing writes no tag", async () => {
    const target = await startRegistry();
    onlyHas(target, /^(team\/web|front|back)$/);
    const argv = ["push", await bundle(), target.host, ...QUIET, "--all-or-nothing"];
    const { code, stderr } = await dray(argv);
    expect([code, tagsWritten(target)]).toEqual([4, []]);
    expect(stderr).toContain("it was to be all or nothing");
  });
});

describe("the images of a chart", () => {
  it("are those that it pulls with the values that it was packed with", async () => {
    const source = await startRegistry();
    await fill(source, web, "team/web:1.0");
    await fill(source, api, "team/api:2.0");
    const at = await desk(source);
    const path = join(await temporaryDirectory(), "front-1.0.0.tgz");
    await writeFile(path, chartOf("front", `${source.host}/team/web:1.0`));
    const valueSets = [{ set: [`image=${source.host}/team/api:2.0`] }];
    const chart = { kind: "file", path, images: "needed", valueSets } as const;
    await packImages(at, ["team/web:1.0"], { recipe: { charts: [chart] } });
    const target = await startRegistry();
    const reject = async (name: string): Promise<string[]> => {
      target.inject({ method: "POST", path: new RegExp(name) }, refuse(403, "DENIED"));
      const error = await refusal(() => pushBundle(at.output, target.host));
      target.mend();
      const { artifacts } = (error as PushIncomplete).report;
      return artifacts.map(({ result }) => result);
    };
    expect(await reject("team/api/blobs")).toEqual(["failed", "pushed", "held"]);
    const other = await startRegistry();
    other.inject({ method: "POST", path: /team\/web\/blobs/ }, refuse(403, "DENIED"));
    const error = await refusal(() => pushBundle(at.output, other.host));
    expect((error as PushIncomplete).report.artifacts.map(({ result }) => result)).toEqual([
      "pushed",
      "failed",
      "pushed",
    ]);
  });
});
