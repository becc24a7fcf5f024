import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { refuse } from "../../fixtures/faults.ts";
import { printedSchemas } from "../../scripts/schema/printed.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { dray } from "./terminal.ts";

async function published(name: string): Promise<object> {
  const file = new URL(`../../schema/${name}.schema.json`, import.meta.url);
  return JSON.parse(await readFile(file, "utf8")) as object;
}

/** What a command prints, and what is wrong with it by its schema. */
async function printed(words: readonly string[]): Promise<{ code: number; problems: unknown }> {
  const { code, stdout } = await dray([...words, "--json", "--retry-for", "0"]);
  expect(stdout).not.toBe("");
  const fits = new Ajv2020({ strict: false }).compile(await published(words[0] ?? ""));
  fits(JSON.parse(stdout));
  return { code, problems: fits.errors };
}

it.each(Object.entries(printedSchemas))(
  "schema/%s.schema.json is what the code makes of it",
  async (name, schema) => {
    expect(await published(name)).toEqual(JSON.parse(JSON.stringify(schema)));
  },
);

describe("the JSON of dray push has its schema", () => {
  it.each([[[]], [["--dry-run"]], [["--list-repositories"]]])("with %s", async (flags) => {
    const { host } = await startRegistry();
    const { path } = await makeBundle();
    const words = ["push", path, `${host}/mirror`, "--allow-unsigned", ...flags];
    expect(await printed(words)).toEqual({ code: 0, problems: null });
  });

  it("where not all of it is taken", async () => {
    const target = await startRegistry();
    target.inject({ method: "PUT", path: /manifests/ }, refuse(403, "DENIED"));
    const { path } = await makeBundle();
    const words = ["push", path, `${target.host}/mirror`, "--allow-unsigned"];
    expect(await printed(words)).toEqual({ code: 4, problems: null });
  });
});

describe("the JSON of dray copy and preflight has its schema", () => {
  it.each([
    ["copy", []],
    ["copy", ["--dry-run"]],
    ["preflight", []],
  ])("%s %s", async (command, flags) => {
    const [source, target] = [await startRegistry(), await startRegistry()];
    await fill(source, oneLayerImage("one"), "team/one:1");
    const where = command === "copy" ? [target.host] : ["--target", target.host];
    const image = `${source.host}/team/one:1`;
    const words = [command, ...where, "--image", image, ...flags];
    expect(await printed(words)).toEqual({ code: 0, problems: null });
  });

  it("preflight that finds something wrong", async () => {
    const words = ["preflight", "--image", "127.0.0.1:1/team/one:1"];
    expect(await printed(words)).toEqual({ code: 3, problems: null });
  });
});
