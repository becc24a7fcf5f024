/**
 * Import direction, as docs/architecture.md draws it:
 * bin → cli → index → stories → steps → registry · layout · archive · bundle · trust · chart · server
 *   · chart-repository → http → content → oci → errors
 */
const STORY = "^src/(pack|verify|inspect|unpack|push|serve|sign|keygen|images|check)\\.ts$";
const LEAF = "errors\\.ts$|events\\.ts$|finding\\.ts$|version\\.ts$";

const rule = (name, from, to) => ({ name, severity: "error", from, to });
const fence = (pkg, home) =>
  rule(
    `${pkg}-has-one-home`,
    { path: "^(src|bin)/", pathNot: home },
    { path: `node_modules/(@types/)?${pkg}(/|$)` },
  );

module.exports = {
  forbidden: [
    rule("no-circular", {}, { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }),
    rule("no-orphans", { orphan: true, path: "^src/", pathNot: `^src/(index\\.ts$|${LEAF})` }, {}),
    rule(
      "no-dumping-ground",
      {},
      {
        path: "(^|/)(utils?|helpers?|common|misc|shared|types|constants)(/|\\.ts$)",
        pathNot: "node_modules",
      },
    ),
    rule("oci-is-pure", { path: "^src/oci/" }, { path: "^src/", pathNot: `^src/(oci/|${LEAF})` }),
    rule(
      "oci-does-no-io",
      { path: "^src/oci/" },
      { path: "^(node:)?(fs|fs/promises|http|https|net|stream|child_process|path)$" },
    ),
    rule(
      "content-knows-only-oci",
      { path: "^src/content/" },
      { path: "^src/", pathNot: `^src/(oci/|content/|${LEAF})` },
    ),
    rule(
      "siblings-do-not-meet",
      { path: "^src/(http|layout|archive|trust|server)/" },
      { path: "^src/", pathNot: `^src/($1/|oci/|content/|${LEAF})` },
    ),
    rule(
      "registry-uses-http",
      { path: "^src/registry/" },
      { path: "^src/", pathNot: `^src/(registry/|http/|oci/|content/|${LEAF})` },
    ),
    rule(
      "chart-repository-uses-chart-and-http",
      { path: "^src/chart-repository/" },
      { path: "^src/", pathNot: `^src/(chart-repository/|chart/|http/|oci/|content/|${LEAF})` },
    ),
    rule(
      "bundle-uses-archive-and-trust",
      { path: "^src/bundle/" },
      { path: "^src/", pathNot: `^src/(bundle/|archive/|trust/|oci/|content/|${LEAF})` },
    ),
    rule(
      "chart-uses-archive",
      { path: "^src/chart/" },
      { path: "^src/", pathNot: `^src/(chart/|archive/|oci/|content/|${LEAF})` },
    ),
    rule(
      "foreign-uses-archive-and-chart",
      { path: "^src/foreign/" },
      { path: "^src/", pathNot: `^src/(foreign/|archive/|chart/|oci/|content/|${LEAF})` },
    ),
    rule(
      "readers-do-not-meet",
      { path: "^src/foreign/readers/" },
      { path: "^src/foreign/readers/" },
    ),
    rule(
      "nouns-do-not-call-verbs",
      { path: "^src/[^/]+/", pathNot: "^src/cli/" },
      { path: "^src/[^/]+\\.ts$", pathNot: `^src/(${LEAF})` },
    ),
    rule(
      "stories-do-not-call-stories",
      { path: STORY },
      { path: STORY, dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "steps-do-not-call-stories",
      { path: "^src/[^/]+\\.ts$", pathNot: `^src/(index\\.ts$)|${STORY}` },
      { path: STORY },
    ),
    rule(
      "plans-do-no-io",
      { path: "^src/(pack|push)-plan\\.ts$" },
      {
        path: "^src/(registry|http|layout|archive|server|cli)/|^src/store-upkeep|^(node:)?(fs|fs/promises|http|https|net)$",
      },
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
    rule("src-never-imports-tests", { path: "^(src|bin)/" }, { path: "^(test|fixtures|scripts)/" }),
    rule(
      "process-stays-at-the-edge",
      { path: "^src/", pathNot: "^src/cli/" },
      { path: "^(node:)?process$" },
    ),
    fence("undici", "^src/http/transport\\.ts$"),
    fence("tldts", "^src/registry/"),
    fence("tar", "^src/archive/"),
    fence("archiver", "^src/archive/tar-writer\\.ts$"),
    fence("yauzl", "^src/archive/"),
    fence("fzstd", "^src/archive/zstd\\.ts$"),
    fence("commander", "^src/cli/"),
    fence("js-yaml", "^src/chart/"),
    fence("semver", "^src/chart/"),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types"] },
  },
};
