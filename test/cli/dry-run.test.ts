import { describe, expect, it } from "vitest";
import { describedProgram } from "../../scripts/commands/program.ts";
import { filesBelow } from "../stories/lab.ts";
import { Place } from "./place.ts";

/** Commands that leave nothing behind, and why. */
const WRITE_NOTHING: Readonly<Record<string, string>> = {
  images: "prints",
  preflight: "only asks",
  inspect: "prints",
  verify: "prints",
  check: "prints",
  diff: "prints",
  serve: "is there for as long as it runs",
  completion: "prints",
};

/** One line for each command that writes, and what a dry run of it says. */
const LINES = [
  ["pack --file @note.txt --name x --unsigned -o @x.tar.gz --lock @x.lock.json", "nothing was"],
  ["copy --image H/acme/web:2.0 H/other", "Nothing was sent"],
  ["push B T --allow-unsigned --receipt @r.json --repoint @deploy", "Nothing was sent"],
  ["sign B --sign-key @release.key", "Nothing was"],
  ["sign B --sign-command false --sign-public-key @release.pub", "Nothing was"],
  ["split B --size 2000", "Nothing was"],
  ["unpack B @a/deep/place --allow-unsigned", "Nothing was"],
  ["unpack B @images --allow-unsigned --as oci-archive --platform linux/amd64", "Nothing was"],
  ["keygen @new --no-passphrase", "No key was made"],
  ["inventory T -o @have.json", "Nothing was"],
  ["repoint B T --allow-unsigned --no-helm -o @deploy/here --nodes containerd", "Nothing was"],
  ["report B -o @report.html", "Nothing was"],
  ["login H --username me --password-stdin", "would be kept"],
  ["logout r.example", "would go from"],
] as const;

const { commands: described } = await describedProgram();

describe("every command that writes", () => {
  const commands = described
    .map((command) => command.name())
    .filter((name) => name !== "complete" && !(name in WRITE_NOTHING));

  it("has a line in this test", () => {
    const tried = new Set<string>(LINES.map(([line]) => line.split(" ")[0] ?? ""));
    expect([...tried].toSorted()).toEqual(commands.toSorted());
  });

  it.each(LINES)("%s --dry-run says what it would do, and does nothing", async (line, said) => {
    const place = await Place.open();
    if (line.startsWith("copy")) await place.dray("push B H --allow-unsigned");
    const before = await filesBelow(place.folder);
    const { code, stdout, stderr } = await place.dray(`${line} --dry-run`);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toContain(said);
    expect(await filesBelow(place.folder)).toEqual(before);
    const json = await place.dray(`${line} --dry-run --json`);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([0, expect.any(Object)]);
    expect(await filesBelow(place.folder)).toEqual(before);
  });
});

it("no command has an --output or --receipt to write and no --dry-run", () => {
  const writing = described.filter(({ options }) =>
    options.some(({ long, description }) => long === "--output" && !description.includes("would")),
  );
  for (const command of writing) {
    expect(command.options.map(({ long }) => long)).toContain("--dry-run");
  }
  expect(writing.length).toBeGreaterThan(4);
});

describe("a dry run ends as the run would", () => {
  it.each([
    ["pack --file @note.txt --name x --sign-key @none.key", 2, "no such file"],
    ["pack --file @note.txt --name x --sign-key @note.txt", 2, "note.txt"],
    ["pack --file @note.txt --name x -o @sample-1.0.0.tar.gz", 2, "it exists already"],
    ["pack --file @note.txt --name x -o @none/x.tar.gz", 2, "is not there"],
    ["pack --file @note.txt --name x -o @docker", 2, "it is a directory"],
    ["sign B --sign-key @none.key", 2, "no such file"],
    ["split B --size 2000 -o @none", 2, "is not there"],
    ["unpack B @docker --allow-unsigned", 2, "expected nothing there"],
    ["unpack B @note.txt/x --allow-unsigned", 2, "is no directory"],
    ["unpack B @new", 3, "There is no key to check"],
    ["keygen @release", 2, "it exists already"],
    ["keygen @none/new --no-passphrase", 2, "there is no directory"],
    ["keygen @new", 2, "expected a passphrase"],
    ["inventory T -o @none/have.json", 2, "is not there"],
    ["repoint B T --allow-unsigned --no-helm -o @note.txt", 2, "is no directory"],
    ["push B T --allow-unsigned --repoint @note.txt", 2, "is no directory"],
    ["report B -o @note.html/x.md", 2, "is not there"],
  ])("%s: %i", async (line, wanted, why) => {
    const { code, stderr } = await (await Place.open()).dray(`${line} --dry-run`);
    expect([code, stderr]).toEqual([wanted, expect.stringContaining(why)]);
  });

  it("where a signature is there already: 2", async () => {
    const place = await Place.open();
    expect((await place.dray("sign B --sign-key @release.key")).code).toBe(0);
    const { code, stderr } = await place.dray("sign B --sign-key @release.key --dry-run");
    expect([code, stderr]).toEqual([2, expect.stringContaining("it exists already")]);
  });
});
