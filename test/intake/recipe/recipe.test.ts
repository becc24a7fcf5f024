import fc from "fast-check";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { formatReference } from "../../../src/oci/reference.ts";
import { formatChart, parseChart } from "../../../src/intake/recipe/chart-request.ts";
import { parseImageList } from "../../../src/intake/recipe/image-list.ts";
import { formatLock, lockedDescriptor, parseLock } from "../../../src/intake/recipe/lock.ts";
import { mapRepository, parseMapRules } from "../../../src/delivery/mapping.ts";
import {
  fileRequest,
  parseRecipe,
  recipeJsonSchema,
  type Recipe,
} from "../../../src/intake/recipe/recipe.ts";
import { outcome, refusal } from "../../refusal.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;

async function read(text: string, path = "bundle.yaml"): Promise<Recipe> {
  return parseRecipe(Buffer.from(text), path);
}

const invalid = { code: "DRAY_RECIPE_INVALID", kind: "usage" };

describe("parseRecipe()", () => {
  it("reads all that there is", async () => {
    const recipe = await read(
      `
name: shop
version: 1.10
platforms: [linux/amd64, linux/arm64]
images:
  - alpine:3.20
  - docker://ghcr.io/org/app@${DIGEST}
  - { image: busybox, platforms: [linux/arm/v7] }
charts:
  - ./web-1.2.3.tgz
  - oci://ghcr.io/charts/db:1.0.0
  - { chart: cache, repo: https://charts.example/stable, version: 1.10 }
files:
  - docs/manual.pdf
  - { path: /etc/hosts, as: etc/hosts }
`,
      "work/bundle.yaml",
    );
    expect(recipe).toMatchObject({ name: "shop", version: "1.10" });
    expect(recipe.platforms).toHaveLength(2);
    expect(recipe.images.map(({ reference }) => formatReference(reference))).toEqual([
      "docker.io/library/alpine:3.20",
      `ghcr.io/org/app@${DIGEST}`,
      "docker.io/library/busybox:latest",
    ]);
    expect(recipe.images[2]?.platforms).toEqual([
      { os: "linux", architecture: "arm", variant: "v7" },
    ]);
    expect(recipe.charts).toMatchObject([
      { kind: "file", path: join("work", "web-1.2.3.tgz") },
      { kind: "oci", repository: "charts/db", version: "1.0.0" },
      { kind: "repository", name: "cache", version: "1.10" },
    ]);
    expect(recipe.files).toEqual([
      { path: join("work", "docs/manual.pdf"), as: "manual.pdf" },
      { path: "/etc/hosts", as: "etc/hosts" },
    ]);
  });

  it("keeps what looks like a number or a truth as it is written", async () => {
    expect(await read("name: 007\nversion: 1.10")).toMatchObject({ name: "007", version: "1.10" });
    expect(await read("name: yes\nversion: 1e3")).toMatchObject({ name: "yes", version: "1e3" });
    expect(await read("name: null\nversion: 2026-01-01")).toMatchObject({
      name: "null",
      version: "2026-01-01",
    });
  });

  it("that is an archive leads to the flags for one", () => {
    const tgz = gzipSync("chart");
    const hint = "A recipe is YAML. A bundle or an archive of images is named with --from, ";
    expect(() => parseRecipe(tgz, "a.tgz")).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(hint) as string }),
    );
  });

  it("of nothing is empty", async () => {
    expect(await read("")).toMatchObject({ images: [], charts: [], files: [], platforms: [] });
    expect(await read("# nothing yet\n")).toMatchObject({ images: [] });
  });

  it.each([
    [
      "an unknown name",
      "image: alpine",
      /line 1, column 1: unknown key "image"; did you mean "images"\?$/,
    ],
    ["a name that stands twice", "name: a\nname: b", /duplicated .* line 2, column 1/],
    ["two documents", "name: a\n---\nname: b", /document/i],
    ["a list", "- alpine", /expected a table of keys and values/],
    ["text", "alpine", /expected a table of keys and values/],
    ["images that are no list", "images: alpine", /line 1, column 1: images: expected a list$/],
    ["an image that is a list", "images: [[alpine]]", /images, item 1: it has none of the forms/],
    [
      "an image with an unknown name",
      "images: [{ image: a, tag: b }]",
      /images, item 1: unknown key "tag"$/,
    ],
    ["a tab as indentation", "images:\n\t- a", /tab/i],
    ["an unclosed list", "images: [a", /line 1/],
    ["an alias that leads nowhere", "images: *a", /alias/i],
    ["an alias to itself", "images: &a [*a]", /deeper/],
    [
      "a thousand million laughs",
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${"*a,".repeat(10)}]\nc: &c [${"*b,".repeat(10)}]\nd: &d [${"*c,".repeat(10)}]\nimages: [${"*d,".repeat(10)}]`,
      /alias/i,
    ],
    ["brackets without end", "[".repeat(100_000), /deeper/],
    ["braces without end", "{a: ".repeat(100_000), /deeper/],
    ["brackets that end", "[".repeat(5000) + "]".repeat(5000), /deeper/],
    ["brackets behind others", `a: ']]]]'\nb: ${"[".repeat(2000)}`, /deeper/],
    ["dashes without end", "- ".repeat(100_000), /deeper/],
    ["question marks without end", "? ".repeat(100_000), /deeper/],
    [
      "a stair of a thousand steps",
      Array.from({ length: 1000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
      /deeper/,
    ],
    [
      "a word of no list",
      "charts:\n- {chart: a}\n- chart: b\n  images: all",
      /line 4, column 3: charts, item 2, images: expected needed, discover, none$/,
    ],
    [
      "a name that nobody knows",
      "name: a\nfiles:\n  - pth: x\n",
      /line 3, column 5: files, item 1: unknown key "pth"; did you mean "path"\?/,
    ],
    ["bytes that are no text", "\u0000\u0001", /./],
  ])("refuses %s", async (_what, text, reason) => {
    await expect(read(text)).rejects.toMatchObject({
      ...invalid,
      message: expect.stringMatching(reason) as string,
    });
  });

  it("names every place that is wrong", async () => {
    await expect(read("images: [{}, {}]\nfiles: 1\nfoo: 2")).rejects.toMatchObject({
      message: expect.stringMatching(
        /images, item 1, image: .*images, item 2, image: .*files: .*"foo"/s,
      ) as string,
    });
  });

  it("passes on what a reference or platform is refused for", async () => {
    await expect(read("images:\n  - a\n  - 'Bad Name'")).rejects.toMatchObject({
      code: "DRAY_REFERENCE_INVALID",
      kind: "usage",
      message: expect.stringMatching(
        /^Cannot read "bundle.yaml": line 3, column 3: images, item 2: Cannot read reference/,
      ) as string,
    });
    await expect(read("platforms: [amd64]")).rejects.toMatchObject({
      code: "DRAY_PLATFORM_INVALID",
      message: expect.stringContaining("line 1, column 1: platforms, item 1: ") as string,
    });
    await expect(read("charts:\n- oci://x")).rejects.toMatchObject({
      message: expect.stringContaining("line 2, column 1: charts, item 1: ") as string,
    });
  });

  it("throws nothing but DrayError", () => {
    const piece = fc.constantFrom(
      "images:",
      "\n",
      "  ",
      "- ",
      "[",
      "]",
      "{",
      "}",
      ": ",
      "a",
      "&x ",
      "*x",
      "!!str ",
      "'",
      '"',
      "|\n",
      ">",
      "#",
      "---",
      "? ",
      "<<: ",
      "%YAML 1.1",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (yaml) => {
        expect(outcome(() => parseRecipe(Buffer.from(yaml), "bundle.yaml"))).toBeDefined();
        expect(outcome(() => parseMapRules(yaml, "rules.yaml"))).toBeDefined();
      }),
      { numRuns: 250 },
    );
  });

  it("has a JSON Schema for editors that names the same things", () => {
    expect(recipeJsonSchema()).toMatchObject({
      type: "object",
      additionalProperties: false,
      properties: { name: {}, version: {}, images: {}, charts: {}, files: {}, platforms: {} },
    });
  });
});

describe("parseChart()", () => {
  it.each([
    `oci://ghcr.io/c/web@${DIGEST}`,
    "oci://localhost:5000/web",
    "oci://localhost:5000/c/web:1.2.3+build.5",
    "oci://ghcr.io/c/web:>=1.2, <2 || ^3.0.0-0",
    "https://charts.example/stable?a=b#web:^1.2",
    "@stable#web",
    "charts/web-1.2.3.tgz",
  ])("reads %s, which is written the same way", (text) => {
    expect(formatChart(parseChart(text))).toBe(text);
  });

  it("takes a repository and a version that are written apart", () => {
    const place = { repo: "https://charts.example", version: "^1" };
    expect(formatChart(parseChart("web", place))).toBe("https://charts.example/#web:^1");
    expect(formatChart(parseChart("web", { repo: "@stable" }))).toBe("@stable#web");
  });

  it("says which part of a name in Helm's own form is that of the chart", () => {
    const hint = "Behind # stands the name that the index has: #agent";
    expect(() => parseChart("https://charts.example#stable/agent")).toThrow(
      expect.objectContaining({ code: "DRAY_CHART_REFERENCE_INVALID", hint }),
    );
  });

  it("takes a version that is written apart", () => {
    const chart = parseChart("oci://ghcr.io/c/web", { version: " ~1.2 " });
    expect(chart).toMatchObject({ registry: "ghcr.io", repository: "c/web", version: "~1.2" });
  });

  it.each([
    ["nothing", "", {}],
    ["no path", "oci://ghcr.io", {}],
    ["no host", "oci://-/web", {}],
    ["a placeholder", "oci://ghcr.io/<prefix>/web", {}],
    ["capitals", "oci://ghcr.io/C/web", {}],
    ["two versions", "oci://ghcr.io/c/web:1", { version: "2" }],
    ["a range and a digest", `oci://ghcr.io/c/web:^1@${DIGEST}`, {}],
    ["a version of a file", "web.tgz", { version: "2" }],
    ["a repository without a chart", "https://charts.example/stable", {}],
    ["a name that is a path", "https://charts.example#../web", {}],
    ["a name that is no file name", "..", { repo: "https://charts.example" }],
  ])("refuses %s", (_what, text, place) => {
    expect(() => parseChart(text, place)).toThrow(
      expect.objectContaining({ code: "DRAY_CHART_REFERENCE_INVALID", kind: "usage" }),
    );
  });
});

