import { spawnSync } from "node:child_process";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
const RULES = (
  createRequire(import.meta.url)("../../.dependency-cruiser.cjs") as {
    forbidden: readonly { name: string }[];
  }
).forbidden.map(({ name }) => name);

interface Summary {
  readonly totalCruised: number;
  readonly violations: readonly { from: string; to: string; rule: { name: string } }[];
}

/** Runs the project's own check on a tree. */
function cruise(directory: string): Summary {
  const args = [
    PROGRAM,
    "--config",
    ".dependency-cruiser.cjs",
    "--output-type",
    "json",
    "bin",
    "src",
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: directory,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  expect(stderr).toBe("");
  return (JSON.parse(stdout) as { summary: Summary }).summary;
}

/** What each file of a tree imports: one offence against each rule, and whatever that needs. */
const OFFENCES: Readonly<Record<string, { readonly file: string; readonly imports: string }>> = {
  "no-circular": { file: "src/intake/chicken.ts", imports: "./egg.ts" },
  "no-orphans": { file: "src/intake/alone.ts", imports: "" },
  "no-dumping-ground": { file: "src/intake/tidy.ts", imports: "./helpers.ts" },
  "oci-knows-its-place": { file: "src/oci/impure.ts", imports: "../content/content.ts" },
  "yaml-knows-its-place": { file: "src/yaml/curious.ts", imports: "../oci/digest.ts" },
  "content-knows-its-place": { file: "src/content/curious.ts", imports: "../archive/tar/tar.ts" },
  "archive-knows-its-place": { file: "src/archive/curious.ts", imports: "../trust/keys.ts" },
  "layout-knows-its-place": { file: "src/layout/curious.ts", imports: "../trust/keys.ts" },
  "trust-knows-its-place": { file: "src/trust/friendly.ts", imports: "../layout/layout.ts" },
  "remote-knows-its-place": { file: "src/remote/friendly.ts", imports: "../layout/layout.ts" },
  "chart-knows-its-place": { file: "src/chart/greedy.ts", imports: "../trust/keys.ts" },
  "bundle-knows-its-place": { file: "src/bundle/greedy.ts", imports: "../layout/layout.ts" },
  "foreign-knows-its-place": { file: "src/foreign/greedy.ts", imports: "../layout/layout.ts" },
  "helm-knows-its-place": { file: "src/helm/greedy.ts", imports: "../archive/tar/tar.ts" },
  "discover-knows-its-place": { file: "src/discover/greedy.ts", imports: "../trust/keys.ts" },
  "server-knows-its-place": { file: "src/server/greedy.ts", imports: "../trust/keys.ts" },
  "intake-knows-its-place": { file: "src/intake/recipe/far.ts", imports: "../../delivery/map.ts" },
  "delivery-knows-its-place": { file: "src/delivery/far.ts", imports: "../layout/layout.ts" },
  "repoint-knows-its-place": { file: "src/repoint/far.ts", imports: "../layout/layout.ts" },
  "report-knows-its-place": { file: "src/report/far.ts", imports: "../layout/layout.ts" },
  "oci-does-no-io": { file: "src/oci/reads.ts", imports: "node:fs/promises" },
  "http-knows-no-protocol": {
    file: "src/remote/http/clever.ts",
    imports: "../registry/client.ts",
  },
  "remotes-do-not-meet": {
    file: "src/remote/chart-repository/friendly.ts",
    imports: "../registry/client.ts",
  },
  "readers-do-not-meet": { file: "src/foreign/readers/one.ts", imports: "./other.ts" },
  "plans-do-no-io": { file: "src/intake/plan.ts", imports: "node:fs" },
  "stories-do-not-call-stories": { file: "src/stories/verify.ts", imports: "./pack.ts" },
  "nobody-calls-a-story": { file: "src/novel/bossy.ts", imports: "../stories/pack.ts" },
  "the-root-has-only-leaves": { file: "src/stray.ts", imports: "./oci/digest.ts" },
  "defaults-join-what-reads-them": { file: "src/defaults.ts", imports: "./layout/layout.ts" },
  "defaults-are-for-callers": { file: "src/stories/presuming.ts", imports: "../defaults.ts" },
  "cli-uses-the-library": { file: "src/cli/shortcut.ts", imports: "../oci/digest.ts" },
  "nothing-imports-the-edge": { file: "src/stories/upwards.ts", imports: "../cli/program.ts" },
  "entries-are-for-programs": { file: "src/intake/guest.ts", imports: "../oci/index.ts" },
  "src-never-imports-tests": { file: "src/intake/tested.ts", imports: "../../fixtures/maker.ts" },
  "process-stays-at-the-edge": { file: "src/intake/env.ts", imports: "node:process" },
  "zod-has-one-home": { file: "src/oci/shapes.ts", imports: "zod" },
  "p-limit-has-one-home": { file: "src/layout/queue.ts", imports: "p-limit" },
  "undici-has-one-home": { file: "src/remote/registry/second.ts", imports: "undici" },
  "tldts-has-one-home": { file: "src/intake/domains.ts", imports: "tldts" },
  "tar-has-one-home": { file: "src/archive/second-tar.ts", imports: "tar/header" },
  "archiver-has-one-home": { file: "src/archive/second.ts", imports: "archiver" },
  "yauzl-has-one-home": { file: "src/intake/zips.ts", imports: "yauzl" },
  "fzstd-has-one-home": { file: "src/archive/second-zstd.ts", imports: "fzstd" },
  "xxhash-wasm-has-one-home": { file: "src/archive/second-hash.ts", imports: "xxhash-wasm" },
  "commander-has-one-home": { file: "src/intake/flags.ts", imports: "commander" },
  "js-yaml-has-one-home": { file: "src/intake/yaml.ts", imports: "js-yaml" },
  "@aws-sdk-has-one-home": { file: "src/remote/registry/aws.ts", imports: "@aws-sdk/client-ecr" },
  "@sigstore-has-one-home": { file: "src/trust/second.ts", imports: "@sigstore/verify" },
  "string-width-has-one-home": { file: "src/cli/wide-table.ts", imports: "string-width" },
  "smol-toml-has-one-home": { file: "src/yaml/toml.ts", imports: "smol-toml" },
  "semver-has-one-home": { file: "src/intake/versions.ts", imports: "semver" },
  "ajv-has-one-home": { file: "src/helm/render/schema.ts", imports: "ajv" },
  "re2js-has-one-home": { file: "src/helm/patterns.ts", imports: "re2js" },
};

/** Files that offend against nothing; each is imported by an offender or imports another. */
const GOOD: Readonly<Record<string, string>> = {
  "src/intake/egg.ts": "./chicken.ts",
  "src/intake/helpers.ts": "",
  "src/intake/resolve.ts": "../oci/digest.ts",
  "src/content/content.ts": "../oci/digest.ts",
  "src/archive/tar/tar.ts": "",
  "src/archive/tar/tar-header.ts": "tar/header",
  "src/layout/layout.ts": "../content/content.ts",
  "src/trust/keys.ts": "node:crypto",
  "src/delivery/map.ts": "../oci/digest.ts",
  "src/stories/pack.ts": "../intake/resolve.ts",
  "src/oci/digest.ts": "node:crypto",
  "src/oci/index.ts": "./digest.ts",
  "src/cli/program.ts": "commander",
  "src/remote/http/transport.ts": "undici",
  "src/remote/registry/client.ts": "../http/transport.ts",
  "src/foreign/readers/other.ts": "",
  "fixtures/maker.ts": "",
  "bin/dray.ts": "../src/cli/program.ts",
};

async function plant(): Promise<string> {
  const directory = await temporaryDirectory();
  const files = Object.values(OFFENCES).map(({ file, imports }) => [file, imports] as const);
  for (const [file, imports] of [...Object.entries(GOOD), ...files]) {
    const path = join(directory, file);
    await mkdir(dirname(path), { recursive: true });
    // A type is enough to offend.
    await writeFile(path, imports === "" ? "export {};\n" : `import type {} from "${imports}";\n`);
  }
  for (const name of [".dependency-cruiser.cjs", "tsconfig.json", "package.json"]) {
    await cp(join(ROOT, name), join(directory, name));
  }
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  return directory;
}

describe("the rules of import direction", () => {
  it("each have an offence here that shows them at work", () => {
    expect(Object.keys(OFFENCES).toSorted()).toEqual(RULES.toSorted());
  });

  it("fire, each at its own offence and nowhere else", async () => {
    const { violations } = cruise(await plant());
    for (const [rule, { file, imports }] of Object.entries(OFFENCES)) {
      const fired = violations
        .filter(({ from }) => from === file)
        .map(({ rule: { name } }) => name);
      expect(fired, `${file} imports ${imports}`).toEqual([rule]);
    }
    const offenders = new Set(Object.values(OFFENCES).map(({ file }) => file));
    const others = violations.filter(({ from }) => !offenders.has(from));
    expect(others).toEqual([]);
  });

  it("hold for the project, all of which is seen", () => {
    const { totalCruised, violations } = cruise(ROOT);
    expect(totalCruised).toBeGreaterThan(100);
    expect(violations).toEqual([]);
  });
});
