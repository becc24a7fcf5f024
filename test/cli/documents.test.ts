import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import { describedProgram } from "../../scripts/commands/program.ts";
import { Place } from "./place.ts";

/** What is wrong with a document by a schema of schema/; what is not described there is wrong too. */
async function problems(text: string, name: string): Promise<unknown> {
  const file = new URL(`../../schema/${name}.schema.json`, import.meta.url);
  const schema = JSON.parse(await readFile(file, "utf8"), closed) as object;
  const fits = new Ajv2020({ strict: false, formats: { "date-time": true } }).compile(schema);
  fits(JSON.parse(text));
  return fits.errors;
}

/** A schema that takes no property but those that it describes. */
function closed(_key: string, value: unknown): unknown {
  const isObject = typeof value === "object" && value !== null && "properties" in value;
  return isObject && "type" in value ? { additionalProperties: false, ...value } : value;
}

/** Lines in their order, in one place, each with the code that it ends with. */
const LINES = [
  ["images @shop.tgz --no-helm", 0],
  ["images @shop.tgz --no-helm --check @note.txt", 3],
  ["inspect B", 0],
  ["inspect B --sbom", 0],
  ["verify B", 3],
  ["sign B --sign-key @release.key --dry-run", 0],
  ["sign B --sign-key @release.key", 0],
  ["verify B --key @release.pub", 0],
  ["check B --key @release.pub --no-helm", 0],
  ["check B --key @release.pub --no-helm --target r.example", 3],
  ["push B T --allow-unsigned --dry-run", 0],
  ["push B T --allow-unsigned --list-repositories", 0],
  ["push B T --allow-unsigned --receipt @r.json --repoint @deploy --no-helm", 0],
  ["push B T --allow-unsigned --receipt @r.json", 0],
  ["check --receipt @r.json", 0],
  ["inventory T -o @have.json --dry-run", 0],
  ["inventory T -o @have.json", 0],
  ["copy --image H/mirror/acme/web:2.0 H/other --dry-run", 0],
  ["copy --image H/mirror/acme/web:2.0 H/other --list-repositories", 0],
  ["copy --image H/mirror/acme/web:2.0 H/other", 0],
  ["preflight --image H/mirror/acme/web:2.0 --target H/other", 0],
  ["preflight --image 127.0.0.1:1/a:1 --retry-for 0", 3],
  ["pack --image H/mirror/acme/web:2.0 --file @note.txt --name x --dry-run -o @x.tar.gz", 0],
  ["pack --image H/mirror/acme/web:2.0 --file @note.txt --name x --unsigned -o @x.tar.gz", 0],
  ["pack --chart @shop.tgz --skip */acme/*=no --name y --unsigned --no-helm -o @y.tar.gz", 0],
  ["pack --from B --since @r.json --allow-unsigned --unsigned --name d -o @d.tar.gz", 0],
  ["diff B @x.tar.gz", 0],
  ["report B --key @release.pub --receipt @r.json --since @x.tar.gz", 0],
  ["report B -o @report.html", 0],
  ["split B --size 2000 --dry-run", 0],
  ["split B --size 2000 --check-written", 0],
  ["unpack B @a --allow-unsigned --dry-run", 0],
  ["unpack B @a --allow-unsigned", 0],
  ["unpack B @images --allow-unsigned --as oci-archive", 0],
  ["keygen @new --no-passphrase --dry-run", 0],
  ["keygen @new --no-passphrase", 0],
  ["repoint B T --allow-unsigned --no-helm -o @deploy --nodes containerd --flux", 0],
  ["repoint B T --allow-unsigned --no-helm --explain acme/web", 0],
  ["login H --username me --password-stdin --dry-run", 0],
  ["login H --username me --password-stdin", 0],
  ["logout H", 0],
] as const;

/** Schemas that are called otherwise than the command that prints the document. */
const NAMES: Readonly<Record<string, string>> = { inventory: "inventory-report" };

const { commands: described } = await describedProgram();

const commands = described.map((command) => command.name()).filter((name) => name !== "complete");

it("what every command prints with --json has its schema, and what it writes too", async () => {
  const place = await Place.open();
  const tried = new Set<string>();
  const found: unknown[] = [];
  for (const [line, wanted] of LINES) {
    const { code, stdout, stderr } = await place.dray(`${line} --json`);
    const [command = ""] = line.split(" ");
    found.push([
      line,
      code,
      code === wanted ? await problems(stdout, NAMES[command] ?? command) : stderr,
    ]);
    tried.add(command);
  }
  expect(found).toEqual(LINES.map(([line, code]) => [line, code, null]));
  // One of the two prints a script, the other is below.
  expect(commands.filter((name) => !tried.has(name))).toEqual(["serve", "completion"]);
  for (const [file, name] of [
    ["deploy/mapping.json", "mapping"],
    ["deploy/shop.proof.json", "proof"],
    ["have.json", "inventory"],
    ["r.json", "receipt"],
  ] as const) {
    const text = await readFile(place.at(file), "utf8");
    expect([file, await problems(text, name)]).toEqual([file, null]);
  }
});

it("what serve prints when it listens has its schema", async () => {
  const place = await Place.open();
  const stop = new AbortController();
  const { stdout } = await place.dray("serve B --allow-unsigned --port 0 --json", {
    signal: stop.signal,
    onStdout: () => stop.abort(),
  });
  expect(await problems(stdout, "serve")).toBe(null);
});

it("a lock has its schema", async () => {
  const place = await Place.open();
  await place.dray("push B T --allow-unsigned");
  const image = "--image H/mirror/acme/web:2.0 --name x --unsigned";
  await place.dray(`pack ${image} -o @x.tar.gz --lock @x.lock.json`);
  expect(await problems(await readFile(place.at("x.lock.json"), "utf8"), "lock")).toBe(null);
});

it("where a command is used wrongly there is a document on stdout too: 2", async () => {
  const place = await Place.open();
  for (const command of [...commands, "nonsense", ""]) {
    const { code, stdout } = await place.dray(`${command} --nonsense --json`.trim());
    expect([command, code, await problems(stdout, "error")]).toEqual([command, 2, null]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "DRAY_USAGE" } });
  }
});

it("where a command is interrupted there is one: 130", async () => {
  const place = await Place.open();
  for (const line of [
    "images @shop.tgz --no-helm",
    "pack --chart @shop.tgz --unsigned --no-helm -o @x.tar.gz",
    "copy --image H/a:1 H/b",
    "preflight --image H/a:1",
    "inspect B",
    "verify B",
    "check B --allow-unsigned --no-helm",
    "diff B B",
    "report B",
    "split B --size 2000",
    "unpack B @a --allow-unsigned",
    "sign B --sign-key @release.key",
    "push B T --allow-unsigned",
    "inventory T -o @have.json",
    "repoint B T --allow-unsigned --no-helm -o @deploy",
    "serve B --allow-unsigned --port 0",
    "login H --username me --password-stdin",
  ]) {
    const { code, stdout } = await place.dray(`${line} --json`, { signal: AbortSignal.abort() });
    const { error } = JSON.parse(stdout) as { error?: { code: string } };
    // What was done before anybody asked for the end is reported as ever.
    expect([line, code, error?.code ?? "DRAY_INTERRUPTED"]).toEqual([
      line,
      130,
      "DRAY_INTERRUPTED",
    ]);
  }
});

it("where a bundle is refused there is one, with all that was found: 3", async () => {
  const place = await Place.open();
  const { code, stdout } = await place.dray("push B T --json");
  expect([code, await problems(stdout, "error")]).toEqual([3, null]);
});