describe("fileRequest()", () => {
  it("keeps a file's own name, whatever the slashes", () => {
    expect(fileRequest("a/b.txt").as).toBe("b.txt");
    expect(fileRequest("a\\b.txt").as).toBe("b.txt");
    expect(fileRequest("a", { as: "x/y" }).as).toBe("x/y");
  });
});

describe("parseImageList()", () => {
  it("reads one a line, with comments, blank lines, docker:// and CR LF", () => {
    const text =
      "\ufeff# images\r\nalpine:3.20   # small\r\n\r\n  docker://ghcr.io/a/b:1\t\nghcr.io/c/d";
    expect(
      parseImageList(text, "images.txt").map(({ reference }) => formatReference(reference)),
    ).toEqual(["docker.io/library/alpine:3.20", "ghcr.io/a/b:1", "ghcr.io/c/d:latest"]);
  });

  it("names every line that is wrong", () => {
    const text = "good\nBad Name\n\nalso/good\n<placeholder>\n";
    expect(() => parseImageList(text, "images.txt")).toThrow(
      expect.objectContaining({
        code: "DRAY_IMAGE_LIST_INVALID",
        kind: "usage",
        message: expect.stringMatching(/line 2.*line 5/s) as string,
      }),
    );
  });

  it("refuses a list of nothing: a bundle of nothing is never meant", () => {
    expect(() => parseImageList("# none\n", "images.txt")).toThrow(/there is no image/);
  });

  it("throws nothing but DrayError", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(outcome(() => parseImageList(text, "images.txt"))).toBeDefined();
      }),
    );
  });
});

