import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { refuse } from "../../fixtures/faults.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { basicDoor } from "../../fixtures/token-server.ts";
import { parseReceipt } from "../../src/delivery/receipt-schema.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { dray, type Outcome, type TerminalOptions } from "./terminal.ts";

interface Sides {
  readonly source: TestRegistry;
  readonly target: TestRegistry;
  readonly directory: string;
  readonly recipe: string;
}

async function sides(): Promise<Sides> {
  const [source, target] = [await startRegistry(), await startRegistry()];
  await fill(source, oneLayerImage("one"), "team/one:1");
  await fill(source, oneLayerImage("two"), "team/two:2");
  const directory = await temporaryDirectory();
  const recipe = join(directory, "bundle.yaml");
  const images = `images:\n  - ${source.host}/team/one:1\n  - ${source.host}/team/two:2\n`;
  await writeFile(recipe, `name: shop\nversion: 1.4.0\n${images}`);
  return { source, target, directory, recipe };
}

async function copy(
  { recipe, directory }: Sides,
  words: readonly string[],
  options?: TerminalOptions,
): Promise<Outcome> {
  const store = join(directory, "store");
  return dray(["copy", recipe, ...words, "--store", store, "--retry-for", "0"], options);
}

function writes(target: TestRegistry): number {
  return target.seen.filter(({ method }) => !/^(GET|HEAD|OPTIONS)$/.test(method)).length;
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

/** Every login that a registry was shown. */
function shown({ seen }: TestRegistry): unknown[] {
  return seen.map(({ headers }) => headers.authorization);
}

describe("dray copy", () => {
  it("says of every image where it goes, and that it is there", async () => {
    const at = await sides();
    const { host } = at.target;
    const rehearsed = await copy(at, [`${host}/mirror`, "--dry-run"]);
    expect(rehearsed.code).toBe(0);
    expect(rehearsed.stdout).toContain(
      `Copying ${at.source.host}/team/one:1 to ${host}/mirror/team/one:1 (dry-run)\n` +
        `Copying ${at.source.host}/team/two:2 to ${host}/mirror/team/two:2 (dry-run)\n`,
    );
    expect(writes(at.target)).toBe(0);
    const done = await copy(at, [`${host}/mirror`]);
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(/^pushed {2}image {2}\S+\/mirror\/team\/one:1 /m);
    expect(done.stdout).toContain(`shop 1.4.0 is in ${host}; every manifest was read back.\n`);
    const again = await copy(at, [`${host}/mirror`, "--dry-run"]);
    expect(again.stdout).toContain(`Already there: ${host}/mirror/team/one:1 (dry-run)\n`);
  });

  it("ends with 4 where the target refuses an image, with a table, a receipt and a document", async () => {
    const at = await sides();
    const { host } = at.target;
    at.target.inject({ path: /^\/v2\/team\/one\/./ }, refuse(404, "NAME_UNKNOWN"));
    const receipt = join(at.directory, "receipt.json");
    const { code, stdout, stderr } = await copy(at, [host, "--receipt", receipt]);
    expect(code).toBe(4);
    expect(stdout).toContain(`shop 1.4.0 is in ${host} in part.\n`);
    expect(stderr).toContain(`Missing repositories:\n  ${host}/team/one\n`);
    const list = await copy(at, [host, "--list-repositories"]);
    expect([list.code, list.stdout]).toEqual([0, "team/one\nteam/two\n"]);
    expect(parseReceipt(await readFile(receipt), receipt)).toMatchObject({
      outcome: "partial",
      bundle: { path: at.recipe, name: "shop", version: "1.4.0" },
    });
    const json = await copy(at, [host, "--json"]);
    expect(json.code).toBe(4);
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: "shop",
      artifacts: [{ code: "DRAY_REPOSITORY_MISSING" }, { result: "present" }],
    });
  });

  it("ends with what pack ends with where an image is not there", async () => {
    const at = await sides();
    const none = ["--image", `${at.source.host}/team/none:1`];
    const packed = await dray(["pack", at.recipe, ...none, "--dry-run"]);
    const copied = await copy(at, [at.target.host, ...none]);
    expect(copied.code).toBe(packed.code);
    expect(copied.code).not.toBe(0);
    expect(copied.stderr).toContain("team/none:1");
    expect(writes(at.target)).toBe(0);
  });

  it("gives the login of the command line to the target alone, that of a file to its host", async () => {
    const at = await sides();
    at.source.door = basicDoor({ reader: "source-word" });
    at.target.door = basicDoor({ writer: "target-word" });
    await mkdir(join(at.directory, ".docker"));
    const auth = Buffer.from("reader:source-word").toString("base64");
    const auths = { [at.source.host]: { auth } };
    await writeFile(join(at.directory, ".docker/config.json"), JSON.stringify({ auths }));
    const options = { env: { HOME: at.directory }, stdin: "target-word\n" };
    const words = [at.target.host, "--username", "writer", "--password-stdin"];
    const { code, stderr } = await copy(at, words, options);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("word")]);
    expect(shown(at.target)).not.toContain(basic("reader:source-word"));
    expect(shown(at.source)).not.toContain(basic("writer:target-word"));
  });

  it("takes target and source from the target file", async () => {
    const at = await sides();
    const file = join(at.directory, "target.yaml");
    const text = `target: ${at.target.host}/mirror\nsource:\n  plainHttp: true\n`;
    await writeFile(file, text);
    const { code, stdout } = await copy(at, ["--target-file", file, "--dry-run"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('source: {"plainHttp":true}')]);
    await writeFile(file, `${text}  insecure: true\n`);
    const refused = await copy(at, ["--target-file", file, "--dry-run"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("insecure");
  });

  it.each([
    [["copy"], "Expected a target"],
    [["copy", "bundle.yaml", "registry.example/mirror", "--receipt", "-"], "the receipt"],
    [["copy", "registry.example/mirror"], "DRAY|image"],
  ])("%j ends with 2 before anybody is asked", async (argv, why) => {
    const { code, stderr } = await dray(argv);
    expect([code, stderr]).toEqual([2, expect.stringMatching(why)]);
  });
});
