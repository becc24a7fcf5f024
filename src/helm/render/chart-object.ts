import type { ChartDependency, ChartMetadata } from "../../chart/chart-yaml.ts";
import { ofType, Struct, type Value } from "../template/value.ts";
import { importsOf, type Instance, type NamedDependency } from "../values/compose.ts";

/** Names of fields in JSON: the same with a small letter, left out where empty. */
const tags = (...fields: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    fields.map((field) => [field, `${field.charAt(0).toLowerCase()}${field.slice(1)},omitempty`]),
  );

const MAINTAINER_TAGS = { ...tags("Name", "Email"), URL: "url,omitempty" };

const DEPENDENCY_TAGS = {
  ...tags("Version", "Condition", "Tags", "Enabled", "Alias"),
  Name: "name",
  Repository: "repository",
  ImportValues: "import-values,omitempty",
};

const CHART_TAGS = {
  ...tags("Name", "Home", "Sources", "Version", "Description", "Keywords", "Maintainers", "Icon"),
  ...tags("Condition", "Tags", "AppVersion", "Deprecated", "Annotations", "KubeVersion"),
  ...tags("Dependencies", "Type"),
  APIVersion: "apiVersion,omitempty",
};

/**
 * `.Chart`: Chart.yaml with the names of Go's struct, under the alias where there is one, and with the
 * dependencies that are switched on.
 * https://pkg.go.dev/helm.sh/helm/v3@v3.19.5/pkg/chart#Metadata
 */
export function chartObject(instance: Instance): Struct {
  const fields = metadataFields(instance);
  const metadata = new Struct("chart.Metadata", fields, { tags: CHART_TAGS });
  return new Struct(
    "struct { chart.Metadata; IsRoot bool }",
    { ...fields, Metadata: metadata, IsRoot: instance.path.length === 0 },
    { fields: ["Metadata", "IsRoot"], tags: { Metadata: "" } },
  );
}

function metadataFields({ chart, name, dependencies }: Instance): Record<string, Value> {
  const { metadata } = chart;
  const { annotations, maintainers } = metadata;
  return {
    Name: name,
    Home: metadata.home ?? "",
    Sources: texts(metadata.sources),
    Version: metadata.version,
    Description: metadata.description ?? "",
    Keywords: texts(metadata.keywords),
    Maintainers: ofType("[]*chart.Maintainer", (maintainers ?? []).map(maintainer)),
    Icon: metadata.icon ?? "",
    APIVersion: metadata.apiVersion ?? "v1",
    Condition: metadata.condition ?? "",
    Tags: metadata.tags ?? "",
    AppVersion: metadata.appVersion ?? "",
    Deprecated: metadata.deprecated === "true",
    Annotations: ofType("map[string]string", new Map(Object.entries(annotations ?? {}))),
    KubeVersion: metadata.kubeVersion ?? "",
    Dependencies: ofType("[]*chart.Dependency", dependencies.map(dependency)),
    Type: metadata.type ?? "",
  };
}

function texts(list: readonly string[] | null | undefined): Value {
  return ofType("[]string", [...(list ?? [])]);
}

type Maintainer = NonNullable<ChartMetadata["maintainers"]>[number];

function maintainer({ name, email, url }: Maintainer): Struct {
  const fields = { Name: name ?? "", Email: email ?? "", URL: url ?? "" };
  return new Struct("*chart.Maintainer", fields, { tags: MAINTAINER_TAGS });
}

function dependency({ name, asked }: NamedDependency): Struct {
  const fields = {
    Name: name,
    Version: asked.version ?? "",
    Repository: asked.repository ?? "",
    Condition: asked.condition ?? "",
    Tags: texts(asked.tags),
    Enabled: true,
    ImportValues: importValues(asked),
    Alias: asked.alias ?? "",
  };
  return new Struct("*chart.Dependency", fields, { tags: DEPENDENCY_TAGS });
}

function importValues(asked: ChartDependency): Value {
  return importsOf(asked).map((pair) => ofType("map[string]string", new Map(Object.entries(pair))));
}