describe("a lock", () => {
  const entry = { mediaType: "application/vnd.oci.image.index.v1+json", digest: DIGEST, size: 10 };

  it("says the same after it was written and read, in one order", () => {
    const text = JSON.stringify({
      lockVersion: 1,
      resolved: [
        { reference: "b", ...entry },
        { reference: "a", ...entry },
      ],
    });
    const lock = parseLock(Buffer.from(text), "bundle.lock");
    expect(lockedDescriptor(lock, "a")).toEqual(entry);
    const written = formatLock(lock);
    expect(formatLock(parseLock(Buffer.from(written), "bundle.lock"))).toBe(written);
    expect(written.indexOf('"a"')).toBeLessThan(written.indexOf('"b"'));
    expect(() => lockedDescriptor(lock, "c")).toThrow(
      expect.objectContaining({ code: "DRAY_LOCK_MISSING" }),
    );
  });

  it.each([
    ["another version", { lockVersion: 2, resolved: [] }],
    [
      "a digest that is a path",
      { lockVersion: 1, resolved: [{ reference: "a", ...entry, digest: "sha256:../x" }] },
    ],
    ["a size of 2^60", { lockVersion: 1, resolved: [{ reference: "a", ...entry, size: 2 ** 60 }] }],
    [
      "one reference with two meanings",
      {
        lockVersion: 1,
        resolved: [
          { reference: "a", ...entry },
          { reference: "a", ...entry, size: 11 },
        ],
      },
    ],
    ["a field of a newer dray", { lockVersion: 1, resolved: [], mirrors: [] }],
    [
      "a field of a newer dray inside",
      { lockVersion: 1, resolved: [{ reference: "a", ...entry, platform: "x" }] },
    ],
    ["rubbish", "x"],
  ])("is refused with %s", (_what, document) => {
    expect(() => parseLock(Buffer.from(JSON.stringify(document)), "bundle.lock")).toThrow(
      expect.objectContaining({ code: "DRAY_LOCK_INVALID" }),
    );
  });
});

