import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chartYaml } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { TestChartRepository } from "../../fixtures/chart-repository.ts";
import { startRepository } from "../remote/chart-repository/lab.ts";
import { dray } from "./terminal.ts";

const BASIC = `Basic ${Buffer.from("ada:secret").toString("base64")}`;

/** A repository that lets nobody in but Ada. */
async function startPrivate(): Promise<TestChartRepository> {
  const repository = await startRepository();
  repository.publish("web", { version: "1.0.0" });
  repository.door = ({ headers }) => (headers.authorization === BASIC ? undefined : 401);
  return repository;
}

async function packArguments(chart: string): Promise<string[]> {
  const store = join(await temporaryDirectory(), "store");
  return ["pack", "--chart", chart, "--store", store, "--dry-run"];
}

describe("dray pack --chart", () => {
  it("knows the repositories and logins that Helm knows", async () => {
    const { url } = await startPrivate();
    const path = join(await temporaryDirectory(), "repositories.yaml");
    const entry = `{ name: stable, url: "${url}", username: ada, password: secret }`;
    await writeFile(path, `repositories: [${entry}]\n`);
    const env = { HELM_REPOSITORY_CONFIG: path };
    for (const chart of ["@stable#web:^1", `${url}#web`]) {
      const { code, stdout } = await dray(await packArguments(chart), { env });
      expect([code, stdout]).toEqual([0, expect.stringContaining("charts/web:1.0.0")]);
    }
  });

  it("takes the login of this run for the one repository that is named", async () => {
    const { url } = await startPrivate();
    const login = ["--username", "ada", "--password-stdin"];
    const alone = [...(await packArguments(`${url}#web`)), ...login];
    expect((await dray(alone, { stdin: "secret\n" })).code).toBe(0);
    const { code, stderr } = await dray([...alone, "--image", "alpine:3"], { stdin: "secret\n" });
    expect([code, stderr]).toEqual([2, expect.stringContaining("names 2 registries")]);
  });

  it("gives that login to nobody whom only a chart names", async () => {
    const repository = await startPrivate();
    const directory = await temporaryDirectory();
    const dependency = `{ name: web, version: 1.0.0, repository: "${repository.url}" }`;
    const yaml = chartYaml("demo", `dependencies: [${dependency}]\n`);
    await writeFile(join(directory, "Chart.yaml"), yaml);
    const login = ["--username", "ada", "--password-stdin"];
    const argv = [...(await packArguments(directory)), ...login];
    const { code, stderr } = await dray(argv, { stdin: "secret\n" });
    expect([code, stderr]).toEqual([1, expect.stringContaining("answered 401")]);
    expect(repository.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it("says how to log in", async () => {
    const { url } = await startPrivate();
    const { code, stderr } = await dray(await packArguments(`${url}#web`));
    expect([code, stderr]).toEqual([1, expect.stringContaining("helm repo add --username")]);
  });
});
