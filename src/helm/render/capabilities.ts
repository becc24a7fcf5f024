import { withMethods } from "../template/field.ts";
import type { Read } from "../template/read.ts";
import { fn } from "../template/signature.ts";
import { ofType, Struct } from "../template/value.ts";

/** What a chart is told of the cluster, which nobody asks here. */
export interface Cluster {
  /** @default "v1.35.0" */
  readonly kubeVersion?: string | undefined;
  /** APIs beyond those that every cluster has, `monitoring.coreos.com/v1`. */
  readonly apiVersions?: readonly string[] | undefined;
}

/** The version that current Helm assumes where there is no cluster. */
export const DEFAULT_KUBE_VERSION = "v1.35.0";

/** The APIs that Helm assumes. https://github.com/kubernetes/client-go/tree/v0.35.0/kubernetes/scheme */
const BUILT_IN: readonly string[] = [
  "v1",
  "admissionregistration.k8s.io/v1 v1beta1 v1alpha1",
  "apiextensions.k8s.io/v1 v1beta1",
  "apps/v1 v1beta1 v1beta2",
  "authentication.k8s.io/v1 v1beta1 v1alpha1",
  "authorization.k8s.io/v1 v1beta1",
  "autoscaling/v1 v2",
  "batch/v1 v1beta1",
  "certificates.k8s.io/v1 v1beta1 v1alpha1",
  "coordination.k8s.io/v1 v1beta1 v1alpha2",
  "discovery.k8s.io/v1 v1beta1",
  "events.k8s.io/v1 v1beta1",
  "extensions/v1beta1",
  "flowcontrol.apiserver.k8s.io/v1 v1beta1 v1beta2 v1beta3",
  "internal.apiserver.k8s.io/v1alpha1",
  "networking.k8s.io/v1 v1beta1",
  "node.k8s.io/v1 v1beta1 v1alpha1",
  "policy/v1 v1beta1",
  "rbac.authorization.k8s.io/v1 v1beta1 v1alpha1",
  "resource.k8s.io/v1 v1beta2 v1beta1 v1alpha3",
  "scheduling.k8s.io/v1 v1beta1 v1alpha3",
  "storage.k8s.io/v1 v1beta1",
  "storagemigration.k8s.io/v1 v1beta1",
].flatMap((group) => {
  const [first = "", ...others] = group.split(" ");
  const name = first.slice(0, first.lastIndexOf("/") + 1);
  return [first, ...others.map((version) => name + version)];
});

/** `.Capabilities`. Whoever watches is told what is asked of it. */
export function capabilities({ kubeVersion, apiVersions = [] }: Cluster): Struct {
  const known: ReadonlySet<string> = new Set([...BUILT_IN, ...apiVersions]);
  const version = kubeVersionOf(kubeVersion ?? DEFAULT_KUBE_VERSION);
  const asked = new Map<string, Read>();
  const has = fn(["string"], ([name], call) => {
    const value = known.has(name);
    const read = asked.get(name) ?? { source: "api", path: [name], value };
    asked.set(name, read);
    call.asked(read);
    return value;
  });
  const askedVersion: Read = {
    source: "kubeVersion",
    path: [],
    value: version.shown.addressed ?? null,
  };
  const kube = fn([], (_none, call) => {
    call.asked(askedVersion);
    return version;
  });
  const fields = {
    APIVersions: withMethods(ofType("chartutil.VersionSet", [...known]), { Has: has }),
    HelmVersion: HELM_VERSION,
  };
  return withMethods(new Struct("*chartutil.Capabilities", { KubeVersion: version, ...fields }), {
    KubeVersion: kube,
  });
}

const HELM_VERSION = new Struct(
  "version.BuildInfo",
  { Version: "v3.19.0", GitCommit: "", GitTreeState: "", GoVersion: "go1.25.0" },
  {
    tags: {
      Version: "version,omitempty",
      GitCommit: "git_commit,omitempty",
      GitTreeState: "git_tree_state,omitempty",
      GoVersion: "go_version,omitempty",
    },
  },
);

function kubeVersionOf(text: string): Struct {
  const version = text.startsWith("v") ? text : `v${text}`;
  const [, major = "1", minor = "0"] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  // What follows the numbers is not kept.
  const plain = /^v\d+(?:\.\d+)+/.exec(version)?.[0] ?? version;
  const fields = { Version: plain, Major: major, Minor: minor };
  const itself = fn([], () => plain);
  return withMethods(new Struct("chartutil.KubeVersion", fields, { addressed: plain }), {
    String: itself,
    GitVersion: itself,
  });
}
