import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  parseTargetFile,
  requireNothingTrusted,
  targetJsonSchema,
  type TargetFile,
} from "../../src/delivery/target-file.ts";
import { refusal } from "../refusal.ts";

function read(text: string, path = "target.yaml"): TargetFile {
  return parseTargetFile(Buffer.from(text), path);
}

describe("parseTargetFile()", () => {
  it("reads all that there is, paths relative to the file", () => {
    expect(
      read(
        `
target: registry.internal:5000/mirror
map: keep-host
rules:
  - { from: docker.io/library/, to: /base/ }
overwrite: true
keys: [keys/release.pub, /etc/dray/second.pub]
require: 2
caFiles: [corporate.pem]
tokenHosts: [auth.internal]
plainHttp: false
concurrency: 8
`,
        "deploy/target.yaml",
      ),
    ).toEqual({
      target: "registry.internal:5000/mirror",
      map: "keep-host",
      rules: [{ from: "docker.io/library", to: "base" }],
      overwrite: true,
      keys: ["deploy/keys/release.pub", "/etc/dray/second.pub"],
      require: 2,
      caFiles: ["deploy/corporate.pem"],
      tokenHosts: ["auth.internal"],
      plainHttp: false,
      concurrency: 8,
    });
  });

  it.each(["", "# nothing yet\n"])("reads %j, which says nothing", (text) => {
    expect(Object.values(read(text)).filter((value) => value !== undefined)).toEqual([]);
  });

  it.each([
    [
      "target: r.example\noverwite: true",
      'line 2, column 1: unknown key "overwite"; did you mean "overwrite"?',
    ],
    ["map: flat", "line 1, column 1: map: expected drop-host, keep-host, flatten"],
    ["target: <REGISTRY>/x", 'line 1, column 1: Cannot take "<REGISTRY>/x" for a target'],
    ["overwrite: yes", "line 1, column 1: overwrite: expected true, false"],
    ["require: 0", "line 1, column 1: require: expected a whole number from 1 to 100"],
    ["concurrency: 65", "line 1, column 1: concurrency: expected at most 64"],
    ["concurrency: many", "expected a whole number from 1 to 64"],
    ["rules: [{from: a}]", "rules, item 1, to: expected a text"],
    ["keys: release.pub", "line 1, column 1: keys: expected a list"],
    ["- target", "expected a table of keys and values"],
    ["target: a\ntarget: b", "duplicated key"],
    ["target: [", "line 1"],
  ])("says of %j where it is wrong and what was wanted", async (text, message) => {
    const error = await refusal(() => read(text));
    expect(error).toMatchObject({ code: "DRAY_TARGET_FILE_INVALID", kind: "usage" });
    expect(error.message).toContain('Cannot read "target.yaml": ');
    expect(error.message).toContain(message);
  });
});

describe("a target file that nobody named", () => {
  it("may say where a bundle goes", () => {
    const file = read("target: r.example\nrequire: 2\nrules: []");
    expect(() => requireNothingTrusted(file, "target.yaml")).not.toThrow();
  });

  it.each([
    "keys: [a.pub]",
    "policy: [{ images: x, signedBy: [{ key: a.pub }] }]",
    "caFiles: [a.pem]",
    "tokenHosts: [a]",
    "plainHttp: true",
  ])("may not say whom to trust: %s", async (text) => {
    const error = await refusal(() => requireNothingTrusted(read(text), "target.yaml"));
    expect(error).toMatchObject({ code: "DRAY_TARGET_FILE_UNNAMED", kind: "usage" });
    expect(error.hint).toContain("--target-file target.yaml");
  });
});

it("schema/target.schema.json is what the code makes of target.yaml", async () => {
  const written = await readFile(
    new URL("../../schema/target.schema.json", import.meta.url),
    "utf8",
  );
  expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(targetJsonSchema())));
});
