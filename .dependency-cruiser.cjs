/**
 * Import direction, as docs/architecture.md draws it:
 *
 *   bin → cli → index → stories → intake · delivery · repoint · server
 *   report   → intake, delivery, trust
 *   intake → foreign, discover, bundle, remote, layout       foreign → bundle → archive, trust, chart
 *   discover → helm → chart → archive, yaml                  delivery → bundle, remote, archive, trust
 *   repoint → discover, delivery
 *   archive, layout, remote, trust, server → content → oci → errors       (server may use layout)
 *   remote, chart, foreign → yaml → errors
 */
const LEAVES = "src/(codes|errors|events|finding|version)\\.ts$";

/** What each room may import beside itself and the leaves. */
const ROOMS = {
  oci: [],
  yaml: [],
  content: ["oci"],
  archive: ["content", "oci"],
  layout: ["content", "oci"],
  trust: ["content", "oci"],
  remote: ["yaml", "content", "oci"],
  chart: ["archive", "yaml", "content", "oci"],
  bundle: ["archive", "trust", "chart", "content", "oci"],
  foreign: ["bundle", "archive", "trust", "chart", "yaml", "content", "oci"],
  helm: ["chart", "yaml", "content", "oci"],
  discover: ["helm", "chart", "yaml", "content", "oci"],
  server: ["layout", "content", "oci"],
  intake: [
    "foreign",
    "discover",
    "bundle",
    "remote",
    "layout",
    "archive",
    "trust",
    "helm",
    "chart",
    "yaml",
    "content",
    "oci",
  ],
  repoint: ["delivery", "discover", "bundle", "helm", "chart", "yaml", "content", "oci"],
  delivery: ["bundle", "remote", "archive", "trust", "chart", "yaml", "content", "oci"],
  report: ["intake", "delivery", "discover", "bundle", "trust", "chart", "content", "oci"],
};

const rule = (name, from, to) => ({ name, severity: "error", from, to });

const room = (name, others) =>
  rule(
    `${name}-knows-its-place`,
    { path: `^src/${name}/` },
    { path: "^src/", pathNot: `^src/(${[name, ...others].join("|")})/|^${LEAVES}` },
  );

const fence = (pkg, home) =>
  rule(
    `${pkg}-has-one-home`,
    { path: "^(src|bin)/", pathNot: home },
    { path: `node_modules/(@types/)?${pkg}(/|$)` },
  );

module.exports = {
  forbidden: [
    rule("no-circular", {}, { circular: true }),
    rule("no-orphans", { orphan: true, path: "^src/", pathNot: `^src/index\\.ts$|^${LEAVES}` }, {}),
    rule(
      "no-dumping-ground",
      {},
      {
        path: "(^|/)(utils?|helpers?|common|misc|shared|types|constants)(/|\\.ts$)",
        pathNot: "node_modules",
      },
    ),
    ...Object.entries(ROOMS).map(([name, others]) => room(name, others)),
    rule(
      "oci-does-no-io",
      { path: "^src/oci/" },
      { path: "^(node:)?(fs|fs/promises|http|https|net|stream|child_process|path)$" },
    ),
    rule(
      "http-knows-no-protocol",
      { path: "^src/remote/http/" },
      { path: "^src/", pathNot: `^src/(remote/http|content|oci)/|^${LEAVES}` },
    ),
    rule(
      "remotes-do-not-meet",
      { path: "^src/remote/(registry|chart-repository)/" },
      { path: "^src/remote/", pathNot: "^src/remote/($1|http)/" },
    ),
    rule(
      "readers-do-not-meet",
      { path: "^src/foreign/readers/" },
      { path: "^src/foreign/readers/" },
    ),
    rule(
      "plans-do-no-io",
      { path: "^src/(intake|delivery)/plan\\.ts$" },
      {
        path: "^src/(remote|layout|archive|server|cli)/|^src/intake/store|^(node:)?(fs|fs/promises|http|https|net)$",
      },
    ),
    rule(
      "stories-do-not-call-stories",
      { path: "^src/stories/" },
      {
        path: "^src/stories/",
        pathNot: "^src/stories/open-(base|bundle|served|side)\\.ts$",
      },
    ),
    rule(
      "nobody-calls-a-story",
      { path: "^src/", pathNot: "^src/(stories/|index\\.ts$)" },
      { path: "^src/stories/" },
    ),
    rule(
      "the-root-has-only-leaves",
      { path: "^src/[^/]+\\.ts$", pathNot: `^src/(index|defaults)\\.ts$|^${LEAVES}` },
      {},
    ),
    rule(
      "defaults-join-what-reads-them",
      { path: "^src/defaults\\.ts$" },
      { path: "^src/", pathNot: `^src/(remote|trust)/|^${LEAVES}` },
    ),
    rule(
      "defaults-are-for-callers",
      { path: "^src/", pathNot: "^src/(index\\.ts$|cli/)" },
      { path: "^src/defaults\\.ts$" },
    ),
    rule(
      "cli-uses-the-library",
      { path: "^src/cli/" },
      { path: "^src/", pathNot: "^src/(cli/|index\\.ts$)" },
    ),
    rule(
      "nothing-imports-the-edge",
      { path: "^src/", pathNot: "^src/cli/" },
      { path: "^(src/cli|bin)/|^src/index\\.ts$" },
    ),
    rule("entries-are-for-programs", { path: "^(src|bin)/" }, { path: "^src/[^/]+/index\\.ts$" }),
    rule("src-never-imports-tests", { path: "^(src|bin)/" }, { path: "^(test|fixtures|scripts)/" }),
    rule(
      "process-stays-at-the-edge",
      { path: "^src/", pathNot: "^src/defaults\\.ts$" },
      { path: "^(node:)?process$" },
    ),
    fence("zod", "^src/oci/(?:schema|problems)\\.ts$"),
    fence("p-limit", "^src/content/concurrency\\.ts$"),
    fence("undici", "^src/remote/http/"),
    fence("tldts", "^src/remote/registry/challenge\\.ts$"),
    fence("tar", "^src/archive/tar/tar-header\\.ts$"),
    fence("archiver", "^src/archive/tar/tar-writer\\.ts$"),
    fence("yauzl", "^src/archive/zip/"),
    fence("fzstd", "^src/archive/zstd\\.ts$"),
    fence("xxhash-wasm", "^src/archive/zstd\\.ts$"),
    fence("commander", "^src/cli/"),
    fence("js-yaml", "^src/yaml/"),
    fence("@aws-sdk", "^src/remote/ecr/ecr-api\\.ts$"),
    fence("string-width", "^src/cli/progress/screen\\.ts$"),
    fence("smol-toml", "^src/(?:intake/mirrors/registries-conf|helm/template/from-toml)\\.ts$"),
    fence("semver", "^src/chart/"),
    fence("ajv", "^src/helm/values/(?:schema|schema-words|validator)\\.ts$"),
    fence("re2js", "^src/(?:chart/regex|trust/images/name-pattern)\\.ts$"),
    fence("@sigstore", "^src/trust/images/trusted-root\\.ts$"),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types"] },
  },
};
