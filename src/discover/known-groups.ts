/** What Kubernetes itself serves: whatever runs a container there names its image. */
const OWN_GROUPS: ReadonlySet<string> = new Set([
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "apps",
  "auditregistration.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "extensions",
  "flowcontrol.apiserver.k8s.io",
  "internal.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "settings.k8s.io",
  "storage.k8s.io",
  "storagemigration.k8s.io",
]);

/** API groups of others of which it is known that nothing is started for them. */
interface Harmless {
  /** Why: what is done with these resources instead. */
  readonly reason: string;
  readonly groups: readonly string[];
  /** These of them alone. @default every kind of the groups */
  readonly kinds?: readonly string[];
  /** All of them but these. */
  readonly but?: readonly string[];
}

const HARMLESS: readonly Harmless[] = [
  {
    reason: "say what a Prometheus that runs already scrapes and where it sends alerts",
    groups: ["monitoring.coreos.com", "azmonitoring.coreos.com"],
    kinds: [
      "AlertmanagerConfig",
      "PodMonitor",
      "Probe",
      "PrometheusRule",
      "ScrapeConfig",
      "ServiceMonitor",
    ],
  },
  {
    reason: "the same, for VictoriaMetrics",
    groups: ["operator.victoriametrics.com"],
    kinds: [
      "VMAlertmanagerConfig",
      "VMNodeScrape",
      "VMPodScrape",
      "VMProbe",
      "VMRule",
      "VMScrapeConfig",
      "VMServiceScrape",
      "VMStaticScrape",
      "VMUser",
    ],
  },
  {
    reason: "the same, for the collectors of Google Cloud",
    groups: ["monitoring.googleapis.com"],
    kinds: ["ClusterPodMonitoring", "ClusterRules", "GlobalRules", "PodMonitoring", "Rules"],
  },
  {
    reason: "say what an agent of Grafana collects and where it sends that",
    groups: ["monitoring.grafana.com"],
    but: ["GrafanaAgent"],
  },
  {
    reason: "are read by a Grafana that runs already",
    groups: ["grafana.integreatly.org", "integreatly.org"],
    but: ["Grafana"],
  },
  {
    reason: "ask for certificates; solvers of challenges are a setting of cert-manager's own chart",
    groups: ["cert-manager.io", "acme.cert-manager.io", "trust.cert-manager.io"],
  },
  {
    reason: "become Secrets, or are mounted, by a controller that runs already",
    groups: [
      "external-secrets.io",
      "generators.external-secrets.io",
      "bitnami.com",
      "secrets-store.csi.x-k8s.io",
      "secrets.hashicorp.com",
      "ricoberger.de",
    ],
  },
  {
    reason: "route traffic; a Gateway may be given a proxy of its own",
    groups: ["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"],
    but: ["Gateway"],
  },
  {
    reason: "configure proxies that run already",
    groups: [
      "networking.istio.io",
      "security.istio.io",
      "telemetry.istio.io",
      "traefik.io",
      "traefik.containo.us",
      "projectcontour.io",
      "k8s.nginx.org",
      "appprotect.f5.com",
      "configuration.konghq.com",
      "getambassador.io",
      "linkerd.io",
      "policy.linkerd.io",
      "split.smi-spec.io",
      "access.smi-spec.io",
      "specs.smi-spec.io",
    ],
  },
  {
    reason: "configure load balancers and networks of a cloud",
    groups: [
      "elbv2.k8s.aws",
      "vpcresources.k8s.aws",
      "crd.k8s.amazonaws.com",
      "cloud.google.com",
      "networking.gke.io",
      "net.gke.io",
      "metallb.io",
      "externaldns.k8s.io",
    ],
  },
  {
    reason: "are rules for the network plugin of the nodes",
    groups: [
      "cilium.io",
      "crd.projectcalico.org",
      "projectcalico.org",
      "k8s.cni.cncf.io",
      "policy.networking.k8s.io",
      "k8s.ovn.org",
    ],
  },
  {
    reason: "give identities of a cloud to pods that something else starts",
    groups: ["aadpodidentity.k8s.io"],
  },
  {
    reason: "are rules for admission, or reports on them",
    groups: [
      "auto.gke.io",
      "kyverno.io",
      "policies.kyverno.io",
      "wgpolicyk8s.io",
      "reports.kyverno.io",
      "templates.gatekeeper.sh",
      "constraints.gatekeeper.sh",
      "config.gatekeeper.sh",
      "mutations.gatekeeper.sh",
      "aquasecurity.github.io",
    ],
  },
  {
    reason: "change how many pods of something else there are",
    groups: ["keda.sh"],
    but: ["ScaledJob"],
  },
  {
    reason: "change the size of something else's pods",
    groups: ["autoscaling.k8s.io"],
  },
  {
    reason: "describe nodes, not what runs on them",
    groups: ["karpenter.sh", "karpenter.k8s.aws", "karpenter.azure.com", "nfd.k8s-sigs.io"],
  },
  {
    reason: "order what others start",
    groups: ["kueue.x-k8s.io", "scheduling.volcano.sh", "scheduling.x-k8s.io"],
  },
  {
    reason: "are readings and snapshots of what is there",
    groups: [
      "metrics.k8s.io",
      "custom.metrics.k8s.io",
      "external.metrics.k8s.io",
      "snapshot.storage.k8s.io",
      "groupsnapshot.storage.k8s.io",
    ],
  },
  {
    reason: "are rights, quotas, routes and links of OpenShift",
    groups: [
      "route.openshift.io",
      "security.openshift.io",
      "project.openshift.io",
      "authorization.openshift.io",
      "quota.openshift.io",
      "user.openshift.io",
      "oauth.openshift.io",
      "console.openshift.io",
      "config.openshift.io",
    ],
    but: ["ConsolePlugin"],
  },
  {
    reason: "are topics, users and databases within a server that runs already",
    groups: ["kafka.strimzi.io"],
    kinds: ["KafkaTopic", "KafkaUser"],
  },
  {
    reason: "the same, within PostgreSQL",
    groups: ["postgresql.cnpg.io"],
    kinds: ["Database", "Publication", "Subscription"],
  },
  {
    reason: "the same, within RabbitMQ",
    groups: ["rabbitmq.com"],
    but: ["RabbitmqCluster"],
  },
  {
    reason: "say what a Velero that runs already backs up, and where to",
    groups: ["velero.io"],
  },
  {
    reason: "are rights within Argo CD",
    groups: ["argoproj.io"],
    kinds: ["AppProject"],
  },
  {
    reason: "are read by Flux; what is installed from them is said by others of its kinds",
    groups: [
      "source.toolkit.fluxcd.io",
      "notification.toolkit.fluxcd.io",
      "image.toolkit.fluxcd.io",
    ],
  },
  {
    reason: "are what Dex remembers of logins",
    groups: ["dex.coreos.com"],
  },
];

/** True if nobody starts containers for this kind but those that it names itself. */
export function startsNothing(group: string, kind: string): boolean {
  if (isHarmless(group)) return true;
  return harmlessIn(group).some(
    ({ kinds, but = [] }) => kinds?.includes(kind) !== false && !but.includes(kind),
  );
}

/** True if that holds for every kind of the group. */
export function isHarmless(group: string): boolean {
  if (group === "" || OWN_GROUPS.has(group)) return true;
  return harmlessIn(group).some(({ kinds, but }) => kinds === undefined && but === undefined);
}

function harmlessIn(group: string): readonly Harmless[] {
  return HARMLESS.filter(({ groups }) => groups.includes(group));
}
