import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chartYaml, packedChart, subchart } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { dray } from "./terminal.ts";

const pod = (name: string, image: string, more = ""): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n${more}spec:\n  containers:\n  - name: main\n    image: ${image}\n`;

/** A shop whose job needs one image first, and whose cache is a subchart that is off. */
const SHOP = {
  "Chart.yaml": chartYaml(
    "shop",
    'dependencies:\n- {name: cache, version: "1.x", condition: cache.enabled}\n',
  ),
  "values.yaml": 'tag: "2.0"\nregistry: ghcr.io\ncache: {enabled: false}\n',
  "templates/web.yaml": pod("web", "{{ .Values.registry }}/acme/web:{{ .Values.tag }}"),
  "templates/job.yaml": pod(
    "move",
    "postgres:16",
    '  annotations: {"helm.sh/hook": pre-install}\n',
  ),
  ...subchart("cache", { "templates/cache.yaml": pod("cache", "quay.io/acme/cache:7") }),
};

async function chartFile(texts: Readonly<Record<string, string>> = SHOP): Promise<string> {
  const path = join(await temporaryDirectory(), "chart.tgz");
  await writeFile(path, packedChart(texts, { name: "shop" }));
  return path;
}

async function file(name: string, text: string): Promise<string> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, text);
  return path;
}

describe("dray images", () => {
  it("groups images by registry and says of each why", async () => {
    const { code, stdout, stderr } = await dray(["images", await chartFile()]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      [
        "chart  shop 1.0.0",
        "",
        "docker.io",
        "  hook  docker.io/library/postgres:16  Pod/move, container main (pre-install)",
        "",
        "ghcr.io",
        "  needed  ghcr.io/acme/web:2.0  Pod/web, container main",
        "",
        "quay.io",
        "  optional  quay.io/acme/cache:7  cache.enabled=true",
        "",
        "1 needed, 1 hook image, 1 optional, 0 suspects",
        "",
        "Complete: nothing stood in the way of finding what these values pull.",
        "",
      ].join("\n"),
    );
  });

  it("--list is a list that --check takes, with what is not needed in comments", async () => {
    const path = await chartFile();
    const { stdout } = await dray(["images", path, "--list"]);
    expect(stdout).toBe(
      "# shop 1.0.0\nghcr.io/acme/web:2.0\ndocker.io/library/postgres:16\n" +
        "# optional: quay.io/acme/cache:7  cache.enabled=true\n",
    );
    const list = await file("images.txt", stdout);
    const { code, stdout: compared } = await dray(["images", path, "--check", list]);
    expect(code).toBe(0);
    expect(compared).toContain("The list has every needed image that was found.");
  });

  it("--check names what differs in both directions: 3", async () => {
    const list = await file("images.txt", "postgres:16\nghcr.io/acme/web:1.9\n");
    const { code, stdout } = await dray(["images", await chartFile(), "--check", list]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/Missing from the list, and needed:\n +needed +ghcr.io\/acme\/web:2.0/);
    expect(stdout).toMatch(/not needed with these values:\n +optional +quay.io\/acme\/cache:7/);
    expect(stdout).toMatch(/not found in the charts by dray:\n +ghcr.io\/acme\/web:1.9/);
    expect(stdout).toContain("The list lacks 1 needed image.");
  });

  it("--check does not pass over what it could not tell: 3, or 0 with --allow-incomplete", async () => {
    const path = await chartFile({
      ...SHOP,
      "templates/odd.yaml": pod("odd", '{{ lookup "v1" "Pod" "a" "b" | required "no pod" }}'),
    });
    const list = await file("images.txt", "postgres:16\nghcr.io/acme/web:2.0\n");
    const strict = await dray(["images", path, "--check", list]);
    expect([strict.code, strict.stdout]).toEqual([3, expect.stringContaining("Not complete")]);
    expect((await dray(["images", path, "--check", list, "--allow-incomplete"])).code).toBe(0);
    const listed = await dray(["images", path, "--list"]);
    expect([listed.code, listed.stdout]).toEqual([
      0,
      expect.stringContaining("# may lack an image"),
    ]);
    expect(listed.stderr).toContain("the list may lack needed images");
  });

  it("takes values as helm does, and several sets of them", async () => {
    const path = await chartFile();
    const values = await file("values.yaml", 'tag: "1.10"\nregistry: r.example\n');
    const flags = ["-f", values, "--set", "registry=s.example", "--set-string", "tag=3"];
    const one = await dray(["images", path, ...flags, "--list"]);
    expect(one.stdout).toContain("\ns.example/acme/web:3\n");
    const two = await dray([
      "images",
      path,
      "--set",
      "cache.enabled=true",
      "--or",
      "-f",
      values,
      "--list",
    ]);
    expect(two.stdout.split("\n").filter((line) => !line.startsWith("#"))).toEqual([
      "ghcr.io/acme/web:2.0",
      "quay.io/acme/cache:7",
      "r.example/acme/web:1.10",
      "docker.io/library/postgres:16",
      "",
    ]);
  });

  it("--why shows every place that speaks of an image, which may be named in part", async () => {
    const { stdout } = await dray(["images", await chartFile(), "--why", "cache"]);
    expect(stdout).toContain("quay.io/acme/cache:7\n");
    expect(stdout).toContain(
      "rendering: Pod/cache, container main (charts/cache/templates/cache.yaml:8), with cache.enabled=true",
    );
    const none = await dray(["images", await chartFile(), "--why", "redis"]);
    expect([none.code, none.stdout]).toEqual([2, ""]);
    expect(none.stderr).toContain('no image here has "redis" in its name');
  });

  it("joins several charts, and --json says of which chart each place is", async () => {
    const other = await chartFile({
      "Chart.yaml": chartYaml("shop").replace("1.0.0", "2.0.0"),
      "templates/a.yaml": pod("cache", "quay.io/acme/cache:7"),
    });
    const { code, stdout } = await dray(["images", await chartFile(), other, "--json"]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as {
      complete: boolean;
      charts: { version: string }[];
      images: { image: string; class: string; evidence: { chart: string; class: string }[] }[];
    };
    expect(report.charts.map(({ version }) => version)).toEqual(["1.0.0", "2.0.0"]);
    const cache = report.images.find(({ image }) => image === "quay.io/acme/cache:7");
    expect(cache?.class).toBe("needed");
    expect(cache?.evidence.map((one) => `${one.chart} ${one.class}`)).toEqual([
      "shop 2.0.0 needed",
      "shop 1.0.0 optional",
    ]);
  });

  it.each([
    [["--values", "/nonexistent.yaml"], "no such file"],
    [["--set", "a"], "Cannot read"],
    [["--helm", "/nonexistent/helm"], "expected a program, found none"],
    [["--check", "/nonexistent.txt"], "no such file"],
  ])("%j is used wrongly: 2", async (flags, message) => {
    const { code, stderr } = await dray(["images", await chartFile(), ...flags]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe("what a chart is installed with", () => {
  it("may come from standard input, unless a password does", async () => {
    const path = await chartFile();
    const given = await dray(["images", path, "--list", "-f", "-"], {
      stdin: "registry: r.example\n",
    });
    expect(given.stdout).toContain("\nr.example/acme/web:2.0\n");
    const login = ["--username", "ada", "--password-stdin"];
    const refused = await dray(["images", path, "-f", "-", ...login], { stdin: "secret" });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--password-stdin reads the password there");
  });

  it("has the flags of helm", async () => {
    const release = "{{ .Release.Namespace }}-{{ .Release.Name }}-{{ .Release.IsUpgrade }}";
    const tag = '{{ .Values.a.b }}{{ .Capabilities.APIVersions.Has "x.example/v1" }}';
    const path = await chartFile({ "templates/a.yaml": pod("a", `r.example/${release}:${tag}`) });
    const flags = ["-n", "prod", "--release", "shop", "--is-upgrade", "-a", "x.example/v1"];
    const { stdout } = await dray([
      "images",
      path,
      "--list",
      ...flags,
      "--set-json",
      'a={"b":"v1"}',
    ]);
    expect(stdout).toContain("\nr.example/prod-shop-true:v1true\n");
  });
});