describe("mapRepository()", () => {
  const source = { registry: "ghcr.io:443", repository: "org/team/app" };

  it("keeps, drops or flattens", () => {
    expect(mapRepository(source, { mode: "drop-host", rules: [] })).toBe("org/team/app");
    expect(mapRepository(source, { mode: "keep-host", rules: [] })).toBe(
      "ghcr.io_443/org/team/app",
    );
    expect(mapRepository(source, { mode: "flatten", rules: [] })).toBe("app");
  });

  it("takes the longest rule that fits, by whole components", () => {
    const rules = [
      { from: "ghcr.io:443/org", to: "mirror" },
      { from: "ghcr.io:443/org/team", to: "ours" },
      { from: "ghcr.io:443/org/te", to: "wrong" },
    ];
    expect(mapRepository(source, { mode: "flatten", rules })).toBe("ours/app");
    expect(mapRepository({ ...source, repository: "org/x" }, { mode: "flatten", rules })).toBe(
      "mirror/x",
    );
  });
});

describe("parseMapRules()", () => {
  it("reads rules and takes slashes off their ends", () => {
    expect(
      parseMapRules("rules:\n  - { from: docker.io/library/, to: /base/ }", "rules.yaml"),
    ).toEqual([{ from: "docker.io/library", to: "base" }]);
  });

  it.each([
    "",
    "rules: 1",
    "rules: [{ from: '', to: x }]",
    "rules: [{ from: a }]",
    "other: 1",
    "rules: *a",
    "[".repeat(100_000),
  ])("refuses %.20s", async (text) => {
    expect(await refusal(() => parseMapRules(text, "rules.yaml"))).toMatchObject({
      code: "DRAY_MAPPING_INVALID",
      kind: "usage",
    });
  });
});

it("a chart of a recipe has what helm's flags would say of it", async () => {
  const recipe = await read(
    `apiVersions: [x.example/v1]
charts:
  - chart: ./shop
    values: [[a.yaml], [b.yaml]]
    setJson: ['a={"b": 1}']
    set: [c=1]
    setString: [d=1]
    setFile: { e.f: "x,y.txt" }
    release: shop
    namespace: prod
    isUpgrade: true
`,
    "/deploy/bundle.yaml",
  );
  const more = {
    setJson: ['a={"b": 1}'],
    set: ["c=1"],
    setString: ["d=1"],
    setFile: ["e.f=/deploy/x\\,y.txt"],
  };
  expect(recipe.apiVersions).toEqual(["x.example/v1"]);
  expect(recipe.charts).toEqual([
    {
      kind: "file",
      path: "/deploy/shop",
      images: undefined,
      valueSets: [
        { files: ["/deploy/a.yaml"], ...more },
        { files: ["/deploy/b.yaml"], ...more },
      ],
      release: { name: "shop", namespace: "prod", isUpgrade: true },
    },
  ]);
});
