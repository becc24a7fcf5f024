import { execFile, type ExecFileException } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Chart } from "../chart/chart.ts";
import { DrayError } from "../errors.ts";
import type { Release } from "../helm/render/built-in-objects.ts";
import type { Cluster } from "../helm/render/capabilities.ts";
import { Budget } from "../helm/template/budget.ts";
import { writeJson } from "../helm/template/print.ts";
import { Integer, isList, type Dict, type Value } from "../helm/template/value.ts";

/** One rendering; the slowest charts take three seconds. */
const TIMEOUT = 60_000;

/** What one rendering may print. */
const MAX_OUTPUT = 256 * 1024 * 1024;

/** Nothing listens here, so that a chart's tools reach no network. */
const NO_PROXY_THERE = "http://127.0.0.1:9";

export interface HelmOptions extends Cluster, Release {
  /** Path of the program: no search path is passed on to it. */
  readonly helm: string;
  readonly signal?: AbortSignal | undefined;
}

/** A chart written out for `helm template`. */
export interface HelmRenderer {
  /** What Helm prints for these values. @throws DrayError `DRAY_HELM_FAILED`, `DRAY_HELM_KILLED` */
  render(values: Dict, apiVersions?: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/** Writes `chart` into a private directory. Helm finds no home, no cluster and no network there. */
export async function openHelmRenderer(chart: Chart, options: HelmOptions): Promise<HelmRenderer> {
  const directory = await mkdtemp(join(tmpdir(), "dray-helm-"));
  const close = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await writeChart(chart, join(directory, "chart"));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    close,
    render: async (values, apiVersions = []) => {
      const file = join(directory, "values.json");
      await writeFile(file, writeJson(values, { budget: new Budget() }), { mode: 0o600 });
      return run(directory, wholeNumbers(values), {
        ...options,
        apiVersions: [...(options.apiVersions ?? []), ...apiVersions],
      });
    },
  };
}

async function writeChart(chart: Chart, root: string): Promise<void> {
  for (const [path, bytes] of chart.files) {
    const file = join(root, chart.path, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, bytes, { mode: 0o600 });
  }
  for (const subchart of chart.subcharts) await writeChart(subchart, root);
}

/** What JSON would make floats of, as `--set` has it; that goes over the file. */
function wholeNumbers(value: Value, at = ""): string[] {
  if (value instanceof Integer || typeof value === "bigint") return [`${at}=${value.toString()}`];
  if (value instanceof Map) {
    const before = at === "" ? "" : `${at}.`;
    return [...value].flatMap(([key, item]) => wholeNumbers(item, before + escapedKey(key)));
  }
  return isList(value) ? value.flatMap((item, index) => wholeNumbers(item, `${at}[${index}]`)) : [];
}

function escapedKey(key: string): string {
  return key.replace(/[\\.,=[\]]/g, String.raw`\$&`);
}

function run(
  directory: string,
  assignments: readonly string[],
  options: HelmOptions,
): Promise<string> {
  const { helm, kubeVersion, apiVersions = [], signal } = options;
  const args = [
    "template",
    options.name ?? "release-name",
    join(directory, "chart"),
    "--namespace",
    options.namespace ?? "default",
    "--values",
    join(directory, "values.json"),
    ...assignments.flatMap((one) => ["--set", one]),
    ...(kubeVersion === undefined ? [] : ["--kube-version", kubeVersion]),
    ...apiVersions.flatMap((name) => ["--api-versions", name]),
    ...(options.isUpgrade === true ? ["--is-upgrade"] : []),
  ];
  const env = { HOME: directory, TMPDIR: directory, HELM_NO_PLUGINS: "1", ...noNetwork() };
  return new Promise((resolve, reject) => {
    execFile(
      helm,
      args,
      { cwd: directory, env, timeout: TIMEOUT, maxBuffer: MAX_OUTPUT, signal },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(signal?.aborted === true ? error : failed(helm, stderr, error));
      },
    );
  });
}

function noNetwork(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map((name) => [
      name,
      NO_PROXY_THERE,
    ]),
  );
}

function failed(helm: string, stderr: string, cause: ExecFileException): DrayError {
  // Another machine, or a second try, might have let it end: that is no result.
  if (typeof cause.signal === "string" && typeof cause.code !== "string") {
    return new DrayError(
      "DRAY_HELM_KILLED",
      `Cannot render with ${JSON.stringify(helm)}: ${cause.signal} ended it${cause.killed === true ? ` after ${TIMEOUT / 1000} seconds` : ""}`,
      { cause, hint: "Try again when the machine has less to do, or do without it: --no-helm." },
    );
  }
  const said = stderr.split("\n").find((line) => /^error/i.test(line)) ?? cause.message;
  const reason = said
    .replace(/^error:\s*/i, "")
    .replace(/\p{Cc}/gu, " ")
    .slice(0, 500);
  return new DrayError(
    "DRAY_HELM_FAILED",
    `Cannot render with ${JSON.stringify(helm)}: ${reason}`,
    { cause },
  );
}
