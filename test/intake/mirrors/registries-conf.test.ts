import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { placesOf } from "../../../src/intake/mirrors/places.ts";
import {
  parseRegistriesConf,
  readRegistriesConf,
} from "../../../src/intake/mirrors/registries-conf.ts";
import { formatReference, parseReference } from "../../../src/oci/reference.ts";
import { refusal } from "../../refusal.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

function read(text: string): ReturnType<typeof parseRegistriesConf> {
  return parseRegistriesConf(Buffer.from(text), "registries.conf");
}

function places(name: string, text: string): string[] {
  return placesOf(parseReference(name), read(text)).map(
    ({ reference, isInsecure }) => formatReference(reference) + (isInsecure ? " insecure" : ""),
  );
}

describe("parseRegistriesConf()", () => {
  it("reads what podman's manual page shows, and passes over what is about short names", () => {
    const text = `
unqualified-search-registries = ["docker.io"]
short-name-mode = "enforcing"
[aliases]
"alpine" = "docker.io/library/alpine"
[[registry]]
prefix = "example.com/foo"
insecure = false
blocked = false
location = "internal-registry-for-example.com/bar"
[[registry.mirror]]
location = "example-mirror-0.local/mirror-for-foo"
[[registry.mirror]]
location = "example-mirror-1.local/mirrors/foo"
insecure = true
`;
    expect(places("example.com/foo/image:latest", text)).toEqual([
      "example-mirror-0.local/mirror-for-foo/image:latest",
      "example-mirror-1.local/mirrors/foo/image:latest insecure",
      "internal-registry-for-example.com/bar/image:latest",
    ]);
    expect(places("example.com/other:1", text)).toEqual(["example.com/other:1"]);
  });

  it("keeps mirrors that are for digests, or for tags, to these", () => {
    const text = `
[[registry]]
location = "example.com"
[[registry.mirror]]
location = "digests.corp"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.corp"
pull-from-mirror = "tag-only"
`;
    expect(places("example.com/x:1", text)).toEqual(["tags.corp/x:1", "example.com/x:1"]);
    expect(places(`example.com/x@${DIGEST}`, text)).toEqual([
      `digests.corp/x@${DIGEST}`,
      `example.com/x@${DIGEST}`,
    ]);
    const all = `[[registry]]\nlocation = "example.com"\nmirror-by-digest-only = true\nmirror = [{location = "m.corp"}]`;
    expect(places("example.com/x:1", all)).toEqual(["example.com/x:1"]);
  });

  it("moves all below a domain, and takes an insecure one where it is", () => {
    const moved = `[[registry]]\nprefix = "*.example.com"\nlocation = "m.corp/all"`;
    expect(places("a.b.example.com/x:1", moved)).toEqual(["m.corp/all/x:1"]);
    const insecure = `[[registry]]\nprefix = "*.example.com"\ninsecure = true`;
    expect(places("a.example.com/x:1", insecure)).toEqual(["a.example.com/x:1 insecure"]);
  });

  it("blocks, and says which file does", async () => {
    const text = `[[registry]]\nlocation = "docker.io/bad"\nblocked = true`;
    const error = await refusal(() => places("docker.io/bad/x:1", text));
    expect(error).toMatchObject({ code: "DRAY_MIRROR_BLOCKED", kind: "refused" });
    expect(error.message).toContain('"registries.conf" blocks docker.io/bad');
    expect(places("docker.io/good/x:1", text)).toEqual(["docker.io/good/x:1"]);
  });

  it.each([
    [`[[registry]\n`, "line 1"],
    [`[[registry]]\nlocation = 5`, "registry, item 1, location"],
    [`[[registry]]\nprefix = "example.com"`, "item 1: expected a location beside the prefix"],
    [`[registries.search]\nregistries = ["docker.io"]`, "it is of version 1"],
    [
      `[[registry]]\nlocation = "a.b"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "c.d"\npull-from-mirror = "all"`,
      "are both set",
    ],
    [`[[registry]]\nlocation = "no host"`, "is not a host"],
  ])("refuses %j, with the place", async (text, words) => {
    const error = await refusal(() => read(text));
    expect(error).toMatchObject({ code: "DRAY_REGISTRIES_CONF_INVALID", kind: "usage" });
    expect(error.message).toContain(words);
  });
});

function rule(prefix: string, mirror: string): string {
  return `[[registry]]\nlocation = "${prefix}"\n[[registry.mirror]]\nlocation = "${mirror}"\n`;
}

describe("readRegistriesConf()", () => {
  it("reads the drop-ins beside it by their names, the last one of a prefix", async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, "registries.conf");
    await writeFile(path, rule("docker.io", "first.corp") + rule("quay.io", "first.corp"));
    await mkdir(`${path}.d`);
    await writeFile(join(`${path}.d`, "20-late.conf"), rule("docker.io", "late.corp"));
    await writeFile(join(`${path}.d`, "10-early.conf"), rule("docker.io", "early.corp"));
    await writeFile(join(`${path}.d`, "30-off.conf.bak"), rule("docker.io", "off.corp"));
    const rules = await readRegistriesConf(path);
    const first = (name: string): string | undefined =>
      placesOf(parseReference(name), rules).map(({ reference }) => reference.registry)[0];
    expect([first("alpine"), first("quay.io/a/b")]).toEqual(["late.corp", "first.corp"]);
  });

  it("names the drop-in that it cannot read", async () => {
    const path = join(await temporaryDirectory(), "registries.conf");
    await writeFile(path, "");
    await mkdir(`${path}.d`);
    await writeFile(join(`${path}.d`, "a.conf"), "[[registry");
    const { message } = await refusal(() => readRegistriesConf(path));
    expect(message).toContain("registries.conf.d/a.conf");
  });

  it("does without any", async () => {
    const path = join(await temporaryDirectory(), "registries.conf");
    await writeFile(path, '[[registry]]\nlocation = "docker.io"\n');
    expect(await readRegistriesConf(path)).toHaveLength(1);
  });
});
