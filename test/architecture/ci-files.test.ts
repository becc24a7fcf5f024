import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { describedProgram } from "../../scripts/commands/program.ts";

const PACKAGE = createRequire(import.meta.url)("../../package.json") as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** What is used of https://docs.github.com/actions/reference/workflow-syntax-for-github-actions */
const step = z
  .strictObject({
    name: z.string().optional(),
    id: z.string().optional(),
    if: z.string().optional(),
    uses: z
      .string()
      .regex(/^actions\/[a-z-]+(\/[a-z]+)?@v\d+$/)
      .optional(),
    run: z.string().optional(),
    with: z.record(z.string(), z.unknown()).optional(),
    env: z.record(z.string(), z.string()).optional(),
    "working-directory": z.string().optional(),
  })
  .refine(({ uses, run }) => (uses === undefined) !== (run === undefined), "either uses or run");

const workflow = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  // A token that can do more is given to one job, by name.
  permissions: z.strictObject({ contents: z.literal("read") }),
  concurrency: z.unknown().optional(),
  jobs: z.record(
    z.string(),
    z.strictObject({
      "runs-on": z.string(),
      "timeout-minutes": z.int().optional(),
      strategy: z.unknown().optional(),
      permissions: z.record(z.string(), z.enum(["read", "write"])).optional(),
      steps: z.array(step).min(1),
    }),
  ),
});

const gitlab = z.record(
  z.string(),
  z.looseObject({ image: z.string(), script: z.array(z.string()).min(1) }),
);

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

const OWN = readdirSync(new URL(".github/workflows", ROOT)).map(
  (name) => `.github/workflows/${name}`,
);
const WORKFLOWS = [...OWN, "docs/ci/github-actions.yaml"];
const FILES = [...WORKFLOWS, "docs/ci/gitlab-ci.yaml", "docs/ci/Containerfile"];

/** The lines of a file that run dray. */
function commandsIn(text: string): string[] {
  return [...text.matchAll(/(?:^|- |run: )\s*(dray [^\n>]+)/gm)].map(([, line = ""]) =>
    line.trim(),
  );
}

describe("the files for CI", () => {
  it.each(WORKFLOWS)("%s is a workflow, with a token that can only read", (path) => {
    const { error } = workflow.safeParse(load(read(path)));
    expect(error === undefined ? "" : z.prettifyError(error)).toBe("");
  });

  it("docs/ci/gitlab-ci.yaml has jobs with a script", () => {
    const { error } = gitlab.safeParse(load(read("docs/ci/gitlab-ci.yaml")));
    expect(error === undefined ? "" : z.prettifyError(error)).toBe("");
  });

  it.each(["docs/ci/github-actions.yaml", "docs/ci/gitlab-ci.yaml"])(
    "%s runs commands with flags that dray has",
    async (path) => {
      const program = await describedProgram();
      const lines = commandsIn(read(path));
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines) {
        const [, name = "", ...words] = line.split(/\s+/);
        const command = program.commands.find((one) => one.name() === name);
        const known = command?.options.flatMap(({ long, short }) => [long, short]) ?? [];
        const flags = words.filter((word) => word.startsWith("-"));
        expect(known).toEqual(expect.arrayContaining(flags));
      }
    },
  );

  it("runs scripts that package.json has", () => {
    const named = OWN.flatMap((path) => [...read(path).matchAll(/npm run ([\w:-]+)/g)]);
    expect(named.length).toBeGreaterThan(1);
    for (const [, script = ""] of named) expect(Object.keys(PACKAGE.scripts)).toContain(script);
  });

  it("names no package registry, so that each uses the one it is set up for", () => {
    for (const path of FILES) expect(read(path)).not.toMatch(/registry-url|npmjs|https?:\/\//);
  });
});
