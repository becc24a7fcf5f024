import { relative, resolve } from "node:path";
import type { BundleArtifact } from "../../bundle/format.ts";
import { chartTag } from "../../chart/chart-yaml.ts";
import { DrayError } from "../../errors.ts";
import type { Dict } from "../../helm/template/value.ts";
import { readUserValues, type ValueSet } from "../../helm/values/user-values.ts";
import type { NodeConnection } from "../node-trust.ts";

/** Controllers that install what stands in Git. */
export type GitFlavor = "flux" | "argo";

/** A chart with one set of values, as a controller has to know it. */
export interface GitRelease extends NodeConnection {
  /** What its files are called, without an ending. */
  readonly file: string;
  readonly name: string;
  readonly namespace: string;
  readonly registry: string;
  /** `registry/repository` of the chart. */
  readonly repository: string;
  readonly chart: {
    readonly name: string;
    readonly version: string;
    readonly tag: string;
    readonly digest: string;
  };
  /** Files of values in the order of Helm, each with a key of its own and its path from the folder. */
  readonly files: readonly { readonly key: string; readonly path: string }[];
  /** What the user has assigned, on top of all files. */
  readonly assigned: Dict;
  /** All of it together. */
  readonly values: Dict;
  readonly pullSecret: string | undefined;
}

/** What a release is put together of. */
export interface GitParts {
  readonly file: string;
  readonly folder: string;
  readonly release: { readonly name: string; readonly namespace?: string | undefined };
  readonly artifact: BundleArtifact;
  readonly repository: string;
  readonly valueSet: ValueSet;
  /** The file that was written, and what is in it. */
  readonly valuesFile: string;
  readonly text: string;
  readonly pullSecret: string | undefined;
  readonly connection: NodeConnection;
}

/** @throws DrayError `DRAY_USAGE` for values that stand in no file */
export async function gitRelease(parts: GitParts): Promise<GitRelease> {
  const { release, artifact, repository, valueSet, connection } = parts;
  const { files: given = [], ...assignments } = valueSet;
  const paths = given.map((file) => {
    if (typeof file === "string") return file;
    throw new DrayError("DRAY_USAGE", `Cannot name ${file.name} in Git: it is no file`, {
      kind: "usage",
      hint: "Write the values into a file.",
    });
  });
  const { name = "", version = "", digest } = artifact;
  const own = { name: parts.valuesFile, text: parts.text };
  return {
    ...connection,
    file: parts.file,
    name: release.name,
    namespace: release.namespace ?? "default",
    registry: repository.slice(0, repository.indexOf("/")),
    repository,
    chart: { name, version, tag: chartTag(version), digest },
    files: [...paths, parts.valuesFile].map((path, at, all) => ({
      key: at === all.length - 1 ? "repointed.yaml" : `values-${at + 1}.yaml`,
      path: relative(resolve(parts.folder), resolve(path)),
    })),
    assigned: await readUserValues(assignments),
    values: await readUserValues({ ...valueSet, files: [...given, own] }),
    pullSecret: parts.pullSecret,
  };
}
